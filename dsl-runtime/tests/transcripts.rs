//! What crosses the wires of a whole run: uniform, whatever the input and the weights are.

mod common;

use common::{SIDE, network, weights};
use undertone_runtime::net::Sent;
use undertone_runtime::uniformity::{LIMIT, chi_square};
use undertone_runtime::{Weights, World};

/// The payloads that an endpoint sent: messages of some length, so that handshakes, which are not secret, stay out.
fn payloads(seed: u64, endpoint: usize, weights: &Weights, x: &[f32], samples: usize) -> Vec<u8> {
    let taps: Vec<Sent> = (0..3).map(|_| Sent::default()).collect();
    World::seeded(seed).tapped(taps.clone()).predict_graph(&network(), weights, &[x], samples, &mut |_| {}).unwrap();
    let sent = taps[endpoint].lock().unwrap();
    // the dealer is asked with the plan itself; everything to a party that is longer than a handshake is payload
    let payload = sent.iter().filter(|(to, message)| *to < 2 && message.len() >= 256);
    payload.flat_map(|(_, message)| message.iter().copied()).collect()
}

fn two_samples(a: &[u8], b: &[u8]) -> f64 {
    let mut bins = [[0f64; 2]; 256];
    for (k, sample) in [a, b].iter().enumerate() {
        for v in *sample {
            bins[usize::from(*v)][k] += 1.0;
        }
    }
    bins.iter().filter(|[a, b]| a + b > 0.0).map(|[a, b]| (a - b) * (a - b) / (a + b)).sum()
}

#[test]
fn every_endpoint_sends_uniform_bytes_whatever_the_secrets_are() {
    const SAMPLES: usize = 48;
    let zero = {
        let mut w = Weights::empty();
        weights().iter().for_each(|(name, shape, values)| w.insert(name, shape, vec![0.0; values.len()]));
        w
    };
    let (nothing, extreme) = (vec![0.0; SAMPLES * SIDE * SIDE], vec![50_000.0; SAMPLES * SIDE * SIDE]);
    for endpoint in 0..3 {
        println!("endpoint {endpoint}, seeds 1 and 2");
        let a = payloads(1, endpoint, &zero, &nothing, SAMPLES);
        let b = payloads(2, endpoint, &weights(), &extreme, SAMPLES);
        assert!(a.len() > 65536, "endpoint {endpoint}: {} bytes", a.len());
        assert_eq!(a.len(), b.len(), "lengths do not depend on secrets");
        for (what, bytes) in [("zeros", &a), ("extremes", &b)] {
            assert!(chi_square(bytes) < LIMIT, "endpoint {endpoint}, {what}: {}", chi_square(bytes));
        }
        assert!(two_samples(&a, &b) < LIMIT, "endpoint {endpoint}: {}", two_samples(&a, &b));
    }
}

#[test]
fn two_runs_of_the_same_input_look_different() {
    let x = vec![1.0; SIDE * SIDE];
    let (a, b) = (payloads(1, 0, &weights(), &x, 1), payloads(2, 0, &weights(), &x, 1));
    let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
    assert!(same * 64 < a.len(), "{same} of {} bytes are equal", a.len());
}
