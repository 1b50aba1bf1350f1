//! Products of two secrets in whole runs: whoever owns the operands and the weights, the result lies within the bound of the reference, the cost is the predicted one, a wire is
//! opened once for all that read it, no mask is used twice, and what crosses the wires is uniform. And plans of products that somebody made by hand.

use undertone_ring::prg::Log;
use undertone_runtime::graph::op::Conv;
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace, trace_roles};
use undertone_runtime::net::Sent;
use undertone_runtime::party::fixed_point;
use undertone_runtime::plan::{Kind, Opening, Product};
use undertone_runtime::protocol::product::Form;
use undertone_runtime::uniformity::{LIMIT, chi_square};
use undertone_runtime::{Deployment, Place, Plan, Settings, Weights, World};
use undertone_shape::Shape;

/// The elements of one step that parties and dealers allow.
const ELEMENTS: usize = 1 << 28;

/// Elements of an input.
const LEN: usize = 2 * 6 * 6;

/// Every kind of product, on inputs of three owners: values that a convolution reads too, sums, stretched ones, matrices, squares, polynomials of one and of more openings, a
/// product of inputs of one owner, and one with a weight a channel.
fn everything() -> Graph {
    let owners = [("x", "a"), ("y", "a"), ("z", "b"), ("u", "c")];
    let inputs = owners.map(|(input, owner)| (input, Shape::new([2, 6, 6]), owner));
    trace_roles("Products", &inputs, "w", |g, x| {
        let any = Init::Constant(0.1);
        let [x, y, z, u] = [x[0], x[1], x[2], x[3]];
        let shape = Shape::new([2, 6, 6]);
        let w = g.parameter("w", [2, 2, 3, 3], any);
        let scale = g.parameter("s", [2, 1, 1], any);
        let own = g.stage("own", Ok(shape), |g| g.mul(x, y));
        let mixed = g.stage("mixed", Ok(shape), |g| g.mul(x, z));
        let conv = g.stage("conv", Ok(shape), |g| g.conv(x, w, None, Conv { padding: [1, 1, 0], ..Conv::PLAIN }));
        let conv = g.stage("scaled", Ok(shape), |g| g.mul(conv, scale));
        let matrix = g.stage("matrix", Ok(shape), |g| g.matmul(z, u));
        let normal = g.stage("normal", Ok(shape), |g| g.affine(u, &[0.3, -0.7], &[0.5, 0.25]));
        let square = g.stage("square", Ok(shape), |g| g.polynomial(normal, &[0.0, 0.0, 1.0]));
        let smooth = g.stage("smooth", Ok(shape), |g| g.polynomial(conv, &[0.25, 0.5, 0.125]));
        let long = g.stage("long", Ok(shape), |g| g.polynomial(mixed, &[0.1, -0.5, 0.0, 0.25, 0.0625]));
        let odd = g.stage("odd", Ok(shape), |g| g.polynomial(z, &[0.0, 1.0, 0.0, -0.16]));
        let gate = g.stage("gate", Ok(Shape::new([2, 1, 1])), |g| {
            let pool = undertone_runtime::graph::op::AvgPool { kernel: [6; 3], stride: [6; 3], padding: [0; 3] };
            g.avg_pool(matrix, pool)
        });
        let gated = g.stage("gated", Ok(shape), |g| g.mul(gate, own));
        let all = [mixed, square, smooth, long, odd, gated];
        let sum = g.stage("sum", Ok(shape), |g| all.into_iter().reduce(|a, b| g.add(a, b)).unwrap());
        let last = g.stage("last", Ok(shape), |g| g.relu(sum));
        g.release("output", last, &["a"]);
        last
    })
    .unwrap()
}

fn weights(graph: &Graph) -> Weights {
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        let values = (0..p.shape.numel()).map(|i| ((i * 37 + 11) % 19) as f32 / 19.0 - 0.5).collect();
        weights.insert(p.name.clone(), p.shape, values);
    }
    weights
}

/// Different values in [-1, 1].
fn inputs(batch: usize) -> Vec<Vec<f32>> {
    (0..4).map(|k| (0..batch * LEN).map(|i| ((i * 29 + i / 7 + 13 * k) % 41) as f32 / 20.0 - 1.0).collect()).collect()
}

fn places(a: Place, b: Place, c: Place, w: Place) -> Deployment {
    Deployment::new([("a", a), ("b", b), ("c", c), ("w", w)].map(|(role, place)| (role.to_owned(), place)))
}

fn deployments(parties: usize) -> Vec<Deployment> {
    use Place::{Client, Party};
    let last = Party(parties - 1);
    vec![
        places(Party(0), Party(1), Client(0), last),
        places(last, Party(0), Party(0), Party(0)),
        places(Party(1), Party(1), last, Party(1)),
        places(Client(0), Client(1), Party(0), Client(2)),
        places(last, last, last, Client(0)),
    ]
}

#[test]
fn every_product_is_right_and_costs_what_was_predicted_wherever_its_operands_live() {
    let (graph, batch) = (everything(), 3);
    let (weights, x) = (weights(&graph), inputs(batch));
    let x: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
    for (parties, ring, fraction, opened) in
        [(2, 64, 16, 34), (3, 64, 16, 34), (5, 64, 12, 28), (2, 40, 12, 26), (2, 32, 10, 22), (3, 32, 8, 24)]
    {
        let settings = Settings { ring, fraction, opened, parties, ..Settings::default() };
        let fixed = fixed_point(&graph, &settings, &weights, &x, batch).unwrap();
        for deployment in deployments(parties) {
            let what = format!("{settings:?}, {deployment:?}");
            let plan = Plan::deployed(&graph, &settings, &deployment).unwrap();
            plan.verify(ELEMENTS).unwrap_or_else(|e| panic!("{what}: {e}\n{plan}"));
            let world = World::seeded(7).settings(settings.clone()).deployment(deployment).record();
            let run = world.predict_graph(&graph, &weights, &x, batch, &mut |_| {}).unwrap_or_else(|e| panic!("{what}: {e}"));
            for (stage, expected) in run.stages.unwrap().all.iter().zip(&fixed.stages) {
                for (a, b) in stage.integers.iter().zip(&expected.values) {
                    assert!(a.abs_diff(*b) as f64 <= expected.bound, "{what}, {}: {a} against {b}, bound {}", stage.name, expected.bound);
                }
            }
            let table = plan.cost(batch);
            for (row, measured) in table.rows.iter().zip(&run.report.rows) {
                let told = (row.cost.rounds, row.cost.sent, row.cost.corrections);
                assert_eq!((&row.stage, told), (&measured.stage, (measured.rounds, measured.sent, measured.corrections)), "{what}");
            }
        }
    }
}

/// The plan of a small graph with inputs of 4 by 6 at party 0 and weights at party 1.
fn of(count: usize, body: impl for<'g> FnOnce(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>) -> Plan {
    let named: Vec<(&str, Shape)> = ["x", "y", "z"].into_iter().zip([Shape::new([4, 6]); 3]).take(count).collect();
    let deployment = Deployment::new([("client".to_owned(), Place::Client(0)), ("server".to_owned(), Place::Party(1))]);
    let plan = Plan::deployed(&trace("M", &named, body).unwrap(), &Settings::default(), &deployment).unwrap();
    plan.verify(ELEMENTS).unwrap();
    plan
}

fn openings(plan: &Plan) -> Vec<Opening> {
    plan.steps.iter().filter_map(|s| if let Kind::Open(opening) = &s.kind { Some(*opening) } else { None }).collect()
}

#[test]
fn a_value_is_opened_once_for_all_products_that_read_it() {
    let all = Opening { from: None, to: None };
    // with weights and with itself, with another, and as a polynomial
    let plan = of(2, |g, x| {
        let w = g.parameter("w", [4, 4, 1], Init::Constant(0.1));
        let products = [g.conv(x[0], w, None, Conv::PLAIN), g.mul(x[0], x[0]), g.mul(x[1], x[0]), g.polynomial(x[0], &[1.0, 2.0, 3.0])];
        products.into_iter().reduce(|a, b| g.add(a, b)).unwrap()
    });
    assert_eq!(openings(&plan), [all, all], "{plan}");
    assert_eq!(plan.steps.iter().filter(|s| matches!(s.kind, Kind::Polynomial(_))).count(), 2, "a square is a polynomial: {plan}");
    // what only the weights read goes to their keeper alone
    let plan = of(1, |g, x| {
        let w = conv_weight(g);
        g.conv(x[0], w, None, Conv::PLAIN)
    });
    assert_eq!(openings(&plan), [Opening { from: None, to: Some(1) }]);
    // a stretched operand is opened as it is
    let plan = of(1, |g, x| {
        let first = g.reshape(x[0], [24]);
        let w = g.parameter("w", [1, 24], Init::Constant(0.1));
        let gate = g.linear(first, w, None);
        g.mul(x[0], gate)
    });
    let opened: Vec<usize> = plan.steps.iter().filter(|s| matches!(s.kind, Kind::Open(_))).map(|s| s.len).collect();
    assert_eq!(opened, [24, 1], "{plan}");
}

fn conv_weight<'g>(g: &mut Scope<'g>) -> Value<'g> {
    g.parameter("w", [4, 4, 1], Init::Constant(0.1))
}

#[test]
fn what_one_party_has_by_itself_is_multiplied_without_a_word() {
    let graph = trace("M", &[("x", Shape::new([4, 6])), ("y", Shape::new([6, 4]))], |g, x| {
        let product = g.matmul(x[0], x[1]);
        let square = g.polynomial(product, &[0.5, 1.0, 0.25]);
        g.scale(square, 0.37, -1.0)
    })
    .unwrap();
    for owner in [Place::Party(0), Place::Party(1)] {
        let deployment = Deployment::new([("client".to_owned(), owner), ("server".to_owned(), Place::Client(0))]);
        let plan = Plan::deployed(&graph, &Settings::default(), &deployment).unwrap();
        plan.verify(ELEMENTS).unwrap();
        let cost = plan.cost(3).total();
        assert_eq!((cost.rounds, cost.corrections), (1, 0), "the release alone: {plan}");
    }
}

#[test]
fn a_parameter_is_a_factor_and_nothing_else() {
    let refuse = |body: &dyn for<'g> Fn(&mut Scope<'g>, Value<'g>, Value<'g>) -> Value<'g>, text: &str| {
        let graph = trace("M", &[("x", Shape::new([4, 6]))], |g, x| {
            let p = g.parameter("p", [6, 6], Init::Constant(0.1));
            body(g, x[0], p)
        });
        let error = Plan::new(&graph.unwrap(), &Settings::default()).unwrap_err().to_string();
        assert!(error.contains(text), "`{text}` is not in: {error}");
    };
    refuse(
        &|g, x, p| {
            let y = g.permute(x, &[1, 0]);
            g.matmul(p, y)
        },
        "a weight is the second operand of a matrix product",
    );
    refuse(
        &|g, x, p| {
            let q = g.mul(p, p);
            let q = g.matmul(x, q);
            g.add(q, x)
        },
        "a product of two weights is a weight",
    );
    let stretched = trace("M", &[("x", Shape::new([6]))], |g, x| {
        let p = g.parameter("p", [4, 6], Init::Constant(0.1));
        g.mul(x[0], p)
    });
    let error = Plan::new(&stretched.unwrap(), &Settings::default()).unwrap_err().to_string();
    assert!(error.contains("would stretch a value of shape [6]"), "{error}");
}

/// A plan that was changed is refused, for this reason.
fn refused(plan: &Plan, text: &str, change: impl FnOnce(&mut Plan)) {
    let mut bad = plan.clone();
    change(&mut bad);
    assert_ne!(bad, *plan, "`{text}`: nothing was changed");
    let error = bad.verify(ELEMENTS).expect_err(text).to_string();
    assert!(error.contains(text), "`{text}` is not in: {error}");
}

fn find(plan: &Plan, is: impl Fn(&Kind) -> bool) -> usize {
    plan.steps.iter().position(|s| is(&s.kind)).unwrap()
}

#[test]
fn products_that_nobody_can_compute_are_refused() {
    let plan = of(2, |g, x| {
        let turned = g.permute(x[1], &[1, 0]);
        g.matmul(x[0], turned)
    });
    let at = find(&plan, |k| matches!(k, Kind::Product(_)));
    let with = |text: &str, change: &dyn Fn(&mut Product)| {
        refused(&plan, text, |p| {
            if let Kind::Product(product) = &mut p.steps[at].kind {
                change(product);
            }
        });
    };
    let sizes = [[1, 4, 6, 5], [0, 4, 6, 4], [1, 4, 0, 4], [usize::MAX, 4, 6, 4], [1 << 40, 1 << 40, 1, 1], [2, 2, 6, 4]];
    for [count, rows, inner, columns] in sizes {
        with("does not fit", &|p| p.form = Form::Matrix { count, rows, inner, columns });
    }
    with("does not fit", &|p| p.form = Form::Each { len: 24 });
    with("does not fit", &|p| p.form = Form::Each { len: 0 });
    // a copy that leaves elements out, or reads beyond the value
    let other = of(1, |g, x| {
        let wide = g.expand(x[0], [50, 4, 6]);
        g.reshape(wide, [1200])
    });
    let Kind::Move(copies) = other.steps[find(&other, |k| matches!(k, Kind::Move(_)))].kind.clone() else { panic!("a copy") };
    with("does not fit", &|p| p.read[0] = copies[0].clone());
    // operands that are opened to different parties, or to one that is not alone
    let open = find(&plan, |k| matches!(k, Kind::Open(_)));
    let opened_to = |to: Option<usize>| move |p: &mut Plan| p.steps[open].kind = Kind::Open(Opening { from: None, to });
    for to in [Some(1), Some(0), Some(7)] {
        refused(&plan, "does not fit", opened_to(to));
    }
    refused(&plan, "does not fit", |p| p.steps[open].kind = Kind::Open(Opening { from: Some(0), to: Some(0) }));
    // shares that are not opened, and openings that something else reads
    let input = plan.steps[open].inputs[0];
    refused(&plan, "does not fit", |p| p.steps[at].inputs[0] = input);
    refused(&plan, "does not fit", |p| p.steps[at].kind = Kind::Add);
    refused(&plan, "declared shape and scale", |p| p.releases[0].value.bits = 16);
}

#[test]
fn polynomials_say_at_which_scale_they_are() {
    let plan = of(1, |g, x| g.polynomial(x[0], &[0.5, 0.25, 0.125]));
    let at = find(&plan, |k| matches!(k, Kind::Polynomial(_)));
    let with = |text: &str, change: &dyn Fn(&mut undertone_runtime::plan::Polynomial)| {
        refused(&plan, text, |p| {
            if let Kind::Polynomial(polynomial) = &mut p.steps[at].kind {
                change(polynomial);
            }
        });
    };
    with("does not fit", &|p| p.coefficients = vec![]);
    with("does not fit", &|p| p.coefficients = vec![1]);
    with("does not fit", &|p| p.coefficients = vec![1; 10]);
    // the exact square would be released
    for bits in [0, 16, 31, 63, 64, u32::MAX] {
        with("at ", &|p| p.bits = bits);
    }
    for factor in [0, 4097, u64::MAX] {
        with("a factor of ", &|p| p.factor = factor);
    }
    let cubic = vec![0, 0, 0, 1];
    with("a polynomial of degree 3 at 46", &|p| p.coefficients = cubic.clone());
}

#[test]
fn the_work_of_products_is_bounded() {
    let side = 1 << 12;
    let graph = |side: usize| trace("M", &[("x", Shape::new([side, side]))], |g, x| g.matmul(x[0], x[0])).unwrap();
    let plan = |side: usize| Plan::new(&graph(side), &Settings::default()).unwrap();
    plan(side / 2).verify(ELEMENTS).unwrap();
    let error = plan(side).verify(ELEMENTS).unwrap_err().to_string();
    assert!(error.contains("multiply-adds"), "{error}");
    let error = plan(side / 2).verify(side * side / 8).unwrap_err().to_string();
    assert!(error.contains("elements"), "{error}");
}

/// Runs the plan in one session of each endpoint, with batches of these sizes.
fn run_all(world: &World, plan: &Plan, weights: &Weights, batches: &[usize]) {
    let ran = world.execute_with(plan.clients(), |session| {
        let me = session.place();
        for batch in batches {
            let data = vec![0.25f32; LEN * batch];
            let mine: Vec<(usize, &[f32])> = (0..4).filter(|k| plan.inputs[*k].owner == me).map(|k| (k, data.as_slice())).collect();
            let weights = (plan.weights_owner == me).then_some(weights);
            let prepared = session.prepare(plan, weights, (!mine.is_empty()).then_some(*batch))?;
            session.run(plan, prepared, &mine)?;
        }
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn no_block_is_asked_for_twice() {
    let graph = everything();
    for (parties, ring) in [(2, 64), (3, 64), (2, 32), (3, 40)] {
        let settings = Settings { parties, ..Settings::default().with_ring(ring) };
        for deployment in deployments(parties) {
            let plan = Plan::deployed(&graph, &settings, &deployment).unwrap();
            let logs: Vec<Log> = (0..=parties + plan.clients()).map(|_| Log::default()).collect();
            let world = World::parties(parties).settings(settings.clone()).deployment(deployment.clone()).logged(logs.clone());
            // 130 samples are dealt in several parts
            run_all(&world, &plan, &weights(&graph), &[130, 3, 130]);
            for (endpoint, log) in logs.iter().enumerate() {
                let mut all: Vec<_> =
                    log.lock().unwrap().iter().map(|r| (r.key_fingerprint, format!("{:?}", r.counter), r.first_block, r.blocks)).collect();
                all.sort();
                let twice = all.windows(2).find(|w| (w[0].0, &w[0].1) == (w[1].0, &w[1].1) && w[0].2 + w[0].3 > w[1].2);
                assert!(twice.is_none(), "{parties} parties, ring {ring}, {deployment:?}, endpoint {endpoint}: {twice:?}");
            }
        }
    }
}

#[test]
fn what_crosses_the_wires_is_uniform_whatever_is_multiplied() {
    const SAMPLES: usize = 40;
    let graph = everything();
    let zero = {
        let mut w = Weights::empty();
        weights(&graph).iter().for_each(|(name, shape, values)| w.insert(name, shape, vec![0.0; values.len()]));
        w
    };
    let (nothing, extreme) = (vec![vec![0.0; SAMPLES * LEN]; 4], vec![vec![5.0; SAMPLES * LEN]; 4]);
    let mut long = 0;
    for (parties, deployment) in [2, 3].into_iter().flat_map(|n| deployments(n).into_iter().map(move |d| (n, d))) {
        for (secrets, weights, x) in [("zeros", &zero, &nothing), ("extremes", &weights(&graph), &extreme)] {
            let clients = Plan::deployed(&graph, &Settings { parties, ..Settings::default() }, &deployment).unwrap().clients();
            let taps: Vec<Sent> = (0..=parties + clients).map(|_| Sent::default()).collect();
            let settings = Settings { parties, ..Settings::default() };
            let world = World::seeded(50).settings(settings).deployment(deployment.clone()).tapped(taps.clone());
            let x: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
            world.predict_graph(&graph, weights, &x, SAMPLES, &mut |_| {}).unwrap();
            for (from, tap) in taps.iter().enumerate().take(parties) {
                let tap = tap.lock().unwrap();
                // what goes to several peers is the same for all of them, and handshakes are short
                let peer = (from + 1) % parties;
                let bytes: Vec<u8> =
                    tap.iter().filter(|(to, m)| *to == peer && m.len() >= 256).flat_map(|(_, m)| m.iter().copied()).collect();
                // where one party has all operands by itself, the others have little to say
                if bytes.len() < 1 << 13 {
                    continue;
                }
                long += 1;
                let found = chi_square(&bytes);
                assert!(found < LIMIT, "{deployment:?}, {secrets}, party {from}: {found}, seed 50");
            }
        }
    }
    assert!(long > 8, "{long} long streams");
}
