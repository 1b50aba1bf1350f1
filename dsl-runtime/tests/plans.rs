//! What passes and lowering make of small graphs, as snapshots; and which plans are refused.

use undertone_runtime::graph::op::{AvgPool, BatchNorm, Conv, MaxPool};
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::plan::passes::{fold_batch_norm, optimise, order_pool_and_relu, remove_dead_code};
use undertone_runtime::plan::{Kind, Place, Plan, Times};
use undertone_runtime::{Settings, Weights};
use undertone_shape::Shape;

const ANY: Init = Init::Uniform { fan_in: 9 };

fn stage<'g>(g: &mut Scope<'g>, name: &str, shape: impl Into<Shape>, body: impl FnOnce(&mut Scope<'g>) -> Value<'g>) -> Value<'g> {
    g.stage(name, Ok(shape.into()), body)
}

fn conv<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, out: usize, kernel: usize, padding: usize) -> Value<'g> {
    let [c, h, w] = x.dims();
    let side = |n: usize| n + 2 * padding + 1 - kernel;
    stage(g, name, [out, side(h), side(w)], |g| {
        let weight = g.parameter("weight", [out, c, kernel, kernel], ANY);
        let bias = g.parameter("bias", [out], ANY);
        g.conv(x, weight, Some(bias), Conv { padding: [padding; 3], ..Conv::PLAIN })
    })
}

fn norm<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>) -> Value<'g> {
    let c = x.shape().dim(0);
    stage(g, name, x.shape(), |g| {
        let all = [
            g.parameter("weight", [c], Init::Constant(1.0)),
            g.parameter("bias", [c], Init::Constant(0.0)),
            g.buffer("running_mean", [c], Init::Constant(0.0)),
            g.buffer("running_var", [c], Init::Constant(1.0)),
        ];
        g.batch_norm(x, all, BatchNorm::PLAIN)
    })
}

fn relu<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>) -> Value<'g> {
    stage(g, name, x.shape(), |g| g.relu(x))
}

fn max_pool<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>, kernel: usize, stride: usize) -> Value<'g> {
    let [c, h, w] = x.dims();
    let side = |n: usize| (n - kernel) / stride + 1;
    stage(g, name, [c, side(h), side(w)], |g| g.max_pool(x, MaxPool { kernel: [kernel; 3], stride: [stride; 3], padding: [0; 3] }))
}

/// Two convolutions around a skip, with batch norm, and the mean of each channel.
fn residual() -> Graph {
    trace("Residual", &[("x", Shape::new([4, 6, 6]))], |g, x| {
        let body = conv(g, "first", x[0], 4, 3, 1);
        let body = norm(g, "first_norm", body);
        let body = relu(g, "inner", body);
        let body = conv(g, "second", body, 4, 3, 1);
        let body = norm(g, "second_norm", body);
        let sum = stage(g, "join", [4, 6, 6], |g| g.add(body, x[0]));
        let out = relu(g, "outer", sum);
        let mean = stage(g, "mean", [4, 1, 1], |g| g.avg_pool(out, AvgPool { kernel: [6; 3], stride: [6; 3], padding: [0; 3] }));
        let flat = stage(g, "flat", [4], |g| g.reshape(mean, [4]));
        stage(g, "head", [2], |g| {
            let (w, b) = (g.parameter("weight", [2, 4], ANY), g.parameter("bias", [2], ANY));
            g.linear(flat, w, Some(b))
        })
    })
    .unwrap()
}

/// Convolution, ReLU and a pool of this size and step.
fn pooled(kernel: usize, stride: usize) -> Graph {
    trace("Pooled", &[("x", Shape::new([1, 16, 16]))], |g, x| {
        let y = conv(g, "conv", x[0], 8, 3, 1);
        let y = relu(g, "relu", y);
        max_pool(g, "pool", y, kernel, stride)
    })
    .unwrap()
}

#[test]
fn batch_norm_is_folded_by_the_owner_of_the_weights() {
    insta::assert_snapshot!("residual_folded", fold_batch_norm(&residual()).to_string());
}

#[test]
fn a_batch_norm_without_a_product_before_it_becomes_a_depthwise_one() {
    let graph = trace("Alone", &[("x", Shape::new([3, 4]))], |g, x| {
        let y = relu(g, "relu", x[0]);
        norm(g, "norm", y)
    });
    insta::assert_snapshot!("alone_folded", optimise(&graph.unwrap(), &Settings::default().widths()).to_string());
}

#[test]
fn a_product_that_is_read_twice_keeps_its_value() {
    let graph = trace("Twice", &[("x", Shape::new([2, 3, 3]))], |g, x| {
        let y = conv(g, "conv", x[0], 2, 3, 1);
        let z = norm(g, "norm", y);
        stage(g, "sum", [2, 3, 3], |g| g.add(y, z))
    })
    .unwrap();
    let folded = fold_batch_norm(&graph);
    assert_eq!(folded.nodes.iter().filter(|n| matches!(n.op, undertone_runtime::graph::Op::Conv(_))).count(), 2);
}

#[test]
fn pooling_goes_first_where_that_is_cheaper() {
    let order = |graph: &Graph| -> Vec<&'static str> {
        remove_dead_code(&order_pool_and_relu(graph, &Settings::default().widths()))
            .nodes
            .iter()
            .map(|n| n.op.name())
            .filter(|n| *n == "relu" || *n == "max_pool")
            .collect()
    };
    assert_eq!(order(&pooled(2, 2)), ["max_pool", "relu"], "a quarter of the elements is left for the ReLU");
    assert_eq!(order(&pooled(1, 1)), ["relu", "max_pool"], "a pool that compares nothing only costs a truncation more");
    let cost = |graph: &Graph| Plan::new(graph, &Settings::default()).unwrap().cost(1).total();
    for (kernel, stride) in [(2, 2), (3, 1), (3, 2)] {
        let swapped = cost(&pooled(kernel, stride));
        let kept = {
            // a permutation that changes nothing keeps the pass from seeing the ReLU
            let graph = trace("Kept", &[("x", Shape::new([1, 16, 16]))], |g, x| {
                let y = conv(g, "conv", x[0], 8, 3, 1);
                let y = relu(g, "relu", y).permute([0, 1, 2]);
                max_pool(g, "pool", y, kernel, stride)
            });
            cost(&graph.unwrap())
        };
        assert!(swapped.sent + swapped.corrections < kept.sent + kept.corrections, "kernel {kernel}, stride {stride}");
    }
}

#[test]
fn what_nobody_needs_is_removed_and_dropout_is_the_identity() {
    let graph = trace("Dead", &[("x", Shape::new([4])), ("unused", Shape::new([2]))], |g, x| {
        let _lost = relu(g, "lost", x[0]);
        let y = stage(g, "drop", [4], |g| g.dropout(x[0], 0.5));
        relu(g, "kept", y)
    })
    .unwrap();
    insta::assert_snapshot!("dead_code_removed", remove_dead_code(&graph).to_string());
}

#[test]
fn the_plan_of_a_residual_block() {
    insta::assert_snapshot!("residual_plan", Plan::new(&residual(), &Settings::default()).unwrap().to_string());
}

#[test]
fn the_plan_of_a_pool() {
    insta::assert_snapshot!("pool_plan", Plan::new(&pooled(2, 2), &Settings::default()).unwrap().to_string());
}

#[test]
fn a_residual_is_added_at_twice_the_fraction_and_opened_once() {
    let plan = Plan::new(&residual(), &Settings::default()).unwrap();
    let count = |f: &dyn Fn(&Kind) -> bool| plan.steps.iter().filter(|s| f(&s.kind)).count();
    assert_eq!(count(&|k| matches!(k, Kind::Truncate { .. })), 0, "nothing is truncated outside of a ReLU");
    assert_eq!(count(&|k| *k == Kind::Times(Times::finer(16, 1))), 1, "the skip is shifted left");
    assert_eq!(count(&|k| matches!(k, Kind::Open(_))), 3);
    assert_eq!(plan.releases[0].value.factor, 36, "the mean leaves its division in the factor");
}

#[test]
fn the_hash_tells_plans_apart_and_survives_encoding() {
    let plan = |graph: &Graph, opened| Plan::new(graph, &Settings { opened, ..Settings::default() }).unwrap();
    let (a, b, c) = (plan(&residual(), 34), plan(&residual(), 36), plan(&pooled(2, 2), 34));
    assert_ne!(a.hash(), b.hash());
    assert_ne!(a.hash(), c.hash());
    let again: Plan = postcard::from_bytes(&postcard::to_allocvec(&a).unwrap()).unwrap();
    assert_eq!((again.hash(), again.step_hashes()), (a.hash(), a.step_hashes()));
    again.verify(1 << 20).unwrap();
}

/// Spoils a plan.
type Tamper = Box<dyn Fn(&mut Plan)>;

#[test]
fn a_plan_that_was_tampered_with_is_refused() {
    let good = Plan::new(&residual(), &Settings::default()).unwrap();
    let broken: Vec<(&str, Tamper)> = vec![
        ("version", Box::new(|p| p.schema += 1)),
        ("does not come before", Box::new(|p| p.steps[2].inputs = vec![2])),
        ("does not fit", Box::new(|p| p.steps[1].len += 1)),
        (
            "does not fit",
            Box::new(|p| {
                p.steps.iter_mut().for_each(|s| {
                    if let Kind::Linear { geometry, .. } = &mut s.kind {
                        geometry.kernel[1] = 0;
                    }
                });
            }),
        ),
        (
            "does not fit",
            Box::new(|p| {
                p.steps.iter_mut().for_each(|s| {
                    if let Kind::Relu { t, .. } = &mut s.kind {
                        *t = 60;
                    }
                });
            }),
        ),
        (
            "does not fit",
            Box::new(|p| {
                p.steps.iter_mut().for_each(|s| {
                    if let Kind::Linear { weight, .. } = &mut s.kind {
                        *weight = 99;
                    }
                });
            }),
        ),
        ("does not fit", Box::new(|p| p.releases[0].value.step = 1000)),
        (
            "opened 0 times",
            Box::new(|p| {
                p.releases.push(p.releases[0].clone());
                p.releases[1].name = "another".into();
            }),
        ),
        (
            "must be one",
            Box::new(|p| {
                p.steps.pop();
                p.releases.clear();
            }),
        ),
        ("goes to 0 places", Box::new(|p| p.releases[0].to.clear())),
        ("beyond the last party", Box::new(|p| p.roles[0].1 = Place::Party(2))),
        ("beyond the last party", Box::new(|p| p.releases[0].to = vec![Place::Client(3)])),
        ("beyond the last party", Box::new(|p| p.inputs[0].owner = Place::Client(5))),
        ("does not fit", Box::new(|p| p.weights_owner = Place::Party(0))),
        (
            "does not fit",
            Box::new(|p| {
                p.steps.iter_mut().for_each(|s| {
                    if let Kind::Open(opening) = &mut s.kind {
                        opening.from = Some(1);
                    }
                });
            }),
        ),
        ("use 32 to 64", Box::new(|p| p.settings.ring = 31)),
        ("opened bits", Box::new(|p| p.settings.ring = 32)),
        (
            "does not fit",
            Box::new(|p| {
                p.steps.iter_mut().for_each(|s| {
                    if let Kind::Relu { t, .. } = &mut s.kind {
                        *t = u32::MAX - 30;
                    }
                });
            }),
        ),
        ("is used by 0 steps", Box::new(|p| p.weights.push(p.weights[0].clone()))),
        ("sizes that do not fit", Box::new(|p| p.weights[0].dims[2] += 1)),
        ("does not fit", Box::new(|p| p.releases[0].value.step -= 1)),
        ("not a share", Box::new(|p| p.releases[0].value.bits = 3)),
        ("not a share", Box::new(|p| p.stages[0].result.layout.0[0] = 9)),
        ("has 0 elements", Box::new(|p| p.steps[0].len = 0)),
    ];
    for (text, tamper) in broken {
        let mut plan = good.clone();
        tamper(&mut plan);
        let error = plan.verify(1 << 20).unwrap_err().to_string();
        assert!(error.contains(text), "`{text}` is not in: {error}");
    }
    assert!(good.verify(10).unwrap_err().to_string().contains("at most 10 are allowed"));
}

#[test]
fn settings_that_no_protocol_keeps_are_refused() {
    for (settings, text) in [
        (Settings { ring: 65, ..Settings::default() }, "use 32 to 64"),
        (Settings { ring: 40, ..Settings::default() }, "opened bits"),
        (Settings { parties: 6, ..Settings::default() }, "6 parties: use 2 to 5"),
        (Settings { fraction: 30, ..Settings::default() }, "use 4 to 24"),
        (Settings { opened: 63, ..Settings::default() }, "opened bits"),
        (Settings { opened: 10, ..Settings::default() }, "opened bits"),
    ] {
        let error = Plan::new(&residual(), &settings).unwrap_err().to_string();
        assert!(error.contains(text), "`{text}` is not in: {error}");
    }
}

#[test]
fn what_cannot_be_lowered_says_which_stage() {
    let secret = trace("Secret", &[("x", Shape::new([4])), ("w", Shape::new([2, 4]))], |g, x| {
        stage(g, "product", [2], |g| g.linear(x[0], x[1], None))
    });
    let error = Plan::new(&secret.unwrap(), &Settings::default()).unwrap_err().to_string();
    assert!(error.contains("stage `product`") && error.contains("must be a parameter"), "{error}");
}

#[test]
fn tracing_reports_the_first_mistake_with_its_stage() {
    let error = |body: for<'g> fn(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>| {
        trace("Bad", &[("x", Shape::new([4]))], body).unwrap_err().to_string()
    };
    let twice = error(|g, x| {
        let _ = g.parameter("w", [1], ANY);
        let _ = g.parameter("w", [1], ANY);
        x[0]
    });
    assert!(twice.contains("the parameter `w` is declared twice"), "{twice}");
    let shapes = error(|g, x| stage(g, "s", [5], |g| g.relu(x[0])));
    assert!(shapes.contains("stage `s`") && shapes.contains("`infer` says [5], but `build` makes [4]"), "{shapes}");
    let reshape = error(|g, x| g.reshape(x[0], [3]));
    assert!(reshape.contains("4 elements against 3"), "{reshape}");
}

#[test]
fn encoding_folds_the_statistics_into_the_weights() {
    let graph = trace("Fold", &[("x", Shape::new([1, 1, 1]))], |g, x| {
        let y = conv(g, "conv", x[0], 1, 1, 0);
        norm(g, "norm", y)
    })
    .unwrap();
    let mut weights = Weights::empty();
    for (name, values) in [
        ("conv.weight", 3.0),
        ("conv.bias", 0.5),
        ("norm.weight", 2.0),
        ("norm.bias", 0.25),
        ("norm.running_mean", 1.5),
        ("norm.running_var", 4.0 - 1e-5),
    ] {
        weights.insert(name, if name == "conv.weight" { Shape::new([1, 1, 1, 1]) } else { Shape::new([1]) }, vec![values]);
    }
    let encoded = Plan::new(&graph, &Settings::default()).unwrap().encode(&weights).unwrap();
    // 3 * 2 / sqrt(4) = 3, and 0.25 + (0.5 - 1.5) * 1 = -0.75
    assert_eq!(encoded[0].weight, [3 << 16]);
    let bias = encoded[0].bias[0] as i64;
    assert!((bias + (3 << 30)).abs() < 100, "{bias}: the variance has 24 bits");
    weights.insert("norm.running_var", [1], vec![-1.0]);
    let error = Plan::new(&graph, &Settings::default()).unwrap().encode(&weights).unwrap_err().to_string();
    assert!(error.contains("stage `norm`: weight 0 after folding must be finite"), "{error}");
}

/// The body of a model.
type Body = for<'g> fn(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>;

#[test]
fn a_weight_in_the_place_of_a_value_is_refused() {
    let bodies: [(&str, Body); 3] = [
        ("add", |g, x| {
            let w = g.parameter("w", [4], ANY);
            stage(g, "s", [4], |g| g.add(x[0], w))
        }),
        ("relu", |g, _| {
            let w = g.parameter("w", [4], ANY);
            stage(g, "s", [4], |g| g.relu(w))
        }),
        ("concat", |g, x| {
            let w = g.parameter("w", [4], ANY);
            stage(g, "s", [8], |g| g.concat(&[x[0], w], 0))
        }),
    ];
    let error = trace("Weight", &[("x", Shape::new([4]))], |g, _| g.parameter("w", [4], ANY)).unwrap_err().to_string();
    assert!(error.contains("release `output` opens an input or a weight as it is"), "{error}");
    for (name, body) in bodies {
        let graph = trace("Weight", &[("x", Shape::new([4]))], body).unwrap();
        let error = Plan::new(&graph, &Settings::default()).unwrap_err().to_string();
        assert!(error.contains("a weight stands where a value is needed"), "{name}: {error}");
    }
}
