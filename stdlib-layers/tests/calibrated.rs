//! Public numbers, products and polynomials in plans that calibration has chosen: narrow openings, small rings, and the result of PyTorch within what so few bits allow.

#[allow(dead_code, reason = "each test binary uses a part")]
mod common;

use common::cases;
use undertone_runtime::party::fixed_point;
use undertone_runtime::{Plan, Settings, World};
use undertone_twin::{Device, Network};

/// The cases of public affine maps, products and polynomials.
const NAMES: [&str; 14] = [
    "scale",
    "scale_channels",
    "leaky_relu",
    "conv_leaky_relu_conv",
    "sub_broadcast",
    "mul",
    "mul_broadcast",
    "mat_mul_batched",
    "square",
    "polynomial_4",
    "polynomial_5",
    "p_relu_channels",
    "squeeze_and_excite",
    "squares",
];

#[test]
fn calibrated_plans_compute_what_pytorch_computes() {
    assert!(NAMES.iter().all(|name| cases().iter().any(|case| case.name == *name)));
    let (mut found, mut wrong) = (vec![], vec![]);
    for case in cases().iter().filter(|case| NAMES.contains(&case.name)) {
        let graph = &case.graph().unwrap();
        let figures = case.figures(graph);
        let (weights, batch) = (&figures.weights, figures.batch);
        let inputs: &[&[f32]] = &figures.inputs.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let network = Network::new(graph.clone(), weights, &Device::flex()).unwrap();
        let settings = Settings::calibrated(&network.calibrate(inputs, batch).unwrap());
        let plan = Plan::new(graph, &settings).unwrap_or_else(|e| panic!("{}: {e}", graph.name));
        plan.verify(1 << 28).unwrap_or_else(|e| panic!("{}: {e}\n{plan}", graph.name));
        found.push((graph.name.clone(), plan.settings.ring));
        let run = World::seeded(2).settings(settings.clone()).predict_graph(graph, weights, inputs, batch, &mut |_| {}).unwrap();
        let fixed = fixed_point(graph, &settings, weights, inputs, batch).unwrap();
        for (a, b) in run.output().iter().zip(fixed.output()) {
            assert!(f64::from((a - b).abs()) <= fixed.bound + 1e-6, "{}: {a} against {b}, bound {}\n{plan}", graph.name, fixed.bound);
        }
        let worst = run.output().iter().zip(&figures.output).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // 10 or 12 bits are a fraction
        if run.output().len() != figures.output.len() || worst > 0.05 {
            wrong.push((case.name, worst));
        }
    }
    assert!(wrong.is_empty(), "largest differences to PyTorch: {wrong:?}");
    assert!(found.iter().all(|(_, ring)| *ring <= 45), "{found:?}");
}
