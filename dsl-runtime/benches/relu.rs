//! Local work of the fused truncation and ReLU, phase by phase, in nanoseconds an element: the dealer's half, the unpacking, and one party's online phases.
//!
//! `cargo bench -p undertone-runtime --bench relu`. One thread; messages are handed over without a transport.

use std::time::Instant;
use undertone_ring::prg::{Key, Prg};
use undertone_runtime::protocol::relu::Relu;
use undertone_runtime::protocol::{Compare, Dealing, Phases, Round, Seat, Tape, padded};

fn main() {
    let usual = Compare::new(34);
    for (n, t, compare) in [
        (64, 16, usual),
        (35, 0, usual.opening(35)),
        (64, 16, Compare { digit: 2, radix: 4, ..usual }),
        (64, 16, Compare { radix: 4, fused: true, ..usual }),
        (64, 16, Compare { digit: 6, fused: true, ..usual }),
        (40, 12, Compare { m: 26, digit: 8, fused: true, ..usual }),
    ] {
        for len in [1 << 14, 1 << 20] {
            println!("n = {n}, t = {t}, {compare:?}, {len} elements");
            measure(&Relu::new(n, t, compare), padded(len));
        }
    }
}

fn measure(step: &Relu, len: usize) {
    let keys = [Prg::new(&Key::from_bytes([1; 16])), Prg::new(&Key::from_bytes([2; 16]))];
    let mut corrections = vec![];
    let best = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min) * 1e9 / len as f64;
    let repeat = |mut body: Box<dyn FnMut() + '_>| {
        let times: Vec<f64> = (0..5)
            .map(|_| {
                let start = Instant::now();
                body();
                start.elapsed().as_secs_f64()
            })
            .collect();
        best(&times)
    };
    let dealer = repeat(Box::new(|| {
        corrections.clear();
        step.deal::<u64>(&mut Dealing::new(&keys, &mut corrections), 0, 0, len);
    }));
    let expand = |party: usize| step.expand::<u64>(&mut Tape::new(&keys[party], (party == 1).then_some(&corrections)), 0, 0, len);
    let unpack = [0, 1].map(|party| repeat(Box::new(move || drop(expand(party)))));
    println!("  dealer {dealer:.2}, unpacking first party {:.2}, last party {:.2}", unpack[0], unpack[1]);

    let z = vec![12345u64; len];
    let (Ok(a), Ok(b)) = (expand(0), expand(1)) else { return println!("the tape does not fit") };
    let mut phases = vec![vec![]; step.rounds() + 1];
    for _ in 0..5 {
        let seat = |party| Seat { party, parties: 2 };
        let (mut first, mut last) = (step.run(seat(0), &a, &z), step.run(seat(1), &b, &z));
        let mut result = vec![0u64; len];
        let (mut sent, mut peer): (Vec<u8>, Vec<Vec<u8>>) = (vec![], vec![vec![]]);
        for (k, times) in phases.iter_mut().enumerate() {
            let (mut mine, mut theirs) = (vec![], vec![]);
            last.phase(k, Round { own: &peer[0], peers: std::slice::from_ref(&sent) }, &mut theirs, &mut vec![0u64; len]);
            let start = Instant::now();
            first.phase(k, Round { own: &sent, peers: &peer }, &mut mine, &mut result);
            times.push(start.elapsed().as_secs_f64());
            (sent, peer[0]) = (mine, theirs);
        }
    }
    let each: Vec<f64> = phases.iter().map(|t| best(t)).collect();
    let text: Vec<String> = each.iter().map(|t| format!("{t:.2}")).collect();
    println!("  online phases {}, sum {:.2}", text.join(" "), each.iter().sum::<f64>());
}
