//! A plan as a file: what `undertone` runs, deals for and prices.
//!
//! ```text
//! "undertone plan\n\0" | version u32 | length u64 | the plan, postcard | BLAKE3 of all before, 32 bytes
//! ```
//!
//! Integers are little-endian. The checksum finds what a disk or a transfer has damaged; who made the plan it does not say: that is for the parties to agree on.

use super::{Plan, SCHEMA};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::wire::{ELEMENTS, LIMIT};
use std::io::Read;
use std::path::Path;

const MAGIC: &[u8; 16] = b"undertone plan\n\0";
/// Bytes before the plan, and after it.
const HEAD: usize = MAGIC.len() + 4 + 8;
const CHECK: usize = 32;

impl Plan {
    /// Writes the plan to a file; it is never left half written.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let wrong = |message: String| Error::File { path: path.to_owned(), message };
        let body = postcard::to_allocvec(self).map_err(|e| wrong(format!("the plan cannot be encoded: {e}")))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(SCHEMA.to_le_bytes());
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend(body);
        let check = checksum(&bytes);
        bytes.extend(check);
        write_whole(path, &bytes).map_err(|e| wrong(format!("cannot be written: {e}")))
    }

    /// Reads and [verifies](Self::verify) a plan.
    ///
    /// # Errors
    /// When the file cannot be read, is none of a plan, is damaged or of another version, or the plan cannot be run.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let wrong = |message: String| Error::File { path: path.to_owned(), message };
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take((HEAD + LIMIT + CHECK + 1) as u64).read_to_end(&mut bytes))
            .map_err(|e| wrong(format!("cannot be read: {e}")))?;
        let plan = Self::from_bytes(&bytes).map_err(wrong)?;
        plan.verify(ELEMENTS)?;
        Ok(plan)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let none = || "is no plan of Undertone, or only a part of one".to_owned();
        let Some((magic, rest)) = bytes.split_first_chunk::<16>() else { return Err(none()) };
        let Some((version, rest)) = rest.split_first_chunk().map(|(v, rest)| (u32::from_le_bytes(*v), rest)) else { return Err(none()) };
        if magic != MAGIC {
            return Err(none());
        }
        if version != SCHEMA {
            return Err(format!("holds a plan of version {version}, this program knows {SCHEMA}: export it again"));
        }
        let Some((length, rest)) = rest.split_first_chunk().map(|(l, rest)| (u64::from_le_bytes(*l), rest)) else { return Err(none()) };
        if length > LIMIT as u64 {
            return Err(format!("says that its plan has {length} bytes; at most {LIMIT} are read"));
        }
        let Some((body, check)) = rest.split_at_checked(length as usize) else { return Err(none()) };
        if check != checksum(&bytes[..bytes.len() - check.len()]) {
            return Err("is damaged: its checksum is wrong; copy or export it again".into());
        }
        match postcard::take_from_bytes(body) {
            Ok((plan, [])) => Ok(plan),
            Ok(_) => Err("is damaged: there are bytes after its plan".into()),
            Err(e) => Err(format!("holds no plan that can be read: {e}")),
        }
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECK] {
    *blake3::Hasher::new_derive_key("undertone 2026 plan file").update(bytes).finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Init, trace_roles};
    use crate::plan::{Place, Settings};
    use undertone_shape::Shape;

    fn plan() -> Plan {
        let graph = trace_roles("M", &[("x", Shape::new([4]), "patient")], "owner", |g, x| {
            let w = g.parameter("w", [3, 4], Init::Constant(0.0));
            let y = g.linear(x[0], w, None);
            let y = g.relu(y);
            g.release("y", y, &["patient"]);
            y
        });
        Plan::new(&graph.unwrap(), &Settings::default()).unwrap()
    }

    fn bytes_of(plan: &Plan, name: &str) -> Vec<u8> {
        let path = std::env::temp_dir().join(format!("undertone-plan-{}-{name}", std::process::id()));
        plan.save(&path).unwrap();
        assert_eq!(Plan::load(&path).as_ref(), Ok(plan));
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        bytes
    }

    #[test]
    fn a_file_gives_back_the_plan_and_every_damage_shows() {
        let bytes = bytes_of(&plan(), "damage");
        assert_eq!(Plan::from_bytes(&bytes).unwrap().hash(), plan().hash());
        for len in 0..bytes.len() {
            assert!(Plan::from_bytes(&bytes[..len]).is_err(), "{len} bytes of it");
        }
        assert!(Plan::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(Plan::from_bytes(&flipped).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_plan_with_a_good_checksum_is_still_verified() {
        let spoilt = |spoil: fn(&mut Plan)| {
            let mut plan = plan();
            spoil(&mut plan);
            let path = std::env::temp_dir().join(format!("undertone-plan-{}-spoilt", std::process::id()));
            plan.save(&path).unwrap();
            let error = Plan::load(&path).unwrap_err().to_string();
            std::fs::remove_file(&path).unwrap();
            error
        };
        assert!(spoilt(|p| p.steps[1].len = usize::MAX).contains("elements"));
        assert!(spoilt(|p| p.releases.clear()).contains("there must be one"));
        assert!(spoilt(|p| p.weights_owner = Place::Party(7)).contains("a role lives beyond the last party"));
        assert!(spoilt(|p| p.schema += 1).contains("version"));
    }

    #[test]
    fn a_length_is_checked_before_it_is_believed() {
        let mut bytes = [MAGIC.as_slice(), &SCHEMA.to_le_bytes(), &u64::MAX.to_le_bytes()].concat();
        assert!(Plan::from_bytes(&bytes).unwrap_err().contains("at most"));
        bytes[16] ^= 1;
        assert!(Plan::from_bytes(&bytes).unwrap_err().contains("export it again"));
        assert!(Plan::load("/nonexistent/plan").unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("undertone-plan-{}-folder", std::process::id()));
        std::fs::create_dir_all(folder.join("plan")).unwrap();
        assert!(plan().save(folder.join("plan")).unwrap_err().to_string().contains("cannot be written"), "a folder is in its place");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing but the folder is there");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
