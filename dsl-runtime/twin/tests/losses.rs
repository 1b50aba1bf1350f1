//! Losses of descriptions: their values by hand, their gradients against finite differences, and training by them.

mod common;

use common::{UNIFORM, close, graph, network, random, rng};
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace_loss};
use undertone_shape::Shape;
use undertone_twin::burn::tensor::{Tensor, TensorData};
use undertone_twin::{Device, Network, PaddedCtc, TrainConfig};

fn loss(inputs: &[(&str, Shape)], body: impl for<'g> FnOnce(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>) -> Graph {
    trace_loss("M.loss", inputs, body).unwrap()
}

/// A network of one matrix product with this loss.
fn with_loss(output: &[usize], seed: u64, loss: Graph) -> Network {
    let shape = Shape::from_slice(output);
    let linear = graph([4], |g, x| {
        let (w, b) = (g.parameter("weight", [shape.numel(), 4], UNIFORM), g.parameter("bias", [shape.numel()], UNIFORM));
        let y = g.linear(x, w, Some(b));
        g.reshape(y, shape)
    });
    let mut net = network(linear, &mut rng(seed));
    net.set_loss(Some(loss)).unwrap();
    net
}

/// The loss of these outputs.
fn value(net: &Network, outputs: &[f32], batch: usize, targets: &[&[f32]]) -> f64 {
    let outputs = Tensor::<2>::from_data(TensorData::new(outputs.to_vec(), [batch, outputs.len() / batch]), &Device::flex());
    f64::from(net.loss(outputs, targets).unwrap().try_to_vec_as::<f32>().unwrap()[0])
}

fn error(net: &Network, outputs: usize, targets: &[&[f32]]) -> String {
    let outputs = Tensor::<2>::from_data(TensorData::new(vec![0.5f32; 2 * outputs], [2, outputs]), &Device::flex());
    net.loss(outputs, targets).unwrap_err().to_string()
}

/// Checks the gradients by all weights against central differences.
fn check_gradients(mut net: Network, targets: &[&[f32]], batch: usize) {
    let input = random(&mut rng(5), batch * 4);
    let weights = net.weights().unwrap();
    let output = net.forward_train(&[&input], batch, None).unwrap();
    let tape = net.loss(output, targets).unwrap();
    let gradients = net.gradients(&tape).unwrap();
    for (name, gradient) in net.by_name(&gradients).unwrap() {
        let (shape, values) = weights.get(&name).unwrap();
        for (i, g) in gradient.unwrap().into_iter().enumerate() {
            let mut at = |shift: f32| {
                let (mut moved, mut all) = (values.to_vec(), weights.clone());
                moved[i] += shift;
                all.insert(name.clone(), shape, moved);
                net.load(&all).unwrap();
                let output = net.forward(&[&input], batch).unwrap();
                value(&net, &output, batch, targets)
            };
            let difference = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((f64::from(g) - difference).abs() < 5e-3 * (1.0 + difference.abs()), "{name}[{i}]: {g} and {difference}");
        }
    }
}

#[test]
fn a_cross_entropy_is_the_surprise_about_classes() {
    let (c, places, batch) = (3, 2, 2);
    let scores = random(&mut rng(11), batch * c * places);
    let classes = [2.0, 0.0, 1.0, 1.0];
    let at = |b: usize, k: usize, p: usize| f64::from(scores[(b * c + k) * places + p]);
    let surprise = |b: usize, k: usize, p: usize| (0..c).map(|k| at(b, k, p).exp()).sum::<f64>().ln() - at(b, k, p);
    let expected = (0..4).map(|i| surprise(i / 2, classes[i] as usize, i % 2)).sum::<f64>() / 4.0;
    let shape = Shape::new([c, places]);
    let net = with_loss(&[c, places], 1, loss(&[("output", shape), ("label", Shape::new([places]))], |g, x| g.cross_entropy(x[0], x[1])));
    let found = value(&net, &scores, batch, &[&classes]);
    assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
    assert!(error(&net, 6, &[&[0.0, 1.0, 3.0, 0.0]]).contains("sample 1 of the batch has the label 3, but classes are 0 to 2"));
    assert!(error(&net, 6, &[&[0.0, 0.5, 1.0, 0.0]]).contains("has the label 0.5"));
    assert!(error(&net, 6, &[&[0.0, 0.5, 1.0]]).contains("2 samples of shape [2] have 4 values, but 3 were given"));
    check_gradients(net, &[&classes], batch);

    // probabilities, of which one is 1, are classes; others are a mixture
    let mixed: Vec<f32> = (0..batch * c * places).map(|i| [0.2, 0.5, 0.3][i / places % c]).collect();
    let expected = (0..4).map(|i| (0..c).map(|k| [0.2, 0.5, 0.3][k] * surprise(i / 2, k, i % 2)).sum::<f64>()).sum::<f64>() / 4.0;
    let net = with_loss(&[c, places], 1, loss(&[("output", shape), ("label", shape)], |g, x| g.cross_entropy(x[0], x[1])));
    let found = value(&net, &scores, batch, &[&mixed]);
    assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
    check_gradients(net, &[&mixed], batch);
}

#[test]
fn a_mean_squared_error_is_what_it_says() {
    let shape = Shape::new([3]);
    let net = with_loss(&[3], 2, loss(&[("output", shape), ("wanted", shape)], |g, x| g.mean_squared_error(x[0], x[1])));
    let found = value(&net, &[1.0, 2.0, 3.0, 0.0, 0.0, -1.0], 2, &[&[1.0, 0.0, 4.0, 0.5, 0.0, 1.0]]);
    assert!((found - (0.0 + 4.0 + 1.0 + 0.25 + 0.0 + 4.0) / 6.0).abs() < 1e-6, "{found}");
    check_gradients(net, &[&[1.0, 0.0, 4.0, 0.5, 0.0, 1.0]], 2);
}

#[test]
fn losses_of_images_have_the_gradients_that_they_say() {
    let shape = Shape::new([1, 2, 3]);
    let pair = [("output", shape), ("wanted", shape)];
    let (batch, mut random) = (2, rng(21));
    let numbers: Vec<f32> = common::random(&mut random, 2 * 6);
    let shares: Vec<f32> = numbers.iter().map(|v| 1.0 / (1.0 + v.exp())).collect();
    let mask: Vec<f32> = numbers.iter().map(|v| f32::from(u8::from(*v > 0.0))).collect();
    check_gradients(with_loss(&[1, 2, 3], 22, loss(&pair, |g, x| g.l1(x[0], x[1]))), &[&numbers], batch);
    check_gradients(with_loss(&[1, 2, 3], 23, loss(&pair, |g, x| g.huber(x[0], x[1], 0.5))), &[&numbers], batch);
    check_gradients(with_loss(&[1, 2, 3], 24, loss(&pair, |g, x| g.binary_cross_entropy_with_logits(x[0], x[1]))), &[&shares], batch);
    check_gradients(with_loss(&[1, 2, 3], 25, loss(&pair, |g, x| g.dice(x[0], x[1], 1.0, true))), &[&mask], batch);
}

#[test]
fn what_is_no_probability_is_an_error_that_says_where() {
    let shape = Shape::new([2]);
    let pair = [("output", shape), ("wanted", shape)];
    let net = with_loss(&[2], 26, loss(&pair, |g, x| g.binary_cross_entropy(x[0], x[1])));
    let found = error(&net, 2, &[&[0.0, 1.0, 1.0, 255.0]]);
    assert!(found.contains("sample 1 of the batch: the target has 255 at position 1, but probabilities are 0 to 1"), "{found}");
    let scores = Tensor::<2>::from_data(TensorData::new(vec![0.5f32, -2.0], [1, 2]), &Device::flex());
    let found = net.loss(scores, &[&[0.0, 1.0]]).unwrap_err().to_string();
    assert!(found.contains("the output has -2 at position 1") && found.contains("`BinaryCrossEntropyWithLogits`"), "{found}");
    for from_logits in [true, false] {
        let net = with_loss(&[2], 27, loss(&pair, |g, x| g.dice(x[0], x[1], 1.0, from_logits)));
        assert!(error(&net, 2, &[&[0.0, 1.0, -1.0, 0.0]]).contains("sample 1 of the batch: the target has -1 at position 0"));
    }
    let net = with_loss(&[2], 28, loss(&pair, |g, x| g.binary_cross_entropy_with_logits(x[0], x[1])));
    assert!(error(&net, 2, &[&[0.0, 2.0, 1.0, 0.0]]).contains("sample 0 of the batch: the target has 2 at position 1"));
}

#[test]
fn a_single_output_is_yes_or_no() {
    let (x, samples) = (random(&mut rng(71), 4 * 80), 80);
    let labels: Vec<usize> = x.chunks(4).map(|x| usize::from(x[0] > x[1] + 0.3)).collect();
    let config = TrainConfig { epochs: 40, batch: 10, learning_rate: 3e-2, seed: Some(72), progress: false, ..TrainConfig::default() };
    for label in [Shape::new([1]), Shape::new([])] {
        let output = if label.rank() == 0 { vec![] } else { vec![1] };
        let binary = loss(&[("output", label), ("answer", label)], |g, x| g.binary_cross_entropy_with_logits(x[0], x[1]));
        let mut net = with_loss(&output, 73, binary);
        let epochs = net.train(&[&x], &labels, &config).unwrap();
        let judged = net.evaluate(&[&x], &labels).unwrap();
        let yes = net.forward(&[&x], samples).unwrap().iter().zip(&labels).filter(|(score, l)| usize::from(**score > 0.0) == **l).count();
        assert_eq!(judged.correct, Some(yes), "a positive score is a yes");
        assert!(yes >= 76 && epochs[39].training.correct > epochs[0].training.correct, "{judged}, {}", epochs[39]);
        let targets: Vec<f32> = labels.iter().map(|l| *l as f32).collect();
        assert!((net.evaluate_on(&[&x], &[&targets], samples).unwrap().loss - judged.loss).abs() < 1e-6);
        let error = net.evaluate(&[&x[..4]], &[2]).unwrap_err().to_string();
        assert!(error.contains("sample 0 has class 2") && error.contains("has one output, for the classes 0 and 1"), "{error}");
    }
}

#[test]
fn a_ctc_is_the_one_that_pads_by_hand() {
    for blank in [0, 1] {
        let (other, third) = (1 - blank, 2);
        let (classes, time, longest, batch) = (3, 5, 4, 3);
        let shape = Shape::new([classes, time]);
        let targets = [vec![other, third], vec![third, third], vec![third]];
        let padded: Vec<f32> = targets.iter().flat_map(|t| (0..longest).map(|k| t.get(k).map_or(blank, |c| *c) as f32)).collect();
        let net =
            with_loss(&[classes, time], 3, loss(&[("output", shape), ("target", Shape::new([longest]))], |g, x| g.ctc(x[0], x[1], blank)));
        let scores = random(&mut rng(31), batch * classes * time);
        let tensor = Tensor::<2>::from_data(TensorData::new(scores.clone(), [batch, classes * time]), &Device::flex());
        let expected = PaddedCtc { classes, blank }.loss(tensor, &[time; 3], &targets).unwrap().try_to_vec_as::<f32>().unwrap()[0];
        let found = value(&net, &scores, batch, &[&padded]);
        assert!((found - f64::from(expected)).abs() < 1e-5, "{found} and {expected}");
        let (b, o, t) = (blank as f32, other as f32, third as f32);
        assert!(error(&net, 15, &[&[o, b, t, b, t, b, b, b]]).contains("sample 0 of the batch: its target goes on behind the blank"));
        assert!(error(&net, 15, &[&[o, b, b, b, b, b, b, b]]).contains("sample 1: a target of 0 symbols needs 1 time steps"));
        assert!(error(&net, 15, &[&[o, o, o, o, t, b, b, b]]).contains("a target of 4 symbols needs 7 time steps, 5 of 5 are given"));
        assert!(error(&net, 15, &[&[3.0, b, b, b, t, b, b, b]]).contains("has the label 3, but classes are 0 to 2"));
        check_gradients(net, &[&padded], batch);
    }
}

#[test]
fn a_network_learns_by_the_loss_that_it_is_given() {
    // the targets are a function of the inputs, so the squared error falls to nothing
    let (x, batch) = (random(&mut rng(41), 4 * 64), 64);
    let y: Vec<f32> = x.chunks(4).flat_map(|x| [x[0] - 2.0 * x[1] + 0.5, 3.0 * x[3] - x[2]]).collect();
    let shape = Shape::new([2]);
    let mut net = with_loss(&[2], 42, loss(&[("output", shape), ("wanted", shape)], |g, x| g.mean_squared_error(x[0], x[1])));
    let config = TrainConfig {
        epochs: 80,
        batch: 16,
        learning_rate: 5e-2,
        weight_decay: 0.0,
        seed: Some(43),
        progress: false,
        ..TrainConfig::default()
    };
    let before = net.evaluate_on(&[&x], &[&y], batch).unwrap();
    let epochs = net.train_on(&[&x], &[&y], batch, &config).unwrap();
    let after = net.evaluate_on(&[&x], &[&y], batch).unwrap();
    assert!(before.correct.is_none() && epochs[0].training.correct.is_none(), "there are no classes");
    assert!(after.loss < 1e-3 * before.loss && epochs[79].training.loss < 1e-2 * epochs[0].training.loss, "{before}, {after}");
    close(&net.forward(&[&x], batch).unwrap(), &y, 0.1, "what was learned");
    // classes are something else
    let error = net.train(&[&x], &[0; 64], &config).map(|_| ());
    assert!(error.is_ok(), "two wanted numbers can be the probabilities of two classes: {error:?}");
    let error = net.train_on(&[&x], &[&y[1..]], batch, &config).unwrap_err().to_string();
    assert!(error.contains("`wanted`") && error.contains("128 values, but 127 were given"), "{error}");
}

#[test]
fn classes_train_by_a_loss_of_classes_or_of_probabilities_or_by_none() {
    let x = random(&mut rng(51), 4 * 60);
    let labels: Vec<usize> = x.chunks(4).map(|x| usize::from(x[0] > x[1]) + usize::from(x[2] > x[3])).collect();
    let config = TrainConfig { epochs: 20, batch: 10, learning_rate: 3e-2, seed: Some(52), progress: false, ..TrainConfig::default() };
    let shape = Shape::new([3]);
    let losses = [
        None,
        Some(loss(&[("output", shape), ("label", Shape::new([]))], |g, x| g.cross_entropy(x[0], x[1]))),
        Some(loss(&[("output", shape), ("label", shape)], |g, x| g.cross_entropy(x[0], x[1]))),
    ];
    let trained: Vec<_> = losses
        .into_iter()
        .map(|loss| {
            let linear = graph([4], |g, x| {
                let w = g.parameter("weight", [3, 4], Init::Uniform { fan_in: 4 });
                g.linear(x, w, None)
            });
            let mut net = Network::initial(linear, Some(53), &Device::flex()).unwrap();
            net.set_loss(loss).unwrap();
            let epochs = net.train(&[&x], &labels, &config).unwrap();
            assert!(epochs[19].training.loss < 0.8 * epochs[0].training.loss, "{} {}", epochs[0], epochs[19]);
            (net.weights().unwrap().get("weight").unwrap().1.to_vec(), net.evaluate(&[&x], &labels).unwrap())
        })
        .collect();
    for other in &trained[1..] {
        close(&other.0, &trained[0].0, 1e-3, "weights");
        assert!((other.1.loss - trained[0].1.loss).abs() < 1e-4 && other.1.correct == trained[0].1.correct, "{} {}", other.1, trained[0].1);
    }
}

#[test]
fn a_loss_that_does_not_fit_is_an_error() {
    let (three, two) = (Shape::new([3]), Shape::new([2]));
    let wrong = loss(&[("output", two), ("wanted", two)], |g, x| g.mean_squared_error(x[0], x[1]));
    let mut net = with_loss(&[3], 61, loss(&[("output", three), ("a", two), ("b", three)], |g, x| g.mean_squared_error(x[0], x[2])));
    let error = net.set_loss(Some(wrong)).unwrap_err().to_string();
    assert!(error.contains("its first input has to be the output of") && error.contains("[3]"), "{error}");
    let error = net.evaluate(&[&[0.5; 4]], &[1]).unwrap_err().to_string();
    assert!(error.contains("compares with `a` [2] and `b` [3], not with classes: use `train_on`"), "{error}");
    net.set_loss(None).unwrap();
    let error = net.train_on(&[&[0.5; 4]], &[&[0.5; 3]], 1, &TrainConfig::default()).unwrap_err().to_string();
    assert!(error.contains("has no loss to compare them by: its description needs a `loss` clause"), "{error}");
}
