//! Dealing to disk.

use super::durable::{create, create_folder, failed, settle, sync_folder, write};
use super::format::{Claimed, Contents, Header, VERSION, party, refuse, sum, tape};
use crate::dealer::{WeightMasks, deal as deal_pieces};
use crate::entropy::{Entropy, Purpose, Seed};
use crate::error::Result;
use crate::plan::Plan;
use crate::wire::{ELEMENTS, PIECE, tape_id};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use undertone_ring::prg::Prg;

/// Deals `count` tapes of `batch` samples of a plan: one folder a party, `party-0` and so on, in `out`. All seeds are fresh from the operating system. `progress`
/// hears the number of tapes that are done. Memory does not grow with tapes or batch.
///
/// A dealing is finished or not there: what cannot be completed is removed, and what was killed half-way is refused by [`Folder`](super::Folder).
///
/// # Errors
/// When the plan's weights are shared among the parties (the masks of such weights need a dealer that is there), the batch is empty or too large, there are
/// tapes in `out` already, or a file cannot be written.
pub fn deal(plan: &Plan, batch: usize, count: u64, out: &Path, progress: &mut dyn FnMut(u64)) -> Result<()> {
    deal_with(plan, batch, count, out, progress, &mut Entropy::System, &mut |_| {})
}

/// As [`deal`]; `prepare` sees every generator before it is used.
pub(super) fn deal_with(
    plan: &Plan,
    batch: usize,
    count: u64,
    out: &Path,
    progress: &mut dyn FnMut(u64),
    entropy: &mut Entropy,
    prepare: &mut dyn FnMut(&mut Prg),
) -> Result<()> {
    check(plan, batch, count)?;
    let parties = plan.settings.parties;
    let folders: Vec<PathBuf> = (0..parties).map(|p| party(out, p)).collect();
    if let Some(there) = folders.iter().find(|f| f.exists()) {
        return Err(failed(there, "there are tapes already, and they are never overwritten: deal into another folder"));
    }
    std::fs::create_dir_all(out).map_err(|e| failed(out, e))?;
    let seeds: Vec<Seed> = (0..parties).map(|_| entropy.seed()).collect::<Result<_>>()?;
    let (dealing, set) = (entropy.bytes()?, entropy.bytes()?);
    let of = |party: usize| Contents {
        version: VERSION,
        dealing,
        plan: plan.hash(),
        model: plan.model.clone(),
        party: party as u32,
        parties: parties as u32,
        set: (!plan.weights.is_empty()).then_some(set),
        batch: batch as u32,
        count,
        seed: *seeds[party].bytes(),
    };
    let mut keys = |purpose: Purpose, id: &[u8; 16]| -> Vec<Prg> {
        let mut keys: Vec<Prg> = seeds.iter().map(|seed| Prg::new(&seed.key(purpose, id))).collect();
        for key in &mut keys {
            prepare(key);
        }
        keys
    };
    let mut made = 0;
    let written = (|| {
        for folder in &folders {
            create_folder(folder)?;
            made += 1;
        }
        let masks = WeightMasks::new(plan, &keys(Purpose::Weights, &set));
        let (last, folder) = (of(parties - 1), &folders[parties - 1]);
        for id in 1..=count {
            write_tape(&tape(folder, id), plan, &masks, &last, id, &keys(Purpose::Tape, &tape_id(id)), &seeds[parties - 1])?;
            progress(id);
        }
        for folder in &folders {
            create(&folder.join("lock"))?;
            write(&folder.join("claimed"), "claimed", &Claimed { dealing, tape: 0 })?;
        }
        // with this a folder is complete
        folders.iter().enumerate().try_for_each(|(p, folder)| write(&folder.join("dealing"), "dealing", &of(p)))?;
        sync_folder(out)
    })();
    if written.is_err() {
        // what is left without `dealing` would be refused as well
        for folder in &folders[..made] {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
    written
}

fn check(plan: &Plan, batch: usize, count: u64) -> Result<()> {
    plan.verify(ELEMENTS)?;
    if plan.keeper().is_none() && !plan.weights.is_empty() {
        let message = "its weights are shared among the parties, which needs a dealer that is there: let a party own them, or use a dealer";
        return Err(refuse(plan, message));
    }
    plan.check_batch(batch, ELEMENTS).map_err(|message| refuse(plan, &message))?;
    if count == 0 {
        return Err(refuse(plan, "no tapes: at least 1 is needed"));
    }
    Ok(())
}

fn write_tape(path: &Path, plan: &Plan, masks: &WeightMasks, of: &Contents, id: u64, keys: &[Prg], seed: &Seed) -> Result<()> {
    let header = Header::new(of, id, plan);
    let temporary = path.with_added_extension("new");
    let mut file = BufWriter::with_capacity(PIECE, create(&temporary)?);
    let (mut sum, mut written, mut error) = (sum(seed), 0, None);
    let start = header.encode();
    sum.update(&start);
    file.write_all(&start).map_err(|e| failed(&temporary, e))?;
    let complete = deal_pieces(plan, masks, keys, of.batch as usize, |piece: &[u8]| {
        sum.update(piece);
        written += piece.len() as u64;
        error = file.write_all(piece).err();
        error.is_none()
    });
    if let Some(e) = error {
        return Err(failed(&temporary, e));
    }
    if !complete || written != header.len {
        return Err(failed(path, format!("{written} bytes were dealt where the plan needs {}: this is a bug in Undertone", header.len)));
    }
    file.write_all(sum.finalize().as_bytes()).and_then(|()| file.flush()).map_err(|e| failed(&temporary, e))?;
    settle(file.get_ref(), path)
}
