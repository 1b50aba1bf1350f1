//! The twin of a model with types, as generated code would have it.

mod common;

use common::{random, rng};
use std::sync::OnceLock;
use undertone_runtime::graph::{Graph, Init, trace};
use undertone_runtime::weights::Precision;
use undertone_runtime::{Clear, Model, NoTarget, Result, S1, S2, World};
use undertone_shape::Shape;
use undertone_twin::{Device, Examples, TrainConfig, TwinModel};

/// Classes by the sign of a picture's weighted sum, and of a second input added to it.
#[derive(Debug)]
struct Signs;

impl Model for Signs {
    const NAME: &'static str = "Signs";
    type Input = (Clear<S2<2, 3>>, Clear<S1<2>>);
    type Output = S1<2>;

    type Target = NoTarget;
    type Released = Clear<S1<2>>;
    fn released(mut opened: undertone_runtime::Opened) -> Result<Self::Released> {
        opened.take("output")
    }
    fn graph() -> Result<&'static Graph> {
        static GRAPH: OnceLock<Result<Graph>> = OnceLock::new();
        let traced = || {
            trace("Signs", &[("picture", Shape::new([2, 3])), ("shift", Shape::new([2]))], |g, x| {
                let (w, b) =
                    (g.parameter("fc.weight", [2, 6], Init::Uniform { fan_in: 6 }), g.parameter("fc.bias", [2], Init::Constant(0.0)));
                let flat = g.reshape(x[0], [6]);
                let y = g.linear(flat, w, Some(b));
                g.add(y, x[1])
            })
        };
        GRAPH.get_or_init(traced).as_ref().map_err(Clone::clone)
    }
}

fn examples(count: usize, seed: u64) -> Examples<<Signs as Model>::Input> {
    let (pictures, shifts) = (random(&mut rng(seed), 6 * count), random(&mut rng(seed + 1), 2 * count));
    let label = |(p, s): (&[f32], &[f32])| usize::from(2.0 * p[0] - 3.0 * p[4] + p[5] - s[0] + s[1] > 0.0);
    let labels = pictures.chunks(6).zip(shifts.chunks(2)).map(label).collect();
    Examples::new((Clear::new(pictures).unwrap(), Clear::new(shifts).unwrap()), labels).unwrap()
}

#[test]
fn a_model_with_two_inputs_trains_saves_and_predicts() {
    let (train, test) = (examples(400, 61), examples(100, 71));
    let mut twin = Signs::twin_seeded(&Device::flex(), 62).unwrap();
    let config = TrainConfig { epochs: 30, batch: 32, learning_rate: 5e-2, seed: Some(63), progress: false, ..TrainConfig::default() };
    twin.train(&train, &config).unwrap();
    let evaluation = twin.evaluate(&test).unwrap();
    assert!(evaluation.correct >= Some(95), "{evaluation}, seeds 61 to 63 and 71");
    let scores = twin.predict(&test.inputs).unwrap();
    let correct = scores.argmax().iter().zip(&test.labels).filter(|(a, b)| a == b).count();
    assert_eq!((scores.batch(), correct), (100, evaluation.correct.unwrap()));

    let path = std::env::temp_dir().join(format!("undertone-signs-{}.safetensors", std::process::id()));
    twin.weights().unwrap().save(&path, Precision::Single).unwrap();
    let loaded = Signs::twin_with(&Device::flex(), &Signs::load(&path).unwrap()).unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(loaded.predict(&test.inputs).unwrap().values(), scores.values());

    let ranges = twin.ranges(&test.inputs).unwrap();
    assert_eq!(ranges[0].0, "picture");
    assert!(ranges[0].1 <= 1.0 && ranges[0].1 > 0.9, "{ranges:?}");
    assert_eq!(format!("{twin:?}"), "Twin(Signs)");
}

#[test]
fn seeds_make_twins_equal_and_the_operating_system_makes_them_differ() {
    let weights = |twin: Result<undertone_twin::Twin<Signs>>| twin.unwrap().weights().unwrap();
    let device = Device::flex();
    assert_eq!(weights(Signs::twin_seeded(&device, 1)), weights(Signs::twin_seeded(&device, 1)));
    assert_ne!(weights(Signs::twin_seeded(&device, 1)), weights(Signs::twin_seeded(&device, 2)));
    assert_ne!(weights(Signs::twin(&device)), weights(Signs::twin(&device)));
    let initial = weights(Signs::twin(&device));
    let bound = 1.0 / 6.0f32.sqrt();
    let (_, values) = initial.get("fc.weight").unwrap();
    assert!(values.iter().all(|v| v.abs() <= bound) && values.iter().any(|v| v.abs() > 0.3 * bound));
    assert_eq!(initial.get("fc.bias").unwrap().1, [0.0, 0.0]);
}

#[test]
fn examples_need_one_label_a_sample() {
    let pictures = Clear::<S2<2, 3>>::new(vec![0.0; 12]).unwrap();
    let error = Examples::new(pictures.clone(), vec![0]).unwrap_err().to_string();
    assert_eq!(error, "input `labels`: 1 labels for 2 samples");
    let shifts = Clear::<S1<2>>::new(vec![0.0; 6]).unwrap();
    let error = Examples::new((pictures, shifts), vec![0, 1]).unwrap_err().to_string();
    assert!(error.contains("different numbers of samples"), "{error}");
}

#[test]
fn only_a_recorded_run_can_be_compared() {
    let inputs = examples(3, 81).inputs;
    let twin = Signs::twin_seeded(&Device::flex(), 82).unwrap();
    let weights = twin.weights().unwrap();
    let plain = World::two_party().predict::<Signs>(&weights, &inputs).unwrap();
    assert!(twin.compare(&plain, &inputs).unwrap_err().to_string().contains("were not recorded"));
    let recorded = World::two_party().record().predict::<Signs>(&weights, &inputs).unwrap();
    let twin_output = twin.predict(&inputs).unwrap();
    for (a, b) in recorded.output.values().iter().zip(twin_output.values()) {
        assert!((a - b).abs() < 1e-3, "{a} against {b}");
    }
    assert_eq!(twin.compare(&recorded, &inputs).unwrap().stages.len(), 0, "this model has no stages, only operations");
}
