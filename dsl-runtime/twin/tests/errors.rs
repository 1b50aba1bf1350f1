//! What is wrong with inputs, weights and graphs is said at once, and where.

mod common;

use common::{UNIFORM, graph, network, random, rng};
use undertone_runtime::Weights;
use undertone_runtime::graph::op::Conv;
use undertone_runtime::graph::{Graph, NodeId, trace};
use undertone_shape::Shape;
use undertone_twin::{Device, Network, TrainConfig};

fn linear(width: usize) -> Graph {
    trace("M", &[("image", Shape::new([2, width]))], |g, x| {
        let flat = g.reshape(x[0], [2 * width]);
        g.stage("fc", Ok(Shape::new([3])), |g| {
            let (w, b) = (g.parameter("weight", [3, 2 * width], UNIFORM), g.parameter("bias", [3], UNIFORM));
            g.linear(flat, w, Some(b))
        })
    })
    .unwrap()
}

#[test]
fn inputs_that_do_not_fit_are_refused_by_every_entry() {
    let mut net = network(linear(2), &mut rng(1));
    let mut bad = vec![0.5; 12];
    for (value, text) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        bad[9] = value;
        let expected = format!("input `image`: sample 2 has the value {text} at position 1; only finite values are possible");
        let errors = [
            net.forward(&[&bad], 3).unwrap_err(),
            net.forward_all(&[&bad], 3).unwrap_err(),
            net.ranges(&[&bad], 3).unwrap_err(),
            net.forward_train(&[&bad], 3, None).unwrap_err(),
            net.evaluate(&[&bad], &[0, 1, 2]).unwrap_err(),
            net.train(&[&bad], &[0, 1, 2], &TrainConfig { progress: false, ..TrainConfig::default() }).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.to_string(), expected);
        }
    }
    let error = net.forward(&[&[0.0; 11]], 3).unwrap_err().to_string();
    assert_eq!(error, "input `image`: 3 samples of shape [2, 2] have 12 values, but 11 were given");
    let error = net.forward(&[&[0.0; 4], &[0.0; 4]], 1).unwrap_err().to_string();
    assert_eq!(error, "input `all`: `M` takes 1 inputs, but 2 were given");
}

#[test]
fn labels_and_configurations_that_do_not_fit_are_refused() {
    let mut net = network(linear(2), &mut rng(2));
    let config = TrainConfig { progress: false, ..TrainConfig::default() };
    let text = |e: undertone_runtime::Error| e.to_string();
    assert_eq!(text(net.evaluate(&[&[0.0; 8]], &[2, 3]).unwrap_err()), "input `labels`: sample 1 has class 3, but `M` has 3 outputs");
    assert_eq!(text(net.train(&[&[0.0; 8]], &[3, 0], &config).unwrap_err()), "input `labels`: sample 0 has class 3, but `M` has 3 outputs");
    assert!(text(net.train(&[&[0.0; 8]], &[1, 0], &TrainConfig { batch: 0, ..config.clone() }).unwrap_err()).contains("a batch of 0"));
    assert!(text(net.train(&[&[]], &[], &config).unwrap_err()).contains("no samples"));
    let nowhere = TrainConfig { checkpoint: Some("/nowhere/weights.safetensors".into()), epochs: 1, ..config };
    assert!(text(net.train(&[&[0.0; 8]], &[1, 0], &nowhere).unwrap_err()).contains("/nowhere/weights.safetensors"));
}

#[test]
fn weights_that_do_not_fit_are_all_named_and_nothing_is_replaced() {
    let mut weights = Weights::empty();
    weights.insert("fc.weight", [4, 3], vec![0.0; 12]);
    let expected = "the weights do not fit `M`: `fc.weight` should be [3, 4], but is [4, 3]; `fc.bias` [3] is missing";
    assert_eq!(Network::new(linear(2), &weights, &Device::flex()).unwrap_err().to_string(), expected);
    let mut net = network(linear(2), &mut rng(3));
    let before = net.weights().unwrap();
    assert_eq!(net.load(&weights).unwrap_err().to_string(), expected);
    let mut infinite = before.clone();
    infinite.insert("fc.bias", [3], vec![0.0, f32::INFINITY, 0.0]);
    assert!(net.load(&infinite).unwrap_err().to_string().contains("`fc.bias` is not finite at position 1"));
    assert_eq!(net.weights().unwrap(), before);
}

#[test]
fn another_graph_of_the_same_weights_takes_over() {
    let conv = |time: usize, out: usize| {
        graph([2, time], |g, x| {
            let w = g.parameter("weight", [out, 2, 3], UNIFORM);
            g.conv(x, w, None, Conv::PLAIN)
        })
    };
    let mut net = network(conv(8, 4), &mut rng(4));
    let long = random(&mut rng(5), 2 * 20);
    let window: Vec<f32> = long.chunks(20).flat_map(|c| &c[5..13]).copied().collect();
    let short = net.forward(&[&window], 1).unwrap();
    net.set_graph(conv(20, 4)).unwrap();
    let all = net.forward(&[&long], 1).unwrap();
    let cut: Vec<f32> = all.chunks(18).flat_map(|c| &c[5..11]).copied().collect();
    common::close(&short, &cut, 1e-6, "the window of the long recording, seeds 4 and 5");
    let error = net.set_graph(conv(20, 6)).unwrap_err().to_string();
    assert_eq!(error, "the weights do not fit `M`: weight 0 is `weight` [6, 2, 3], but was `weight` [4, 2, 3]");
}

#[test]
fn a_weight_that_depends_on_an_input_is_refused() {
    let traced = trace("M", &[("x", Shape::new([2, 3])), ("w", Shape::new([4, 3]))], |g, x| {
        g.stage("product", Ok(Shape::new([2, 4])), |g| g.linear(x[0], x[1], None))
    })
    .unwrap();
    let net = network(traced, &mut rng(6));
    for batch in 1..3 {
        let error = net.forward(&[&vec![0.0; 6 * batch], &vec![0.0; 12 * batch]], batch).unwrap_err().to_string();
        assert_eq!(error, "model `M`, stage `product`: operand 1 of `linear` depends on an input; only weights are possible");
    }
}

#[test]
fn broken_graphs_are_refused() {
    let mut late = linear(2);
    late.output = NodeId(99);
    assert!(Network::initial(late, None, &Device::flex()).unwrap_err().to_string().contains("the output is not a node"));
    let empty = graph([0], |_, x| x.relu());
    assert!(Network::initial(empty, None, &Device::flex()).unwrap_err().to_string().contains("a value of shape [0] has no elements"));
}

#[test]
fn stages_and_their_ranges_are_reported() {
    let traced = graph([2], |g, x| {
        let y = g.stage("first", Ok(Shape::new([2])), |g| {
            let y = g.add(x, x);
            g.add(y, x)
        });
        g.stage("second", Ok(Shape::new([2])), |g| g.relu(y))
    });
    let net = network(traced, &mut rng(7));
    let x: Vec<f32> = (0..200).map(|i| if i == 131 { -7.0 } else { (i as f32 / 200.0).sin() }).collect();
    let ranges = net.ranges(&[&x], 100).unwrap();
    let largest = x.iter().fold(0.0f32, |a, b| a.max(*b)) * 3.0;
    assert_eq!(ranges.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x", "first", "second"]);
    common::close(&ranges.iter().map(|(_, r)| *r).collect::<Vec<_>>(), &[7.0, 21.0, largest], 1e-6, "ranges");
    let all = net.forward_all(&[&x], 100).unwrap();
    assert_eq!(all.len(), net.graph().nodes.len());
    assert_eq!(all[0], x);
    assert_eq!(all[net.graph().output.0], net.forward(&[&x], 100).unwrap());
}
