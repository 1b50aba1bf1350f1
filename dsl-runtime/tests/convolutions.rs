//! Convolutions over three axes and transposed ones: what their plans compute, against the definition; and plans of them that somebody made by hand.

use undertone_runtime::graph::op::{BatchNorm, Conv, ConvTranspose};
use undertone_runtime::graph::{Graph, Init, trace};
use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::{Kind, Recipe};
use undertone_runtime::{Plan, Settings, Weights};
use undertone_shape::Shape;

/// The elements of one step that parties and dealers allow.
const LIMIT: usize = 1 << 28;

/// Multiples of 1/16 that are a function of their place, so that fixed point is exact.
fn values(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 37 + seed * 101 + i * i % 13) % 33) as f32 / 16.0 - 1.0).collect()
}

/// All positions of a box.
fn positions(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![vec![]], |all, n| all.iter().flat_map(|p| (0..*n).map(move |i| [p.as_slice(), &[i]].concat())).collect())
}

fn index(position: &[usize], dims: &[usize]) -> usize {
    position.iter().zip(dims).fold(0, |all, (p, n)| all * n + p)
}

/// Channels of input and output, sizes, kernel, geometry.
struct Case {
    channels: [usize; 2],
    size: Vec<usize>,
    kernel: Vec<usize>,
    conv: ConvTranspose,
}

impl Case {
    fn graph(&self) -> Result<Graph, undertone_runtime::Error> {
        let ([c, out], conv) = (self.channels, self.conv);
        let weight = [&[c, out / conv.groups], self.kernel.as_slice()].concat();
        trace("Up", &[("x", Shape::from_slice(&[&[c], self.size.as_slice()].concat()))], |g, x| {
            let w = g.parameter("w", Shape::from_slice(&weight), Init::Constant(0.0));
            let b = g.parameter("b", [out], Init::Constant(0.0));
            g.conv_transpose(x[0], w, Some(b), conv)
        })
    }

    /// Whether the plan computes what the definition says; false where there is no such operation.
    fn check(&self, seed: usize) -> bool {
        let Ok(graph) = self.graph() else { return false };
        let ([c, out], conv, to) = (self.channels, self.conv, graph.output_shape());
        let mut weights = Weights::empty();
        for p in &graph.parameters {
            weights.insert(p.name.clone(), p.shape, values(p.shape.numel(), seed + p.name.len()));
        }
        let from = graph.inputs[0].shape;
        let x = values(2 * from.numel(), seed + 7);
        let (w, b) = (weights.get("w").unwrap(), weights.get("b").unwrap().1);
        let mut expected = vec![];
        for sample in x.chunks(from.numel()) {
            let mut sums: Vec<f32> = positions(to.dims()).iter().map(|at| b[at[0]]).collect();
            for at in positions(from.dims()) {
                for tap in positions(&w.0.dims()[1..]) {
                    let place = (1..at.len()).map(|i| {
                        let place = at[i] * conv.stride[i - 1] + tap[i] * conv.dilation[i - 1];
                        place.checked_sub(conv.padding[i - 1]).filter(|p| *p < to.dim(i))
                    });
                    let channel = at[0] / (c / conv.groups) * (out / conv.groups) + tap[0];
                    if let Some(place) = core::iter::once(Some(channel)).chain(place).collect::<Option<Vec<usize>>>() {
                        let weight = w.1[index(&[&at[..1], &tap].concat(), w.0.dims())];
                        sums[index(&place, to.dims())] += sample[index(&at, from.dims())] * weight;
                    }
                }
            }
            expected.extend(sums);
        }
        let plan = Plan::new(&graph, &Settings::default()).unwrap();
        plan.verify(LIMIT).unwrap();
        let fixed = fixed_point(&graph, &Settings::default(), &weights, &[&x], 2).unwrap();
        assert_eq!(fixed.output(), expected, "{:?}, {:?}, {:?}, {conv:?}", self.channels, self.size, self.kernel);
        true
    }
}

#[test]
fn every_small_transposed_convolution_over_one_axis() {
    let mut checked = 0;
    for at in positions(&[3, 5, 5, 5, 4, 3]) {
        let (size, kernel, stride, padding, more, dilation) = (1 + at[0], 1 + at[1], 1 + at[2], at[3], at[4], 1 + at[5]);
        let conv = ConvTranspose {
            stride: [stride, 1, 1],
            padding: [padding, 0, 0],
            output_padding: [more, 0, 0],
            dilation: [dilation, 1, 1],
            ..ConvTranspose::PLAIN
        };
        let case = Case { channels: [1, 2], size: vec![size], kernel: vec![kernel], conv };
        checked += usize::from(case.check(at.iter().sum()));
    }
    assert!(checked > 1500, "{checked}");
}

#[test]
fn transposed_convolutions_over_two_and_three_axes() {
    let plain = ConvTranspose::PLAIN;
    for (seed, (channels, size, kernel, conv)) in [
        ([2, 3], vec![3, 4], vec![2, 2], ConvTranspose { stride: [2, 2, 1], ..plain }),
        (
            [4, 6],
            vec![3, 2],
            vec![3, 5],
            ConvTranspose { stride: [2, 3, 1], padding: [1, 2, 0], output_padding: [1, 0, 0], groups: 2, ..plain },
        ),
        ([2, 2], vec![2, 4], vec![4, 3], ConvTranspose { stride: [1, 4, 1], dilation: [2, 1, 1], padding: [3, 1, 0], ..plain }),
        ([3, 3], vec![4, 4], vec![4, 4], ConvTranspose { stride: [2, 2, 1], padding: [1, 1, 0], groups: 3, ..plain }),
        ([2, 4], vec![2, 3, 2], vec![2, 3, 4], ConvTranspose { stride: [2, 2, 3], padding: [0, 1, 2], groups: 2, ..plain }),
        (
            [1, 2],
            vec![2, 2, 3],
            vec![3, 2, 2],
            ConvTranspose { stride: [2, 1, 2], dilation: [1, 2, 3], output_padding: [1, 1, 2], ..plain },
        ),
        ([1, 1], vec![1, 1, 1], vec![1, 1, 1], plain),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(Case { channels, size, kernel, conv }.check(seed), "case {seed}");
    }
}

/// The product of a plan, and its weight.
fn product(plan: &Plan) -> usize {
    plan.steps.iter().position(|s| matches!(s.kind, Kind::Linear { .. })).unwrap()
}

/// A plan that was changed is refused.
fn refused(plan: &Plan, what: &str, change: impl FnOnce(&mut Plan)) {
    let mut bad = plan.clone();
    change(&mut bad);
    assert_ne!(bad, *plan, "{what}: nothing was changed");
    let error = bad.verify(1 << 20).expect_err(what).to_string();
    assert!(error.contains("sizes that do not fit") || error.contains("does not fit"), "{what}: {error}");
}

#[test]
fn sizes_of_three_axes_are_checked() {
    let graph = trace("Volume", &[("x", Shape::new([2, 4, 5, 6]))], |g, x| {
        let w = g.parameter("w", [3, 2, 2, 3, 3], Init::Constant(0.1));
        g.conv(x[0], w, None, Conv { padding: [1; 3], ..Conv::PLAIN })
    });
    let mut plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
    plan.verify(1 << 20).unwrap();
    assert!(plan.to_string().contains("linear 4x5x6x2 by [2, 3, 3] to 3, groups 1"), "{plan}");
    plan.stages.clear();
    let at = product(&plan);
    let with = |what: &str, change: fn(&mut undertone_runtime::plan::Geometry)| {
        refused(&plan, what, |p| {
            let Kind::Linear { geometry, .. } = &mut p.steps[at].kind else { unreachable!() };
            change(geometry);
        });
    };
    with("another depth", |g| g.size[0] = 5);
    with("no depth", |g| g.size[0] = 0);
    with("a kernel that is deeper than its weights", |g| g.kernel[0] = 3);
    with("no stride", |g| g.stride[0] = 0);
    with("no dilation", |g| g.dilation[0] = 0);
    with("a stride over slices", |g| g.stride[0] = 2);
    with("padding in front", |g| g.padding[0] = 0);
    with("padding that overflows", |g| g.padding[0] = usize::MAX);
    with("padding that is larger than everything allowed", |g| g.padding[0] = 1 << 23);
    with("a size that overflows", |g| g.size = [usize::MAX / 2; 3]);
    with("a kernel that does not fit its input", |g| (g.kernel, g.dilation[0]) = ([2, 3, 3], 7));
    with("groups that do not divide", |g| g.groups = 5);
    // the zeros around a volume are counted
    let error = plan.verify(100).unwrap_err().to_string();
    assert!(error.contains("does not fit") || error.contains("elements"), "{error}");
}

#[test]
fn what_a_transposed_weight_says_of_itself_is_checked() {
    let graph = trace("Up", &[("x", Shape::new([4, 3, 3]))], |g, x| {
        let w = g.parameter("w", [4, 3, 3, 3], Init::Constant(0.1));
        let b = g.parameter("b", [6], Init::Constant(0.1));
        g.conv_transpose(x[0], w, Some(b), ConvTranspose { stride: [2; 3], padding: [1; 3], groups: 2, ..ConvTranspose::PLAIN })
    });
    let mut plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
    plan.verify(1 << 20).unwrap();
    plan.stages.clear();
    assert_eq!((plan.weights[0].out, plan.weights[0].dims), (24, [24, 2, 1, 2, 2]));
    let with = |what: &str, change: fn(&mut undertone_runtime::plan::Transposed)| {
        refused(&plan, what, |p| change(p.weights[0].transposed.as_mut().unwrap()));
    };
    with("other channels", |t| t.out = 12);
    with("no channels", |t| t.out = 0);
    with("no inputs", |t| t.c = 0);
    with("other inputs", |t| t.c = 8);
    with("no groups", |t| t.groups = 0);
    with("groups that do not divide", |t| t.groups = 4);
    with("another kernel with as many taps", |t| t.kernel[2] = 4);
    with("no kernel", |t| t.kernel[0] = 0);
    with("a kernel that overflows", |t| t.kernel = [usize::MAX; 3]);
    with("no stride", |t| t.stride[1] = 0);
    with("another stride", |t| t.stride = [1, 4, 1]);
    with("strides that overflow", |t| t.stride = [1 << 23; 3]);
    with("no dilation", |t| t.dilation[1] = 0);
    with("a dilation", |t| t.dilation[1] = 2);
    refused(&plan, "a weight that is none of a transposed convolution", |p| p.weights[0].transposed = None);
    refused(&plan, "a weight of another shape", |p| {
        if let Recipe::Given(named) = &mut p.weights[0].weight {
            named.shape = vec![24, 2, 2, 2];
        }
    });
    refused(&plan, "a bias a phase", |p| {
        if let Some(Recipe::Given(named)) = &mut p.weights[0].bias {
            named.shape = vec![24];
        }
    });
}

#[test]
fn statistics_of_groups_must_divide_the_channels() {
    let graph = trace("Norm", &[("x", Shape::new([6, 5]))], |g, x| {
        let w = g.parameter("w", [6, 6, 3], Init::Constant(0.1));
        let y = g.conv(x[0], w, None, Conv::PLAIN);
        let statistics = ["mean", "variance"].map(|name| g.parameter(name, [3], Init::Constant(1.0)));
        g.normalise(y, None, statistics, BatchNorm::PLAIN)
    });
    let mut plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
    plan.verify(1 << 20).unwrap();
    plan.stages.clear();
    let with = |what: &str, change: fn(&mut undertone_runtime::plan::Norm)| {
        refused(&plan, what, |p| {
            if let Recipe::Scaled(_, norm) = &mut p.weights[0].weight {
                change(norm);
            }
        });
    };
    with("groups that do not divide", |n| (n.mean.shape, n.variance.shape) = (vec![4], vec![4]));
    with("no groups", |n| (n.mean.shape, n.variance.shape) = (vec![0], vec![0]));
    with("other variances than means", |n| n.variance.shape = vec![2]);
    with("means that overflow", |n| n.mean.shape = vec![usize::MAX, 3]);
    with("a factor for each group", |n| n.weight = Some(n.mean.clone()));
}
