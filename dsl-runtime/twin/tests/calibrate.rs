//! What calibration records, compared with all values of the twin.
#![allow(clippy::float_cmp, reason = "the very values that were seen are recorded")]

mod common;

use common::{UNIFORM, graph, network, random, rng};
use undertone_runtime::graph::op::{BatchNorm, Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, Op};
use undertone_shape::Shape;

fn model() -> Graph {
    graph([2, 6, 6], |g, x| {
        let w = g.parameter("conv.weight", [4, 2, 3, 3], UNIFORM);
        let y = g.stage("conv", Ok(Shape::new([4, 6, 6])), |g| g.conv(x, w, None, Conv { padding: [1; 3], ..Conv::PLAIN }));
        let norm = ["weight", "bias", "running_mean", "running_var"].map(|n| g.parameter(&format!("norm.{n}"), [4], Init::Constant(1.0)));
        let y = g.stage("norm", Ok(y.shape()), |g| g.batch_norm(y, norm, BatchNorm::PLAIN));
        let y = g.stage("relu", Ok(y.shape()), |g| g.relu(y));
        let pool = MaxPool { kernel: [2; 3], stride: [2; 3], padding: [0; 3] };
        g.stage("pool", Ok(Shape::new([4, 3, 3])), |g| g.max_pool(y, pool))
    })
}

#[test]
fn every_stage_has_the_smallest_and_the_largest_value_of_all_samples() {
    let mut rng = rng(91);
    let network = network(model(), &mut rng);
    // more than one chunk, the extremes in the second
    let mut x = random(&mut rng, 70 * 72);
    x[69 * 72..].iter_mut().for_each(|v| *v *= 5.0);
    let seen = network.calibrate(&[&x], 70).unwrap();
    assert_eq!(seen.samples(), 70);
    let all = network.forward_all(&[&x], 70).unwrap();
    let range = |values: &[f32]| {
        [f32::INFINITY, f32::NEG_INFINITY].map(|e| values.iter().fold(e, |m, v| if e > 0.0 { m.min(*v) } else { m.max(*v) }))
    };
    for (k, node) in network.graph().nodes.iter().enumerate() {
        let expected = range(&all[k]).map(f64::from);
        match node.op {
            Op::Parameter(_) => {}
            Op::Input(_) => assert_eq!(seen.inputs()[0].range, expected, "seed 91"),
            _ => assert_eq!(seen.stages().iter().find(|s| s.name == node.stage).unwrap().ranges, [expected], "{}, seed 91", node.stage),
        }
    }
    assert!(seen.inputs()[0].range[1] > 4.0, "the last sample is among them");
}

#[test]
fn sizes_of_weights_are_those_after_folding() {
    let mut rng = rng(92);
    let network = network(model(), &mut rng);
    let seen = network.calibrate(&[&random(&mut rng, 72)], 1).unwrap();
    let weights = network.weights().unwrap();
    let get = |name: &str| weights.get(name).unwrap().1;
    let scale: Vec<f32> = get("norm.weight").iter().zip(get("norm.running_var")).map(|(g, v)| g / (v + 1e-5).sqrt()).collect();
    let sums = get("conv.weight").chunks(18).zip(&scale).map(|(w, s)| w.iter().map(|v| (v * s).abs()).sum::<f32>());
    let biases = (0..4).map(|k| (get("norm.bias")[k] - get("norm.running_mean")[k] * scale[k]).abs());
    let power = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0, f32::max).log2().ceil() as i32;
    let [product] = seen.products() else { panic!("one product, not {}", seen.products().len()) };
    assert_eq!((product.stage.as_str(), product.weights, product.bias), ("norm", power(&mut { sums }), power(&mut { biases })), "seed 92");
}

#[test]
fn no_samples_and_values_that_overflow_are_errors() {
    let network = network(model(), &mut rng(93));
    assert_eq!(network.calibrate(&[&[]], 0).unwrap_err().to_string(), "input `all`: there are no samples to calibrate on");
    let error = network.calibrate(&[&[f32::MAX; 72]], 1).unwrap_err().to_string();
    assert!(error.contains("stage `conv`: the values of conv are not finite"), "{error}");
}
