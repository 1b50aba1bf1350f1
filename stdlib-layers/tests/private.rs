//! Every layer and models of several, privately: against PyTorch's figures; models against the fixed-point reference stage by stage and against the
//! predicted cost; and no block of a generator is ever asked for twice.

mod common;

use common::{Case, Figures, cases, worst_differences};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use undertone_ring::prg::Log;
use undertone_runtime::graph::Graph;
use undertone_runtime::party::{Prepared, Samples, Session, fixed_point};
use undertone_runtime::{Deployment, Error, Opened, Place, Plan, Settings, Values, Weights, World};

/// 16 fraction bits leave errors of some 2^-16 times the sums of weights.
const CLOSE: f32 = 2e-3;

fn slices(figures: &Figures) -> Vec<&[f32]> {
    figures.inputs.iter().map(Vec::as_slice).collect()
}

fn with_figures(case: &Case) -> (Graph, Figures) {
    let graph = case.graph().unwrap();
    let figures = case.figures(&graph);
    (graph, figures)
}

/// The case of this name.
fn named(name: &str) -> (Graph, Figures) {
    with_figures(cases().iter().find(|c| c.name == name).unwrap())
}

/// What was released, indices as numbers.
fn released(opened: &Opened) -> Vec<f32> {
    match opened.get("output") {
        Some(Values::Real(values)) => values.clone(),
        Some(Values::Index(values)) => values.iter().map(|v| *v as f32).collect(),
        None => vec![],
    }
}

fn is_server(session: &Session) -> bool {
    session.place() == Place::Party(1)
}

/// Party 0 has the inputs, party 1 the weights.
fn prepare(session: &mut Session, plan: &Plan, weights: &Weights, batch: usize) -> undertone_runtime::Result<Prepared> {
    let server = is_server(session);
    session.prepare(plan, server.then_some(weights), (!server).then_some(batch))
}

fn owned<'a>(session: &Session, inputs: &[&'a [f32]]) -> Vec<(usize, &'a [f32])> {
    if is_server(session) { vec![] } else { inputs.iter().copied().enumerate().collect() }
}

/// Samples of this many values each.
struct Any<'a>(&'a [f32], usize);

impl Samples for Any<'_> {
    fn values(&self) -> &[f32] {
        self.0
    }
    fn batch(&self) -> usize {
        self.0.len() / self.1
    }
}

#[test]
fn a_private_run_computes_what_pytorch_computes() {
    let mut world = 0;
    let all = worst_differences(|graph, weights, inputs, batch| {
        world += 1;
        World::seeded(world).predict_graph(graph, weights, inputs, batch, &mut |_| {}).map(|run| released(&run.opened)).unwrap()
    });
    let wrong: Vec<_> = all.into_iter().filter(|(_, worst)| *worst > CLOSE).collect();
    assert!(wrong.is_empty(), "largest differences to PyTorch: {wrong:?}");
}

#[test]
fn the_fixed_point_reference_computes_what_pytorch_computes() {
    let all = worst_differences(|graph, weights, inputs, batch| {
        fixed_point(graph, &Settings::default(), weights, inputs, batch).map(|fixed| released(&fixed.opened)).unwrap()
    });
    let wrong: Vec<_> = all.into_iter().filter(|(_, worst)| *worst > CLOSE).collect();
    assert!(wrong.is_empty(), "largest differences to PyTorch: {wrong:?}");
}

/// The cases of several layers; each layer by itself is in `layers.rs`.
fn models() -> Vec<(Case, Graph, Figures)> {
    let all = cases().into_iter().map(|case| {
        let (graph, figures) = with_figures(&case);
        (case, graph, figures)
    });
    let several: Vec<_> = all.filter(|(_, graph, _)| graph.stages().len() > 1).collect();
    assert!(several.len() >= 11, "{} models", several.len());
    several
}

#[test]
fn every_stage_of_a_private_run_of_a_model_lies_within_its_bound() {
    for (case, graph, figures) in models() {
        let inputs = slices(&figures);
        let run = World::seeded(5).record().predict_graph(&graph, &figures.weights, &inputs, figures.batch, &mut |_| {}).unwrap();
        let fixed = fixed_point(&graph, &Settings::default(), &figures.weights, &inputs, figures.batch).unwrap();
        let stages = &run.stages.as_ref().unwrap().all;
        assert_eq!(stages.len(), fixed.stages.len(), "{}", case.name);
        for (private, plain) in stages.iter().zip(&fixed.stages) {
            assert_eq!(private.integers.len(), plain.values.len(), "{}: {}", case.name, private.name);
            let off = private.integers.iter().zip(&plain.values).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(off as f64 <= plain.bound, "{}: stage {} is off by {off} units, allowed are {}", case.name, private.name, plain.bound);
        }
        for (a, b) in run.output().iter().zip(fixed.output()) {
            assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{}: {a} against {b}, bound {}", case.name, fixed.bound);
        }
    }
}

#[test]
fn a_run_of_a_model_costs_what_the_plan_predicts() {
    for (case, graph, figures) in models() {
        let run = World::seeded(6).predict_graph(&graph, &figures.weights, &slices(&figures), figures.batch, &mut |_| {}).unwrap();
        let table = Plan::new(&graph, &Settings::default()).unwrap().cost(figures.batch);
        assert_eq!(table.rows.len(), run.report.rows.len());
        for (row, measured) in table.rows.iter().zip(&run.report.rows) {
            assert_eq!(row.stage, measured.stage, "{}", case.name);
            let found = (measured.rounds, measured.sent, measured.corrections);
            assert_eq!((row.cost.rounds, row.cost.sent, row.cost.corrections), found, "{}: {}", case.name, row.stage);
        }
    }
}

#[test]
fn batches_do_not_change_the_result_by_more_than_the_rounding() {
    let (graph, figures) = named("lenet");
    let run = |batch| {
        World::seeded(9).batch(batch).predict_graph(&graph, &figures.weights, &slices(&figures), figures.batch, &mut |_| {}).unwrap()
    };
    let (one, all) = (run(1), run(64));
    assert_eq!((one.report.runs, all.report.runs), (3, 1));
    for (a, b) in one.output().iter().zip(all.output()) {
        assert!((a - b).abs() < CLOSE, "{a} against {b}");
    }
}

/// How often the figures' samples are repeated.
const REPEAT: usize = 20;

#[test]
fn two_runs_of_two_models_in_one_session_ask_for_no_block_twice() {
    let logs: Vec<Log> = (0..3).map(|_| Arc::new(Mutex::new(vec![]))).collect();
    let models: Vec<(Graph, Figures)> =
        cases().iter().filter(|c| c.name == "lenet" || c.name == "residual_strided").map(with_figures).collect();
    assert_eq!(models.len(), 2);
    let plans: Vec<Plan> = models.iter().map(|(g, _)| Plan::new(g, &Settings::default()).unwrap()).collect();
    World::two_party()
        .logged(logs.clone())
        .execute(|session| {
            for ((_, figures), plan) in models.iter().zip(&plans) {
                // many samples, so that steps are dealt in several parts
                let many: Vec<Vec<f32>> = figures.inputs.iter().map(|x| x.repeat(REPEAT)).collect();
                let inputs: Vec<&[f32]> = many.iter().map(Vec::as_slice).collect();
                for _ in 0..2 {
                    let prepared = prepare(session, plan, &figures.weights, REPEAT * figures.batch)?;
                    session.run(plan, prepared, &owned(session, &inputs))?;
                }
            }
            Ok(())
        })
        .unwrap();
    for (endpoint, log) in logs.iter().enumerate() {
        let log = log.lock().unwrap();
        assert!(log.len() > 100, "endpoint {endpoint} asked {} times: is anything logged?", log.len());
        let mut asked: HashMap<_, Vec<(u64, u64)>> = HashMap::new();
        for request in log.iter() {
            asked.entry((request.key_fingerprint, request.counter)).or_default().push((request.first_block, request.blocks));
        }
        assert!(asked.values().any(|parts| parts.len() > 2), "no stream was asked for in several parts: the batch is too small");
        for (stream, parts) in &mut asked {
            parts.sort_unstable();
            let overlap = parts.windows(2).find(|pair| pair[0].0 + pair[0].1 > pair[1].0);
            assert!(overlap.is_none(), "endpoint {endpoint} asks twice for blocks of {stream:?}: {overlap:?}");
        }
    }
}

#[test]
fn every_input_weight_and_batch_that_cannot_be_used_is_an_error() {
    let (graph, figures) = named("linear_vector");
    let world = World::two_party();
    let run = |inputs: &[&[f32]], batch: usize| {
        world.predict_graph(&graph, &figures.weights, inputs, batch, &mut |_| {}).unwrap_err().to_string()
    };
    let good = slices(&figures);
    let len = graph.inputs[0].shape.numel();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 65536.0, -1e30] {
        let mut x = figures.inputs[0].clone();
        x[len + 2] = bad;
        let error = run(&[&x], 3);
        assert!(error.contains("sample 1, position 2") && error.contains("must be finite and below 65536"), "{error}");
    }
    assert!(run(&good, 2).contains("values are not 2 samples"), "{}", run(&good, 2));
    assert!(run(&[], 3).contains("takes 1 inputs, 0 are given"));
    assert!(run(&[&[]], 0).contains("there are no samples"));
    let mut weights = figures.weights.clone();
    let (name, shape, values) = weights.iter().next().map(|(n, s, v)| (n.to_owned(), s, v.to_vec())).unwrap();
    weights.insert(name.clone(), shape, values.iter().map(|_| 70000.0).collect());
    let error = world.predict_graph(&graph, &weights, &good, 3, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Weights { .. }) && error.to_string().contains("must be finite and below 65536"), "{error}");
}

#[test]
fn parties_with_different_plans_are_told_which_step_differs() {
    let graph = |name: &str| named(name).0;
    let (pool, overlapping, relu, flat) = (graph("max_pool2d_default"), graph("max_pool2d_overlapping"), graph("relu"), graph("flatten"));
    let wide = Settings { opened: 36, ..Settings::default() };
    let weights = undertone_runtime::Weights::empty();
    for (a, b, expected) in [
        (
            (&pool, Settings::default()),
            (&overlapping, Settings::default()),
            "`max_pool2d_default` is run here, `max_pool2d_overlapping` there",
        ),
        ((&pool, Settings::default()), (&pool, wide.clone()), "in stage `pool`"),
        ((&relu, Settings::default()), (&relu, wide.clone()), "in stage `relu`"),
        ((&flat, Settings::default()), (&flat, wide), "the plans have the same steps, but other settings"),
    ] {
        let plans = [a, b].map(|(graph, settings)| Plan::new(graph, &settings).unwrap());
        let error = World::two_party()
            .execute(|session| {
                let me = usize::from(is_server(session));
                prepare(session, &plans[me], &weights, 1).map(|_| ())
            })
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_prepared_run_of_another_size_is_refused() {
    let (graph, figures) = named("relu");
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let error = World::two_party()
        .execute(|session| {
            let prepared = prepare(session, &plan, &figures.weights, 2)?;
            session.run(&plan, prepared, &owned(session, &slices(&figures))).map(|_| ())
        })
        .unwrap_err()
        .to_string();
    assert!(error.contains("values are not 2 samples"), "{error}");
}

#[test]
fn an_input_that_would_round_out_of_range_is_refused() {
    let (graph, _) = named("relu");
    let len = graph.inputs[0].shape.numel();
    for (fraction, opened) in [(4, 8), (4, 12), (4, 20)] {
        let settings = Settings { fraction, opened, ..Settings::default() };
        let world = World::seeded(1).settings(settings.clone());
        let limit = settings.limit() as f32;
        let step = (0.5f32).powi(fraction as i32);
        let run = |v: f32| world.predict_graph(&graph, &undertone_runtime::Weights::empty(), &[&vec![v; len]], 1, &mut |_| {});
        assert!(limit - step / 4.0 < limit && run(limit - step / 4.0).is_err(), "{fraction} fraction bits of {opened}");
        let largest = limit - 4.0 * step;
        assert!(run(largest).unwrap().output().iter().all(|v| (v - largest).abs() < 0.01), "the largest allowed value keeps its sign");
    }
}

#[test]
fn an_error_ends_the_session_and_the_peers_notice_at_once() {
    let (graph, figures) = named("relu");
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let bad = vec![f32::NAN; 3 * graph.inputs[0].shape.numel()];
    let results = World::two_party()
        .execute(|session| {
            let prepared = prepare(session, &plan, &figures.weights, 3)?;
            let first = session.run(&plan, prepared, &owned(session, &[&bad])).map(|_| ()).unwrap_err().to_string();
            let second = prepare(session, &plan, &figures.weights, 3).map(|_| ()).unwrap_err().to_string();
            Ok((first, second))
        })
        .unwrap();
    assert!(results[0].0.contains("must be finite"), "{}", results[0].0);
    assert!(results[1].0.contains("closed"), "{}", results[1].0);
    for (_, second) in &results {
        assert!(second.contains("has failed before"), "{second}");
    }
}

#[test]
fn what_was_prepared_for_another_plan_is_not_run() {
    let (graph, figures) = named("linear_vector");
    let plans = [34, 36].map(|opened| Plan::new(&graph, &Settings { opened, ..Settings::default() }).unwrap());
    let error = World::two_party()
        .execute(|session| {
            let prepared = prepare(session, &plans[0], &figures.weights, 3)?;
            session.run(&plans[1], prepared, &owned(session, &slices(&figures))).map(|_| ())
        })
        .unwrap_err()
        .to_string();
    assert!(error.contains("prepared for another plan or in another session"), "{error}");
}

#[test]
fn weights_are_shared_once_and_other_weights_get_another_set() {
    let (graph, figures) = named("linear_vector");
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let mut other = figures.weights.clone();
    let (name, shape, values) = other.iter().next().map(|(n, s, v)| (n.to_owned(), s, v.to_vec())).unwrap();
    other.insert(name, shape, values.iter().map(|v| v + 1.0).collect());
    let results = World::two_party()
        .execute(|session| {
            let mut all = vec![];
            for weights in [&figures.weights, &figures.weights, &other, &figures.weights] {
                let prepared = prepare(session, &plan, weights, 3)?;
                all.push(session.run(&plan, prepared, &owned(session, &slices(&figures)))?.opened.real("output").to_vec());
            }
            Ok(all)
        })
        .unwrap();
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < CLOSE);
    let all = &results[0];
    assert!(close(&all[0], &all[1]) && close(&all[0], &all[3]) && !close(&all[0], &all[2]));
    assert!(results[1].iter().all(Vec::is_empty), "the server learns nothing");
}

/// Where the roles `client` and `server` may live.
fn deployments() -> Vec<Deployment> {
    let all = [Place::Party(0), Place::Party(1), Place::Client(0), Place::Client(1)];
    let pairs = all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
    // clients are counted from 0
    let pairs = pairs.filter(|(a, b)| ![*a, *b].contains(&Place::Client(1)) || [*a, *b].contains(&Place::Client(0)));
    pairs.map(|(client, server)| Deployment::new([("client".to_owned(), client), ("server".to_owned(), server)])).collect()
}

#[test]
fn wherever_the_roles_live_the_result_and_the_cost_are_as_predicted() {
    let deployments = deployments();
    assert_eq!(deployments.len(), 8);
    for name in ["lenet", "residual_strided"] {
        let (graph, figures) = named(name);
        for deployment in &deployments {
            let run = World::seeded(3)
                .deployment(deployment.clone())
                .predict_graph(&graph, &figures.weights, &slices(&figures), figures.batch, &mut |_| {})
                .unwrap();
            for (a, b) in run.output().iter().zip(&figures.output) {
                assert!((a - b).abs() < CLOSE, "{name}, {deployment:?}: {a} against {b}");
            }
            assert_eq!(run.output().len(), figures.output.len());
            let plan = Plan::deployed(&graph, &Settings::default(), deployment).unwrap();
            let total = plan.cost(figures.batch).total();
            let measured = (run.report.rounds(), run.report.sent(), run.report.corrections());
            assert_eq!((total.rounds, total.sent, total.corrections), measured, "{name}, {deployment:?}");
        }
    }
}

#[test]
fn a_session_of_another_deployment_than_the_plan_is_refused() {
    let (graph, figures) = named("relu");
    let alone = Deployment::new([("client".to_owned(), Place::Client(0)), ("server".to_owned(), Place::Party(1))]);
    let plan = Plan::deployed(&graph, &Settings::default(), &alone).unwrap();
    let error = World::two_party().execute(|session| prepare(session, &plan, &figures.weights, 3).map(|_| ())).unwrap_err().to_string();
    assert!(error.contains("the plan is for 2 parties and 1 clients, the session has 2 and 0"), "{error}");
}

#[test]
fn a_role_gives_what_it_owns_and_nothing_else() {
    let (graph, figures) = named("linear_vector");
    let len = graph.inputs[0].shape.numel();
    let samples = Any(&figures.inputs[0], len);
    let run = |role: &'static str, inputs: bool, weights: bool| {
        World::two_party()
            .execute(|session| {
                let inputs: Vec<(usize, &dyn Samples)> = if inputs && !is_server(session) { vec![(0, &samples)] } else { vec![] };
                let mine = if is_server(session) { "server" } else { role };
                let gives = if is_server(session) { weights } else { false };
                session.run_role(&graph, mine, &inputs, gives.then_some(&figures.weights)).map(|_| ())
            })
            .map_err(|e| e.to_string())
    };
    assert_eq!(run("client", true, true), Ok(vec![(), ()]));
    for (outcome, text) in [
        (run("server", true, true), "role `server` lives at party 1, but this is party 0"),
        (run("doctor", true, true), "has no role `doctor`"),
        (run("client", false, true), "there are no samples"),
        (run("client", true, false), "their owner gives the weights, but none are given"),
    ] {
        let error = outcome.unwrap_err();
        assert!(error.contains(text), "`{text}` is not in: {error}");
    }
    let compute = World::two_party().execute(|session| session.compute(&graph)).unwrap_err().to_string();
    assert!(compute.contains("lives here: call its function"), "{compute}");
}

#[test]
fn runs_that_are_started_in_another_order_are_not_run() {
    let (graph, figures) = named("relu");
    let plan = Plan::new(&graph, &Settings::default()).unwrap();
    let error = World::two_party()
        .execute(|session| {
            let first = prepare(session, &plan, &figures.weights, 3)?;
            let second = prepare(session, &plan, &figures.weights, 3)?;
            let chosen = if is_server(session) { second } else { first };
            session.run(&plan, chosen, &owned(session, &slices(&figures))).map(|_| ())
        })
        .unwrap_err()
        .to_string();
    assert!(error.contains("run 1 starts here, another one there") || error.contains("run 2 starts here, another one there"), "{error}");
}

#[test]
fn weights_of_the_right_count_and_the_wrong_shape_are_refused() {
    let (graph, figures) = named("linear_vector");
    let (name, shape, values) =
        figures.weights.iter().find(|(_, s, _)| s.rank() == 2).map(|(n, s, v)| (n.to_owned(), s, v.to_vec())).unwrap();
    assert_ne!(shape.dim(0), shape.dim(1), "a square matrix would not do");
    let mut weights = figures.weights.clone();
    weights.insert(name.clone(), [shape.dim(1), shape.dim(0)], values);
    let error = World::two_party().predict_graph(&graph, &weights, &slices(&figures), figures.batch, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains(&format!("`{name}` should be {shape}, but is [{}, {}]", shape.dim(1), shape.dim(0))), "{error}");
}
