//! Local work of a max pool by pairs and by groups, in nanoseconds a comparison, for few and for many channels: they lie next to each other, and must not matter.
//!
//! `cargo bench -p undertone-runtime --bench max`. One thread; messages are handed over without a transport.

use std::time::Instant;
use undertone_ring::Word;
use undertone_ring::prg::{Counter, Key, Prg};
use undertone_runtime::protocol::max::{Max, Windows};
use undertone_runtime::protocol::pool::Pool;
use undertone_runtime::protocol::{Compare, Dealing, Protocol, Round, Seat, Tape, padded};

fn main() {
    for (side, channels, samples) in [(28, 1, 600), (28, 6, 100), (32, 8, 75), (14, 16, 180), (32, 64, 9)] {
        for (kernel, stride) in [(2, 2), (3, 2)] {
            let windows =
                Windows { size: [1, side, side], kernel: [1, kernel, kernel], stride: [1, stride, stride], padding: [0; 3], channels };
            println!("[{channels}, {side}, {side}] x {samples}, windows of {kernel} by {kernel} at steps of {stride}");
            let pairs = windows.comparisons(samples);
            let len = samples * side * side * channels;
            measure::<u64>("pairs, 64 bits", &Max::new(35, Compare::new(35), &windows, samples), len, pairs);
            measure::<u32>("pairs, 32 bits", &Max::new(24, Compare::new(24), &windows, samples), len, pairs);
            let groups = windows.comparisons_by(4, samples);
            measure::<u64>("groups, 64 bits", &Pool::new(35, Compare::new(35), 4, &windows, samples), len, groups);
        }
    }
}

fn measure<W: Word>(name: &str, step: &impl Protocol<W>, len: usize, comparisons: usize) {
    let keys = [Prg::new(&Key::from_bytes([1; 16])), Prg::new(&Key::from_bytes([2; 16]))];
    let mut corrections = vec![];
    let best = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min) * 1e9 / comparisons as f64;
    let mut dealt = vec![];
    for _ in 0..3 {
        let start = Instant::now();
        corrections.clear();
        step.deal(&mut Dealing::new(&keys, &mut corrections), 0);
        dealt.push(start.elapsed().as_secs_f64());
    }
    let mut z = vec![W::from_u64(0); padded(len)];
    keys[0].words(Counter { step: 1, field: 0 }, &mut z);
    let (mut online, mut unpacked) = (vec![vec![]; step.traffic().rounds.len() + 1], vec![]);
    for _ in 0..5 {
        let start = Instant::now();
        let Ok(material) = step.expand(&mut Tape::new(&keys[1], Some(&corrections)), 0) else { return println!("the tape does not fit") };
        unpacked.push(start.elapsed().as_secs_f64());
        let mut run = material.run(Seat { party: 1, parties: 2 }, &z);
        let mut result = vec![W::from_u64(0); padded(len)];
        let (mut own, mut next, mut peer): (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) = (vec![], vec![], vec![vec![]]);
        for (k, times) in online.iter_mut().enumerate() {
            next.clear();
            let round = if k == 0 { Round::NONE } else { Round { own: &own, peers: &peer } };
            let start = Instant::now();
            run.phase(k, round, &mut next, &mut result);
            times.push(start.elapsed().as_secs_f64());
            core::mem::swap(&mut own, &mut next);
            peer[0].clone_from(&own);
        }
    }
    let each: Vec<f64> = online.iter().map(|t| best(t)).collect();
    let text: Vec<String> = each.iter().map(|t| format!("{t:.1}")).collect();
    let sum: f64 = each.iter().sum();
    println!("  {name:16} dealer {:5.1}, unpacking {:5.1}, online {sum:5.1}: {}", best(&dealt), best(&unpacked), text.join(" "));
}
