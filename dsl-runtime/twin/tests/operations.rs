//! Each operation against a slow scalar reference, over several geometries.

mod common;

use common::{UNIFORM, close, graph, network, random, rng};
use rand::RngExt;
use undertone_runtime::graph::op::{AvgPool, BatchNorm, Conv, ConvTranspose, MaxPool};
use undertone_runtime::graph::{Init, trace};
use undertone_shape::Shape;

/// Input, output channels, kernel, geometry.
type ConvCase = (&'static [usize], usize, &'static [usize], Conv);

/// Input, kernel, stride, padding.
type PoolCase = (&'static [usize], [usize; 3], [usize; 3], [usize; 3]);

/// All positions of a box.
fn positions(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![vec![]], |all, n| all.iter().flat_map(|p| (0..*n).map(move |i| [p.as_slice(), &[i]].concat())).collect())
}

fn index(position: &[usize], dims: &[usize]) -> usize {
    position.iter().zip(dims).fold(0, |all, (p, n)| all * n + p)
}

/// The position in the input that tap `tap` of window `at` reads, or `None` in the padding.
fn source(at: &[usize], tap: &[usize], stride: &[usize], dilation: &[usize], padding: &[usize], dims: &[usize]) -> Option<Vec<usize>> {
    (0..at.len()).map(|i| (at[i] * stride[i] + tap[i] * dilation[i]).checked_sub(padding[i]).filter(|p| *p < dims[i])).collect()
}

#[test]
fn convolution_over_one_two_and_three_axes() {
    let cases: [ConvCase; 7] = [
        (&[3, 17], 4, &[5], Conv::PLAIN),
        (&[4, 20], 6, &[3], Conv { stride: [2, 1, 1], padding: [3, 0, 0], dilation: [4, 1, 1], groups: 2 }),
        (&[4, 9], 8, &[3], Conv { padding: [1, 0, 0], groups: 4, ..Conv::PLAIN }),
        (&[2, 7, 9], 3, &[3, 2], Conv { stride: [2, 3, 1], padding: [1, 0, 0], ..Conv::PLAIN }),
        (&[6, 8, 8], 4, &[3, 3], Conv { padding: [2, 2, 0], dilation: [2, 2, 1], groups: 2, ..Conv::PLAIN }),
        (&[3, 5, 5], 3, &[1, 1], Conv { stride: [2, 2, 1], ..Conv::PLAIN }),
        (&[2, 5, 4, 6], 4, &[3, 2, 3], Conv { stride: [1, 2, 2], padding: [1, 1, 0], dilation: [2, 1, 1], groups: 2 }),
    ];
    for (case, (x, out, kernel, conv)) in cases.into_iter().enumerate() {
        for bias in [false, true] {
            let mut rng = rng(100 + case as u64);
            let weight = [&[out, x[0] / conv.groups], kernel].concat();
            let traced = graph(Shape::from_slice(x), |g, v| {
                let w = g.parameter("weight", Shape::from_slice(&weight), UNIFORM);
                let b = bias.then(|| g.parameter("bias", [out], UNIFORM));
                g.conv(v, w, b, conv)
            });
            let to = traced.output_shape();
            let net = network(traced, &mut rng);
            let weights = net.weights().unwrap();
            let batch = 3;
            let input = random(&mut rng, batch * x.iter().product::<usize>());
            let mut expected = vec![];
            for sample in input.chunks(x.iter().product()) {
                for at in positions(to.dims()) {
                    let mut sum = if bias { weights.get("bias").unwrap().1[at[0]] } else { 0.0 };
                    let group = at[0] / (out / conv.groups);
                    for tap in positions(&weight[1..]) {
                        if let Some(p) = source(&at[1..], &tap[1..], &conv.stride, &conv.dilation, &conv.padding, &x[1..]) {
                            let channel = group * weight[1] + tap[0];
                            sum += sample[index(&[&[channel][..], &p].concat(), x)]
                                * weights.get("weight").unwrap().1[index(&[&at[..1], &tap].concat(), &weight)];
                        }
                    }
                    expected.push(sum);
                }
            }
            close(&net.forward(&[&input], batch).unwrap(), &expected, 1e-5, &format!("case {case}, bias {bias}"));
        }
    }
}

#[test]
fn transposed_convolution_over_one_two_and_three_axes() {
    let plain = ConvTranspose::PLAIN;
    let cases: [(&[usize], usize, &[usize], ConvTranspose); 6] = [
        (&[3, 7], 4, &[5], plain),
        (&[4, 6], 6, &[3], ConvTranspose { stride: [2, 1, 1], padding: [3, 0, 0], dilation: [4, 1, 1], groups: 2, ..plain }),
        (&[2, 5], 2, &[2], ConvTranspose { stride: [5, 1, 1], output_padding: [4, 0, 0], groups: 2, ..plain }),
        (&[2, 4, 3], 3, &[3, 2], ConvTranspose { stride: [2, 3, 1], padding: [1, 0, 0], output_padding: [1, 2, 0], ..plain }),
        (&[6, 3, 3], 4, &[4, 4], ConvTranspose { stride: [2, 2, 1], padding: [1, 1, 0], groups: 2, ..plain }),
        (&[2, 3, 2, 4], 4, &[3, 2, 3], ConvTranspose { stride: [1, 2, 2], padding: [1, 1, 0], dilation: [2, 1, 1], groups: 2, ..plain }),
    ];
    for (case, (x, out, kernel, conv)) in cases.into_iter().enumerate() {
        let mut rng = rng(900 + case as u64);
        let weight = [&[x[0], out / conv.groups], kernel].concat();
        let traced = graph(Shape::from_slice(x), |g, v| {
            let w = g.parameter("weight", Shape::from_slice(&weight), UNIFORM);
            let b = g.parameter("bias", [out], UNIFORM);
            g.conv_transpose(v, w, Some(b), conv)
        });
        let to = traced.output_shape();
        let net = network(traced, &mut rng);
        let weights = net.weights().unwrap();
        let (w, b) = (weights.get("weight").unwrap().1, weights.get("bias").unwrap().1);
        let input = random(&mut rng, 2 * x.iter().product::<usize>());
        let mut expected = vec![];
        for sample in input.chunks(x.iter().product()) {
            let mut sums: Vec<f32> = positions(to.dims()).iter().map(|at| b[at[0]]).collect();
            // each position of the input adds its taps where they belong
            for (at, tap) in positions(x).iter().flat_map(|at| positions(&weight[1..]).into_iter().map(move |tap| (at, tap))) {
                let place = (1..x.len()).map(|i| {
                    (at[i] * conv.stride[i - 1] + tap[i] * conv.dilation[i - 1]).checked_sub(conv.padding[i - 1]).filter(|p| *p < to.dim(i))
                });
                let channel = at[0] / (x[0] / conv.groups) * weight[1] + tap[0];
                if let Some(place) = core::iter::once(Some(channel)).chain(place).collect::<Option<Vec<usize>>>() {
                    sums[index(&place, to.dims())] += sample[index(at, x)] * w[index(&[&at[..1], &tap].concat(), &weight)];
                }
            }
            expected.extend(sums);
        }
        close(&net.forward(&[&input], 2).unwrap(), &expected, 1e-5, &format!("case {case}"));
    }
}

#[test]
fn pools_over_one_two_and_three_axes() {
    let cases: [PoolCase; 6] = [
        (&[3, 11], [2, 1, 1], [2, 1, 1], [0; 3]),
        (&[2, 12], [5, 1, 1], [3, 1, 1], [2, 0, 0]),
        (&[2, 7, 9], [3, 2, 1], [2, 3, 1], [1, 1, 0]),
        (&[3, 6, 6], [2, 2, 1], [2, 2, 1], [0; 3]),
        (&[1, 5, 5], [5, 5, 1], [1, 1, 1], [0; 3]),
        (&[2, 4, 5, 6], [3, 2, 3], [2, 1, 2], [1, 1, 0]),
    ];
    for (case, (x, kernel, stride, padding)) in cases.into_iter().enumerate() {
        let mut rng = rng(200 + case as u64);
        let axes = x.len() - 1;
        let max = graph(Shape::from_slice(x), |g, v| g.max_pool(v, MaxPool { kernel, stride, padding }));
        let mean = graph(Shape::from_slice(x), |g, v| g.avg_pool(v, AvgPool { kernel, stride, padding }));
        let to = max.output_shape();
        let batch = 2;
        // negative values, so that zeros of the padding would win if they took part in the largest value
        let input: Vec<f32> = random(&mut rng, batch * x.iter().product::<usize>()).iter().map(|v| v - 1.5).collect();
        let (mut largest, mut means) = (vec![], vec![]);
        for sample in input.chunks(x.iter().product()) {
            for at in positions(to.dims()) {
                let taps = positions(&kernel[..axes]);
                let window = taps.iter().filter_map(|tap| source(&at[1..], tap, &stride, &[1; 3], &padding, &x[1..]));
                let window: Vec<f32> = window.map(|p| sample[index(&[&at[..1], &p].concat(), x)]).collect();
                largest.push(window.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b)));
                means.push(window.iter().sum::<f32>() / taps.len() as f32);
            }
        }
        close(&network(max, &mut rng).forward(&[&input], batch).unwrap(), &largest, 0.0, &format!("largest, case {case}"));
        close(&network(mean, &mut rng).forward(&[&input], batch).unwrap(), &means, 1e-5, &format!("mean, case {case}"));
    }
}

#[test]
fn arg_max_gives_the_lowest_index_of_the_largest() {
    let cases: [(&[usize], usize); 6] = [(&[10], 0), (&[29, 7], 0), (&[5, 9], 1), (&[3, 9, 4], 1), (&[2, 1, 3], 1), (&[2, 3, 2, 40], 3)];
    for (case, (x, axis)) in cases.into_iter().enumerate() {
        let mut rng = rng(250 + case as u64);
        // few different values, so that most rows have ties
        let input: Vec<f32> = random(&mut rng, 3 * x.iter().product::<usize>()).iter().map(|v| (v * 3.0).round()).collect();
        let traced = graph(Shape::from_slice(x), |g, v| g.argmax(v, axis));
        let to = traced.output_shape();
        let mut expected = vec![];
        for sample in input.chunks(x.iter().product()) {
            for at in positions(to.dims()) {
                let value = |j: usize| sample[index(&[&at[..axis], &[j], &at[axis..]].concat(), x)];
                expected.push((0..x[axis]).fold(0, |best, j| if value(j) > value(best) { j } else { best }) as f32);
            }
        }
        close(&network(traced, &mut rng).forward(&[&input], 3).unwrap(), &expected, 0.0, &format!("case {case}"));
    }
}

#[test]
fn matrix_product_over_the_last_axis_of_any_rank() {
    for (case, x) in [&[5][..], &[3, 5], &[2, 3, 5], &[2, 1, 3, 5]].into_iter().enumerate() {
        for bias in [false, true] {
            let mut rng = rng(300 + case as u64);
            let traced = graph(Shape::from_slice(x), |g, v| {
                let w = g.parameter("weight", [4, 5], UNIFORM);
                let b = bias.then(|| g.parameter("bias", [4], UNIFORM));
                g.linear(v, w, b)
            });
            let net = network(traced, &mut rng);
            let weights = net.weights().unwrap();
            let w = weights.get("weight").unwrap().1;
            let input = random(&mut rng, 3 * x.iter().product::<usize>());
            let add = |o: usize| if bias { weights.get("bias").unwrap().1[o] } else { 0.0 };
            let expected: Vec<f32> = input
                .chunks(5)
                .flat_map(|row| (0..4).map(move |o| row.iter().zip(&w[o * 5..]).map(|(a, b)| a * b).sum::<f32>() + add(o)))
                .collect();
            close(&net.forward(&[&input], 3).unwrap(), &expected, 1e-5, &format!("case {case}, bias {bias}"));
        }
    }
}

#[test]
fn normalisation_by_running_statistics() {
    for (case, x) in [&[6][..], &[4, 7], &[3, 4, 5], &[2, 2, 3, 2]].into_iter().enumerate() {
        let mut rng = rng(400 + case as u64);
        let c = x[0];
        let norm = BatchNorm { epsilon: 1e-3, ..BatchNorm::PLAIN };
        let traced = graph(Shape::from_slice(x), |g, v| {
            let p = [
                g.parameter("weight", [c], UNIFORM),
                g.parameter("bias", [c], UNIFORM),
                g.buffer("running_mean", [c], UNIFORM),
                g.buffer("running_var", [c], UNIFORM),
            ];
            g.batch_norm(v, p, norm)
        });
        let net = network(traced, &mut rng);
        let weights = net.weights().unwrap();
        let of = |name: &str, k: usize| weights.get(name).unwrap().1[k];
        let input = random(&mut rng, 2 * x.iter().product::<usize>());
        let rest: usize = x[1..].iter().product();
        let expected = |(i, v): (usize, &f32)| {
            let k = i / rest % c;
            (v - of("running_mean", k)) / (of("running_var", k) + 1e-3).sqrt() * of("weight", k) + of("bias", k)
        };
        let expected: Vec<f32> = input.iter().enumerate().map(expected).collect();
        close(&net.forward(&[&input], 2).unwrap(), &expected, 1e-5, &format!("case {case}"));
    }
}

#[test]
fn permutations_of_every_rank() {
    for (case, (x, axes)) in [
        (&[4][..], &[0][..]),
        (&[2, 3], &[1, 0]),
        (&[2, 3, 4], &[2, 0, 1]),
        (&[2, 3, 1, 4], &[3, 1, 0, 2]),
        (&[2, 1, 3, 2, 2], &[4, 2, 0, 3, 1]),
        (&[2, 1, 2, 1, 2, 1, 2, 3], &[7, 6, 5, 4, 3, 2, 1, 0]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut rng = rng(500 + case as u64);
        let traced = graph(Shape::from_slice(x), |g, v| {
            let permuted = Shape::from_slice(&axes.iter().map(|a| x[*a]).collect::<Vec<_>>());
            let twice = g.permute(v, axes);
            let direct = g.reshape(twice, permuted);
            g.relu(direct)
        });
        let to = traced.output_shape();
        let size = to.numel();
        let input = random(&mut rng, 2 * size);
        let mut expected = vec![];
        for sample in input.chunks(size) {
            for at in positions(to.dims()) {
                let mut from = vec![0; x.len()];
                axes.iter().zip(&at).for_each(|(axis, p)| from[*axis] = *p);
                expected.push(sample[index(&from, x)].max(0.0));
            }
        }
        close(&network(traced, &mut rng).forward(&[&input], 2).unwrap(), &expected, 0.0, &format!("case {case}"));
    }
}

#[test]
fn concatenation_and_addition_of_several_inputs() {
    for axis in 0..3 {
        let mut rng = rng(600 + axis as u64);
        let a = Shape::new([2, 3, 4]);
        let b = a.with_dim(axis, 5);
        let traced = trace("M", &[("a", a), ("b", b)], |g, x| {
            let twice = g.add(x[1], x[1]);
            g.concat(&[x[0], twice, x[0]], axis)
        })
        .unwrap();
        let to = traced.output_shape();
        let (left, right) = (random(&mut rng, 2 * a.numel()), random(&mut rng, 2 * b.numel()));
        let mut expected = vec![];
        for sample in 0..2 {
            for mut at in positions(to.dims()) {
                let k = at[axis];
                let (from, shape, start, factor) = match k {
                    _ if k < a.dim(axis) => (&left, a, 0, 1.0),
                    _ if k < a.dim(axis) + 5 => (&right, b, a.dim(axis), 2.0),
                    _ => (&left, a, a.dim(axis) + 5, 1.0),
                };
                at[axis] = k - start;
                expected.push(factor * from[sample * shape.numel() + index(&at, shape.dims())]);
            }
        }
        close(&network(traced, &mut rng).forward(&[&left, &right], 2).unwrap(), &expected, 0.0, &format!("axis {axis}"));
    }
}

#[test]
fn a_weight_can_be_an_operand_like_any_other() {
    let mut rng = rng(700);
    let traced = graph([2, 3], |g, x| {
        let p = g.parameter("position", [3, 2], Init::Constant(0.0));
        let turned = g.permute(p, &[1, 0]);
        let sum = g.add(x, turned);
        g.concat(&[sum, turned], 0)
    });
    let net = network(traced, &mut rng);
    let p = net.weights().unwrap().get("position").unwrap().1.to_vec();
    let turned = [p[0], p[2], p[4], p[1], p[3], p[5]];
    let input = random(&mut rng, 12);
    let expected: Vec<f32> = input.chunks(6).flat_map(|x| x.iter().zip(&turned).map(|(a, b)| a + b).chain(turned)).collect();
    close(&net.forward(&[&input], 2).unwrap(), &expected, 1e-6, "position");
}

#[test]
fn large_batches_are_cut_into_chunks_without_a_trace() {
    let mut rng = rng(800);
    let traced = graph([3], |g, x| {
        let w = g.parameter("weight", [2, 3], UNIFORM);
        g.linear(x, w, None)
    });
    let net = network(traced, &mut rng);
    let batch = rng.random_range(130..190);
    let input = random(&mut rng, 3 * batch);
    let one_by_one: Vec<f32> = input.chunks(3).flat_map(|x| net.forward(&[x], 1).unwrap()).collect();
    close(&net.forward(&[&input], batch).unwrap(), &one_by_one, 1e-6, &format!("batch {batch}"));
    assert_eq!(net.forward(&[&[]], 0).unwrap(), [] as [f32; 0]);
}
