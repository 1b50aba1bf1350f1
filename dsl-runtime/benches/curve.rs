//! Local work of smooth functions, phase by phase, in nanoseconds an element: the dealer's half, the unpacking, and one party's online phases.
//!
//! `cargo bench -p undertone-runtime --bench curve`. One thread; messages are handed over without a transport.

use std::time::Instant;
use undertone_ring::prg::{Key, Prg};
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::trace;
use undertone_runtime::plan::Kind;
use undertone_runtime::protocol::curve::Evaluation;
use undertone_runtime::protocol::{Dealing, On, Protocol, Round, Seat, Tape, padded};
use undertone_runtime::{Plan, Settings, Shape};

fn main() {
    for (function, len) in [(Smooth::Gelu, 1 << 16), (Smooth::Exp, 1 << 16), (Smooth::Sin, 1 << 16), (Smooth::Reciprocal, 1 << 14)] {
        for approx in [Approx::Everywhere, Approx::Quick] {
            println!("{}, {approx:?}, {len} elements", function.name());
            if let Err(e) = measure(function, approx, padded(len)) {
                println!("{e}");
            }
        }
    }
}

fn measure(function: Smooth, approx: Approx, len: usize) -> undertone_runtime::Result<()> {
    let settings = Settings::default();
    let graph = trace("Curve", &[("x", Shape::new([1]))], |g, x| g.curve(x[0], function, approx))?;
    let start = Instant::now();
    let plan = Plan::new(&graph, &settings)?;
    println!("  plan {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    for step in &plan.steps {
        if let Kind::Curve { t, compare, width, curve, .. } = &step.kind {
            run(&On { protocol: Evaluation::new(settings.ring, *t, *compare, *width, curve), len });
        }
    }
    Ok(())
}

fn run(step: &On<Evaluation>) {
    let (step, len): (&dyn Protocol<u64>, usize) = (step, step.len);
    let keys = [Prg::new(&Key::from_bytes([1; 16])), Prg::new(&Key::from_bytes([2; 16]))];
    let mut corrections = vec![];
    let best = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min) * 1e9 / len as f64;
    let dealt: Vec<f64> = (0..3)
        .map(|_| {
            corrections.clear();
            let start = Instant::now();
            step.deal(&mut Dealing::new(&keys, &mut corrections), 0);
            start.elapsed().as_secs_f64()
        })
        .collect();
    println!("  dealer {:.1}, {:.1} bytes of corrections", best(&dealt), corrections.len() as f64 / len as f64);
    let z: Vec<u64> = (0..len as u64).map(|i| (i % 0x60_0000).wrapping_sub(0x30_0000)).collect();
    let (mut phases, mut unpacked) = (vec![vec![]; step.traffic().rounds.len() + 1], [vec![], vec![]]);
    for _ in 0..3 {
        let mut materials = vec![];
        for (party, times) in unpacked.iter_mut().enumerate() {
            let start = Instant::now();
            let Ok(material) = step.expand(&mut Tape::new(&keys[party], (party == 1).then_some(&corrections)), 0) else {
                return println!("the tape does not fit");
            };
            times.push(start.elapsed().as_secs_f64());
            materials.push(material);
        }
        let zero = vec![0u64; len];
        let seat = |party| Seat { party, parties: 2 };
        let (mut first, mut last) = (materials[0].run(seat(0), &z), materials[1].run(seat(1), &zero));
        let (mut result, mut other) = (vec![0u64; len], vec![0u64; len]);
        let (mut sent, mut peer): (Vec<u8>, Vec<Vec<u8>>) = (vec![], vec![vec![]]);
        for (k, times) in phases.iter_mut().enumerate() {
            let (mut mine, mut theirs) = (vec![], vec![]);
            last.phase(k, Round { own: &peer[0], peers: std::slice::from_ref(&sent) }, &mut theirs, &mut other);
            let start = Instant::now();
            first.phase(k, Round { own: &sent, peers: &peer }, &mut mine, &mut result);
            times.push(start.elapsed().as_secs_f64());
            (sent, peer[0]) = (mine, theirs);
        }
    }
    let each: Vec<f64> = phases.iter().map(|t| best(t)).collect();
    let text: Vec<String> = each.iter().map(|t| format!("{t:.1}")).collect();
    let sum: f64 = each.iter().sum();
    println!("  unpacking {:.1} and {:.1}, online {sum:.1}: {}", best(&unpacked[0]), best(&unpacked[1]), text.join(" "));
}
