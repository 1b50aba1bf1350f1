use super::*;
use crate::graph::op::Conv;
use crate::graph::{Init, trace};
use undertone_shape::Shape;

fn graph(name: &str, padding: usize, more: bool) -> Graph {
    trace(name, &[("x", Shape::new([1, 4, 4]))], |g, x| {
        let w = g.parameter("a.weight", [2, 1, 3, 3], Init::Constant(0.0));
        let b = g.parameter("a.bias", [2], Init::Constant(0.0));
        let side = 2 + 2 * padding;
        let conv = Conv { padding: [padding; 3], ..Conv::PLAIN };
        let y = g.stage("a", Ok(Shape::new([2, side, side])), |g| g.conv(x[0], w, Some(b), conv));
        let y = g.stage("relu", Ok(y.shape()), |g| g.relu(y));
        if more { g.stage("again", Ok(y.shape()), |g| g.relu(y)) } else { y }
    })
    .unwrap()
}

fn weights() -> Weights {
    let mut weights = Weights::empty();
    // the second channel is the larger one: 9 times 0.75
    weights.insert("a.weight", Shape::new([2, 1, 3, 3]), [[0.25f32; 9], [-0.75; 9]].concat());
    weights.insert("a.bias", Shape::new([2]), vec![0.1, -0.3]);
    weights
}

fn seen() -> Calibration {
    let graph = graph("M", 1, false);
    let mut seen = Calibration::new(&graph, &weights()).unwrap();
    let ranges = |low: f32, high: f32| {
        let of = |node: &Node| match node.op {
            Op::Input(_) => [-1.0, 0.5],
            Op::Parameter(_) => [f32::NAN; 2],
            Op::Relu => [0.0, high],
            _ => [low, high],
        };
        graph.nodes.iter().map(of).collect::<Vec<_>>()
    };
    seen.record(&graph, 3, &ranges(-4.0, 2.0)).unwrap();
    seen.record(&graph, 2, &ranges(-1.0, 3.5)).unwrap();
    seen
}

#[test]
fn batches_widen_the_ranges_and_weights_leave_powers_of_two() {
    let seen = seen();
    assert_eq!((seen.model(), seen.samples()), ("M", 5));
    assert_eq!(seen.inputs()[0], Seen { name: "x".into(), range: [-1.0, 0.5] });
    assert_eq!((seen.largest("a"), seen.largest("relu"), seen.largest("b")), (Some(4.0), Some(3.5), None));
    assert_eq!(seen.products(), [Size { stage: "a".into(), weights: 3, bias: -1 }], "6.75 is at most 2^3, 0.3 at most 2^-1");
    let ranges = seen.ranges(&graph("M", 1, false)).unwrap();
    let of = |op: &str| ranges[graph("M", 1, false).nodes.iter().position(|n| n.op.name() == op).unwrap()];
    assert_eq!((of("input"), of("parameter"), of("conv"), of("relu")), (Some([-1.0, 0.5]), None, Some([-4.0, 3.5]), Some([0.0, 3.5])));
}

#[test]
fn a_file_gives_back_what_was_saved_and_anything_else_is_an_error() {
    let folder = std::env::temp_dir().join(format!("undertone-calibration-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("m.toml");
    seen().save(&path).unwrap();
    assert_eq!(Calibration::load(&path).unwrap(), seen());
    let text = std::fs::read_to_string(&path).unwrap();
    let with = |text: String| {
        std::fs::write(&path, text).unwrap();
        Calibration::load(&path).unwrap_err().to_string()
    };
    let later = with(text.replace("version = 1", "version = 7"));
    assert!(later.contains("is a calibration of version 7; this program knows 1: calibrate again"), "{later}");
    let unknown = with(text.replace("samples", "sample"));
    assert!(unknown.contains("m.toml: is no calibration: unknown field `sample`"), "{unknown}");
    let half = with(text[..text.len() / 2].to_owned());
    assert!(half.contains("is no calibration"), "{half}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(Calibration::load(&path).unwrap_err().to_string().contains("cannot be read"));
    assert!(seen().save(&path).unwrap_err().to_string().contains("cannot be written"));
}

#[test]
fn another_description_is_refused_by_the_names_of_its_stages() {
    let refused = |graph: &Graph| seen().check(graph).unwrap_err().to_string();
    assert_eq!(seen().check(&graph("M", 1, false)), Ok(()));
    assert!(refused(&graph("Other", 1, false)).contains("stage `calibration`: the calibration cannot be used: it is one of `M`"));
    let text = refused(&graph("M", 0, true));
    assert!(text.contains("another description: `a` has changed, `relu` has changed, `again` is new. Calibrate again"), "{text}");
    let longer = Calibration::new(&graph("M", 1, true), &weights()).unwrap();
    assert!(longer.check(&graph("M", 1, false)).unwrap_err().to_string().contains("`again` is gone"));
    let twice = |second: bool| {
        trace("T", &[("x", Shape::new([2]))], |g, x| {
            let y = g.stage("a", Ok(x[0].shape()), |g| g.relu(x[0]));
            g.stage("b", Ok(y.shape()), |g| g.add(y, if second { x[0] } else { y }))
        })
        .unwrap()
    };
    let one = Calibration::new(&twice(false), &Weights::empty()).unwrap();
    assert!(one.check(&twice(true)).unwrap_err().to_string().contains("the stages are the same, but read other values"));
}

#[test]
fn without_samples_or_with_values_that_are_not_finite_there_is_no_calibration() {
    let graph = graph("M", 1, false);
    let mut seen = Calibration::new(&graph, &weights()).unwrap();
    assert!(seen.check(&graph).unwrap_err().to_string().contains("it has seen no samples"));
    let mut ranges = vec![[0.0f32, 1.0]; graph.nodes.len()];
    *ranges.last_mut().unwrap() = [0.0, f32::INFINITY];
    let error = seen.record(&graph, 1, &ranges).unwrap_err().to_string();
    assert!(error.contains("stage `relu`: the values of relu are not finite"), "{error}");
    assert_eq!(seen.samples(), 0, "nothing of it is taken");
    assert!(seen.record(&graph, 1, &ranges[1..]).is_err());
    assert!(Calibration::new(&graph, &Weights::empty()).unwrap_err().to_string().contains("`a.weight` [2, 1, 3, 3] is missing"));
}
