//! Training: statistics of a batch, gradients against finite differences, dropout, and losses that fall.

mod common;

use common::{UNIFORM, close, graph, network, random, rng};
use undertone_runtime::Weights;
use undertone_runtime::graph::op::{AvgPool, BatchNorm, Conv, ConvTranspose, MaxPool, Over};
use undertone_runtime::graph::{Graph, Init, Scope, Value};
use undertone_twin::burn::optim::SgdConfig;
use undertone_twin::burn::tensor::{Tensor, TensorData};
use undertone_twin::{Average, Device, Network, PaddedCtc, TrainConfig};

fn batch_norm<'g>(g: &mut Scope<'g>, x: Value<'g>) -> Value<'g> {
    let c = [x.shape().dim(0)];
    let p = [
        g.parameter("norm.weight", c, Init::Constant(1.0)),
        g.parameter("norm.bias", c, Init::Constant(0.0)),
        g.buffer("norm.running_mean", c, Init::Constant(0.0)),
        g.buffer("norm.running_var", c, Init::Constant(1.0)),
    ];
    g.batch_norm(x, p, BatchNorm { momentum: 0.3, ..BatchNorm::PLAIN })
}

fn get(weights: &Weights, name: &str) -> Vec<f32> {
    weights.get(name).unwrap().1.to_vec()
}

/// The values that count, channel by channel.
fn channels(x: &[f32], [c, time]: [usize; 2], valid: &[usize]) -> Vec<Vec<f64>> {
    let of =
        |k: usize| x.chunks(c * time).zip(valid).flat_map(move |(x, n)| x[k * time..k * time + n].iter().map(|v| f64::from(*v))).collect();
    (0..c).map(of).collect()
}

#[test]
fn batch_statistics_normalise_and_move_the_running_ones() {
    let (c, time, batch) = (3, 10, 4);
    for (seed, valid) in [(1, None), (2, Some([1.0, 0.5, 0.3, 0.8]))] {
        let mut rng = rng(seed);
        let mut net = network(graph([c, time], batch_norm), &mut rng);
        let before = net.weights().unwrap();
        let input = random(&mut rng, batch * c * time);
        let lengths = valid.map_or([time; 4], |shares: [f32; 4]| shares.map(|s| (s * time as f32).round() as usize));
        let output = net.forward_train(&[&input], batch, valid.as_ref().map(<[f32; 4]>::as_slice)).unwrap();
        let output = output.try_to_vec_as::<f32>().unwrap();
        let after = net.weights().unwrap();
        let mut expected = vec![0.0; input.len()];
        for (k, values) in channels(&input, [c, time], &lengths).iter().enumerate() {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            let [gamma, beta] = ["norm.weight", "norm.bias"].map(|name| f64::from(get(&before, name)[k]));
            for i in (0..input.len()).filter(|i| i / time % c == k) {
                expected[i] = ((f64::from(input[i]) - mean) / (variance + 1e-5).sqrt() * gamma + beta) as f32;
            }
            for (name, now) in [("norm.running_mean", mean), ("norm.running_var", variance * n / (n - 1.0))] {
                let moved = f64::from(get(&before, name)[k]) * 0.7 + now * 0.3;
                assert!(
                    (f64::from(get(&after, name)[k]) - moved).abs() < 1e-5,
                    "seed {seed}, {name} of channel {k}: {} and {moved}",
                    get(&after, name)[k]
                );
            }
        }
        close(&output, &expected, 1e-4, &format!("seed {seed}"));
        assert_eq!(get(&before, "norm.weight"), get(&after, "norm.weight"));
    }
}

/// Normalisation of each sample by the statistics of so many groups of its channels.
fn of_samples<'g>(g: &mut Scope<'g>, x: Value<'g>, groups: usize) -> Value<'g> {
    let c = [x.shape().dim(0)];
    let affine = [g.parameter("norm.weight", c, Init::Constant(1.0)), g.parameter("norm.bias", c, Init::Constant(0.0))];
    let [mean, variance] =
        [("norm.running_mean", 0.0), ("norm.running_var", 1.0)].map(|(name, start)| g.buffer(name, [groups], Init::Constant(start)));
    let norm = BatchNorm { momentum: 0.3, over: Over::Sample, ..BatchNorm::PLAIN };
    g.normalise(x, Some(affine), [mean, variance], norm)
}

#[test]
fn statistics_of_samples_normalise_each_and_move_the_running_ones_by_their_mean() {
    let (c, groups, time, batch) = (6, 3, 10, 4);
    for (seed, valid) in [(3, None), (4, Some([1.0, 0.5, 0.3, 0.8]))] {
        let mut rng = rng(seed);
        let mut net = network(graph([c, time], |g, x| of_samples(g, x, groups)), &mut rng);
        let before = net.weights().unwrap();
        let input = random(&mut rng, batch * c * time);
        let lengths = valid.map_or([time; 4], |shares: [f32; 4]| shares.map(|s| (s * time as f32).round() as usize));
        let output = net.forward_train(&[&input], batch, valid.as_ref().map(<[f32; 4]>::as_slice)).unwrap();
        let after = net.weights().unwrap();
        let (mut expected, mut moved) = (vec![], vec![[0.0; 2]; groups]);
        for (x, n) in input.chunks(c * time).zip(lengths) {
            for (group, x) in x.chunks(c / groups * time).enumerate() {
                let values: Vec<f64> = x.chunks(time).flat_map(|row| &row[..n]).map(|v| f64::from(*v)).collect();
                let n = values.len() as f64;
                let mean = values.iter().sum::<f64>() / n;
                let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
                moved[group][0] += mean / batch as f64;
                moved[group][1] += variance * n / (n - 1.0) / batch as f64;
                for (i, v) in x.iter().enumerate() {
                    let [gamma, beta] =
                        ["norm.weight", "norm.bias"].map(|name| f64::from(get(&before, name)[group * (c / groups) + i / time]));
                    expected.push(((f64::from(*v) - mean) / (variance + 1e-5).sqrt() * gamma + beta) as f32);
                }
            }
        }
        close(&output.try_to_vec_as::<f32>().unwrap(), &expected, 1e-4, &format!("seed {seed}"));
        for (k, name) in ["norm.running_mean", "norm.running_var"].into_iter().enumerate() {
            let now: Vec<f32> = (0..groups).map(|g| (f64::from(get(&before, name)[g]) * 0.7 + moved[g][k] * 0.3) as f32).collect();
            close(&get(&after, name), &now, 1e-5, &format!("seed {seed}, {name}"));
        }
    }
}

#[test]
fn one_value_a_channel_is_no_batch() {
    let mut net = Network::initial(graph([3], batch_norm), Some(1), &Device::flex()).unwrap();
    let error = net.forward_train(&[&[1.0, 2.0, 3.0]], 1, None).unwrap_err().to_string();
    assert!(error.contains("use a larger batch"), "{error}");
    let error = net.forward_train(&[&[1.0; 6]], 2, Some(&[1.0])).unwrap_err().to_string();
    assert!(error.contains("1 shares for 2 samples"), "{error}");
}

/// Compares every gradient with a central difference of the same loss.
fn check_gradients(what: &str, graph: &Graph, batch: usize, valid: Option<&[f32]>, seed: u64) {
    let mut rng = rng(seed);
    let mut net = network(graph.clone(), &mut rng);
    let weights = net.weights().unwrap();
    let input = random(&mut rng, batch * graph.inputs[0].shape.numel());
    let count = batch * graph.output_shape().numel();
    let direction = random(&mut rng, count);
    let loss = |net: &mut Network| {
        let out = net.forward_train(&[&input], batch, valid).unwrap();
        let direction = Tensor::<2>::from_data(TensorData::new(direction.clone(), out.dims()), &out.device());
        (out * direction).sum()
    };
    let tape = loss(&mut net);
    let gradients = net.gradients(&tape).unwrap();
    for (name, gradient) in net.by_name(&gradients).unwrap() {
        let trained = graph.parameters.iter().any(|p| p.name == name && p.trainable);
        assert_eq!(gradient.is_some(), trained, "{what}: {name} has a gradient");
        let Some(gradient) = gradient else { continue };
        let (shape, values) = weights.get(&name).unwrap();
        for i in (0..values.len()).step_by(values.len().div_ceil(7)) {
            let at = |shift: f32| {
                let mut moved = values.to_vec();
                moved[i] += shift;
                let mut all = weights.clone();
                all.insert(name.clone(), shape, moved);
                let mut net = Network::new(graph.clone(), &all, &Device::flex()).unwrap();
                f64::from(loss(&mut net).try_to_vec_as::<f32>().unwrap()[0])
            };
            let difference = (at(5e-3) - at(-5e-3)) / 1e-2;
            let g = f64::from(gradient[i]);
            assert!(
                (g - difference).abs() < 2e-2 * (1.0 + g.abs()),
                "{what}, seed {seed}: {name}[{i}] has gradient {g}, difference {difference}"
            );
        }
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let conv = |x: &[usize], kernel: &[usize], conv: Conv| {
        graph(undertone_shape::Shape::from_slice(x), |g, v| {
            let w = g.parameter("weight", undertone_shape::Shape::from_slice(&[&[4, x[0] / conv.groups], kernel].concat()), UNIFORM);
            let b = g.parameter("bias", [4], UNIFORM);
            g.conv(v, w, Some(b), conv)
        })
    };
    check_gradients(
        "conv1d",
        &conv(&[4, 12], &[3], Conv { stride: [2, 1, 1], padding: [2, 0, 0], dilation: [2, 1, 1], groups: 2 }),
        3,
        None,
        1,
    );
    check_gradients("conv2d", &conv(&[2, 6, 5], &[3, 2], Conv { stride: [1, 2, 1], padding: [1, 0, 0], ..Conv::PLAIN }), 2, None, 2);
    check_gradients("conv3d", &conv(&[2, 3, 4, 3], &[2, 2, 2], Conv::PLAIN), 2, None, 3);
    let pooled = graph([2, 6], |g, x| {
        // the pools see values that depend on weights, so that their gradients count
        let (w, b) = (g.parameter("weight", [6, 6], UNIFORM), g.parameter("bias", [6], UNIFORM));
        let y = g.linear(x, w, Some(b));
        let largest = g.max_pool(y, MaxPool { kernel: [3, 1, 1], stride: [2, 1, 1], padding: [1, 0, 0] });
        let mean = g.avg_pool(y, AvgPool { kernel: [3, 1, 1], stride: [2, 1, 1], padding: [1, 0, 0] });
        let sum = g.concat(&[largest, mean], 0);
        g.permute(sum, &[1, 0])
    });
    check_gradients("linear and pools", &pooled, 3, None, 4);
    let normalised = graph([3, 8], |g, x| {
        let w = g.parameter("weight", [3, 3, 3], UNIFORM);
        let y = g.conv(x, w, None, Conv { padding: [1, 0, 0], ..Conv::PLAIN });
        batch_norm(g, y)
    });
    check_gradients("batch norm", &normalised, 4, None, 5);
    check_gradients("batch norm without padding", &normalised, 4, Some(&[1.0, 0.5, 0.25, 0.75]), 6);
    let transposed = |x: &[usize], kernel: &[usize], conv: ConvTranspose| {
        graph(undertone_shape::Shape::from_slice(x), |g, v| {
            let w = g.parameter("weight", undertone_shape::Shape::from_slice(&[&[x[0], 4 / conv.groups], kernel].concat()), UNIFORM);
            let b = g.parameter("bias", [4], UNIFORM);
            g.conv_transpose(v, w, Some(b), conv)
        })
    };
    let plain = ConvTranspose::PLAIN;
    let strided = ConvTranspose { stride: [2, 3, 1], padding: [1, 0, 0], output_padding: [1, 2, 0], dilation: [1, 2, 1], groups: 2 };
    check_gradients("conv_transpose1d", &transposed(&[4, 5], &[3], strided), 3, None, 8);
    check_gradients("conv_transpose2d", &transposed(&[2, 3, 4], &[3, 2], strided), 2, None, 9);
    check_gradients("conv_transpose3d", &transposed(&[2, 2, 3, 2], &[2, 1, 2], plain), 2, None, 10);
    let of_samples = graph([4, 8], |g, x| {
        let w = g.parameter("weight", [4, 4, 3], UNIFORM);
        let y = g.conv(x, w, None, Conv { padding: [1, 0, 0], ..Conv::PLAIN });
        of_samples(g, y, 2)
    });
    check_gradients("group norm", &of_samples, 3, None, 11);
    check_gradients("group norm without padding", &of_samples, 3, Some(&[1.0, 0.5, 0.75]), 12);
    let residual = graph([6], |g, x| {
        let (w, b) = (g.parameter("weight", [6, 6], UNIFORM), g.parameter("bias", [6], UNIFORM));
        let y = g.linear(x, w, Some(b));
        let y = g.add(y, x);
        let y = g.add(y, y);
        g.reshape(y, [2, 3])
    });
    check_gradients("residual", &residual, 3, None, 7);
}

#[test]
fn dropout_drops_its_share_in_training_alone() {
    let traced = graph([500], |g, x| g.dropout(x, 0.3));
    let mut net = Network::initial(traced, Some(11), &Device::flex()).unwrap();
    let input = vec![1.0; 4000];
    assert_eq!(net.forward(&[&input], 8).unwrap(), input);
    let run = |net: &mut Network| net.forward_train(&[&input], 8, None).unwrap().try_to_vec_as::<f32>().unwrap();
    let (first, second) = (run(&mut net), run(&mut net));
    let dropped = first.iter().filter(|v| **v == 0.0).count();
    assert!((1080..1320).contains(&dropped), "{dropped} of 4000 dropped at seed 11; the standard deviation is 29");
    assert!(first.iter().all(|v| *v == 0.0 || (v - 1.0 / 0.7).abs() < 1e-6));
    assert_ne!(first, second);
    net.seed(5);
    let again = run(&mut net);
    net.seed(5);
    assert_eq!(again, run(&mut net));
}

/// Two inputs of the plane that a network with one hidden layer and batch normalisation tells apart: inside and outside a ring.
fn ring(count: usize, seed: u64) -> (Vec<f32>, Vec<usize>) {
    let mut rng = rng(seed);
    let mut all = (vec![], vec![]);
    while all.1.len() < count {
        let p = random(&mut rng, 2);
        let radius = p[0].hypot(p[1]);
        if !(0.35..0.75).contains(&radius) {
            all.0.extend(&p);
            all.1.push(usize::from(radius > 0.6));
        }
    }
    all
}

fn classifier() -> Graph {
    graph([2], |g, x| {
        let (w, b) =
            (g.parameter("fc1.weight", [24, 2], Init::Uniform { fan_in: 2 }), g.parameter("fc1.bias", [24], Init::Uniform { fan_in: 2 }));
        let y = g.linear(x, w, Some(b));
        let y = batch_norm(g, y).relu();
        let (w, b) =
            (g.parameter("fc2.weight", [2, 24], Init::Uniform { fan_in: 24 }), g.parameter("fc2.bias", [2], Init::Uniform { fan_in: 24 }));
        g.linear(y, w, Some(b))
    })
}

#[test]
fn a_classifier_learns_what_can_be_told_apart() {
    let (train, labels) = ring(301, 21);
    let (test, expected) = ring(200, 22);
    let path = std::env::temp_dir().join(format!("undertone-twin-{}.safetensors", std::process::id()));
    let mut net = Network::initial(classifier(), Some(23), &Device::flex()).unwrap();
    let config = TrainConfig {
        epochs: 60,
        batch: 20,
        learning_rate: 3e-2,
        seed: Some(24),
        clip: Some(5.0),
        checkpoint: Some(path.clone()),
        progress: false,
        ..TrainConfig::default()
    };
    let untrained = net.evaluate(&[&test], &expected).unwrap();
    let epochs = net.train(&[&train], &labels, &config).unwrap();
    let trained = net.evaluate(&[&test], &expected).unwrap();
    assert_eq!(epochs.len(), 60);
    assert!(epochs.iter().all(|e| e.training.samples == 300), "a last batch of one sample is left out");
    assert!(epochs[59].training.loss < 0.25 * epochs[0].training.loss, "{} {}", epochs[0], epochs[59]);
    assert_eq!(trained.correct, Some(200), "untrained {untrained}; trained {trained}");
    assert!(trained.loss < 0.3 * untrained.loss);

    // the checkpoint is the network, exactly
    let loaded = Weights::load(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(loaded, net.weights().unwrap());
    let mut other = Network::initial(classifier(), None, &Device::flex()).unwrap();
    assert_ne!(other.forward(&[&test], 200).unwrap(), net.forward(&[&test], 200).unwrap());
    other.load(&loaded).unwrap();
    assert_eq!(other.forward(&[&test], 200).unwrap(), net.forward(&[&test], 200).unwrap());

    // the same seeds give the same weights, the average others
    let mut again = Network::initial(classifier(), Some(23), &Device::flex()).unwrap();
    again.train(&[&train], &labels, &TrainConfig { checkpoint: None, ..config.clone() }).unwrap();
    assert_eq!(again.weights().unwrap(), loaded);
    let mut averaged = Network::initial(classifier(), Some(23), &Device::flex()).unwrap();
    averaged.train(&[&train], &labels, &TrainConfig { checkpoint: None, average: Some(0.98), ..config }).unwrap();
    assert_ne!(averaged.weights().unwrap(), loaded);
    assert!(averaged.evaluate(&[&test], &expected).unwrap().correct >= Some(198));
}

#[test]
fn an_average_is_the_mean_first_and_then_follows() {
    let traced = || {
        graph([1], |g, x| {
            let w = g.parameter("weight", [1, 1], Init::Constant(0.0));
            g.linear(x, w, None)
        })
    };
    let mut net = Network::initial(traced(), None, &Device::flex()).unwrap();
    let mut average = Average::new(0.75);
    let mut expected = 0.0f32;
    assert_eq!(average.weights().count(), 0);
    for (step, value) in [4.0, 8.0, 3.0, -1.0, 100.0, 100.0].into_iter().enumerate() {
        let mut w = Weights::empty();
        w.insert("weight", [1, 1], vec![value]);
        net.load(&w).unwrap();
        average.follow(&net).unwrap();
        expected += (value - expected) * f32::max(0.25, 1.0 / (step as f32 + 1.0));
        close(&get(&average.weights(), "weight"), &[expected], 1e-6, &format!("step {step}"));
    }
}

#[test]
fn ctc_falls_to_nothing_and_the_targets_come_out() {
    let (classes, time, batch) = (5, 12, 3);
    let traced = graph([6, 2 * time], |g, x| {
        let (w, b) = (
            g.parameter("first.weight", [16, 6, 3], Init::Uniform { fan_in: 18 }),
            g.parameter("first.bias", [16], Init::Uniform { fan_in: 18 }),
        );
        let y = g.conv(x, w, Some(b), Conv { stride: [2, 1, 1], padding: [1, 0, 0], ..Conv::PLAIN }).relu();
        let w = g.parameter("last.weight", [classes, 16, 1], Init::Uniform { fan_in: 16 });
        g.conv(y, w, None, Conv::PLAIN)
    });
    let mut rng = rng(31);
    let input = random(&mut rng, batch * 12 * time);
    let targets = [vec![1, 2, 3], vec![4, 4], vec![3, 1, 3, 2, 2]];
    let lengths = [12, 7, 12];
    let ctc = PaddedCtc { classes, blank: 0 };
    let mut net = Network::initial(traced, Some(32), &Device::flex()).unwrap();
    let mut optimizer = net.adam_w(0.0);
    let mut losses = vec![];
    for _ in 0..150 {
        let scores = net.forward_train(&[&input], batch, None).unwrap();
        let loss = ctc.loss(scores, &lengths, &targets).unwrap();
        losses.push(net.step(&mut optimizer, &loss, 2e-2).unwrap());
    }
    assert!(losses[149] < 0.02 * losses[0], "from {} to {} at seed 31", losses[0], losses[149]);
    let scores = net.forward(&[&input], batch).unwrap();
    for (i, scores) in scores.chunks(classes * time).enumerate() {
        assert_eq!(ctc.greedy(scores, lengths[i]), targets[i], "sample {i}");
    }
}

#[test]
fn ctc_is_the_sum_over_all_alignments() {
    // three time steps, the target [1]: all paths that give it, by hand
    let scores = [0.3f32, -0.2, 0.5, 0.1, 0.9, -0.7]; // [classes, time] = [2, 3]
    let p = |c: usize, t: usize| f64::from(scores[c * 3 + t]).exp() / (0..2).map(|c| f64::from(scores[c * 3 + t]).exp()).sum::<f64>();
    let paths = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]];
    let expected = -paths.iter().map(|path| (0..3).map(|t| p(path[t], t)).product::<f64>()).sum::<f64>().ln();
    let scores = Tensor::<2>::from_data(TensorData::new(scores.to_vec(), [1, 6]), &Device::flex());
    let ctc = PaddedCtc { classes: 2, blank: 0 };
    let loss = ctc.loss(scores.clone(), &[3], &[vec![1]]).unwrap().try_to_vec_as::<f32>().unwrap()[0];
    assert!((f64::from(loss) - expected).abs() < 1e-5, "{loss} and {expected}");
    for (lengths, target, message) in [
        (&[3][..], vec![0], "class 0"),
        (&[3], vec![2], "class 2"),
        (&[3], vec![], "symbols"),
        (&[3], vec![1, 1, 1], "needs 5 time steps, 3 of 3"),
        (&[4], vec![1], "4 of 3"),
        (&[3, 3], vec![1], "1 targets and 2 lengths for 1 samples"),
    ] {
        let error = ctc.loss(scores.clone(), lengths, &[target]).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_loss_that_cannot_train_is_an_error() {
    let mut net = Network::initial(classifier(), Some(41), &Device::flex()).unwrap();
    let mut optimizer = SgdConfig::new().init();
    let before = net.weights().unwrap();
    let out = net.forward_train(&[&[0.5; 8]], 4, None).unwrap();
    let error = net.step(&mut optimizer, &(out.sum() * f32::INFINITY), 0.1).unwrap_err().to_string();
    assert!(error.contains("the loss is") && error.contains("lower the learning rate"), "{error}");
    let alone = Tensor::<1>::from_data(TensorData::new(vec![1.0f32], [1]), &Device::flex().autodiff());
    assert!(net.gradients(&alone).unwrap_err().to_string().contains("depends on no weight"));
    assert_eq!(get(&net.weights().unwrap(), "fc1.weight"), get(&before, "fc1.weight"));
}

#[test]
fn clipping_scales_all_gradients_to_one_norm() {
    let mut net = Network::initial(classifier(), Some(51), &Device::flex()).unwrap();
    let x = random(&mut rng(52), 20);
    let loss = net.forward_train(&[&x], 10, None).unwrap().powi_scalar(2).sum() * 100.0;
    let whole = net.gradients(&loss).unwrap();
    let all = net.by_name(&whole).unwrap();
    let norm = all.iter().filter_map(|(_, g)| g.as_ref()).flatten().map(|v| v * v).sum::<f32>().sqrt();
    assert!((whole.norm() - norm).abs() < 1e-3 * norm && norm > 1.0, "{} and {norm}", whole.norm());
    let clipped = whole.clip(0.5);
    for ((name, before), (_, after)) in all.iter().zip(net.by_name(&clipped).unwrap()) {
        if let (Some(before), Some(after)) = (before, after) {
            let scaled: Vec<f32> = before.iter().map(|v| v * 0.5 / norm).collect();
            close(&after, &scaled, 1e-5, name);
        }
    }
}
