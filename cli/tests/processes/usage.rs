//! What the user gives is checked before anybody is called: exit code 2, one line that says what to do.

use crate::common::{Cast, Exit, Scene, expected, graph};
use undertone_runtime::weights::Precision;
use undertone_runtime::{Settings, Weights};

fn party(scene: &Scene, name: &str, arguments: &[&str]) -> Exit {
    let config = format!("{name}.toml");
    scene.start(name, &[&["party", "--config", &config, "--plan", "small.plan"], arguments].concat()).exit()
}

#[test]
fn inputs_weights_and_outputs_are_those_of_the_role() {
    let scene = Scene::new(Cast::default());
    let hospital = |arguments: &[&str]| party(&scene, "hospital", arguments);
    let (x, y, w) = (["--input", "x.safetensors"], ["--output", "y.safetensors"], ["--weights", "w.safetensors"]);
    hospital(&y).refused(&["party 0 owns inputs of `Small`: give them with --input"]);
    hospital(&x).refused(&["values are released to party 0: say where to write them"]);
    hospital(&[x, y, w].concat()).refused(&["the weights of `Small` are those of party 1"]);
    hospital(&[x, y, ["--role", "model"]].concat()).refused(&["`hospital` has role `patient` in this plan, not `model`"]);
    hospital(&[x, ["--output", "none/y"]].concat()).refused(&["none/y: is a folder, or is in none"]);
    hospital(&[x, ["--output", "."]].concat()).refused(&[".: is a folder"]);
    hospital(&[["--input", "none"], y].concat()).refused(&["none: cannot be read"]);
    hospital(&[["--input", "w.safetensors"], y].concat()).refused(&["is no input of party 0; its inputs are `x`"]);
    hospital(&[["--input", "small.plan"], y].concat()).refused(&["not a whole safetensors file"]);
    let clinic = |arguments: &[&str]| party(&scene, "clinic", arguments);
    clinic(&[]).refused(&["party 1 owns the weights of `Small`: give them with --weights"]);
    clinic(&[w, x].concat()).refused(&["party 1 owns no input"]);
    clinic(&[w, y].concat()).refused(&["nothing is released to party 1: leave out --output y.safetensors"]);
    clinic(&["--weights", "x.safetensors"]).refused(&["the weights do not fit `Small`"]);
    assert!(!scene.path("y.safetensors").exists());
}

#[test]
fn values_and_shapes_are_checked_and_never_printed() {
    let scene = Scene::new(Cast::default());
    let given = |shape: &[usize], value: f32| {
        let mut input = Weights::empty();
        input.insert("x", undertone_runtime::Shape::from_slice(shape), vec![value; shape.iter().product()]);
        input.save(scene.path("other.safetensors"), Precision::Single).unwrap();
        party(&scene, "hospital", &["--input", "other.safetensors", "--output", "y.safetensors"])
    };
    given(&[2, 8, 8], 0.5).refused(&["has shape [2, 8, 8]: it should be [samples] and [1, 8, 8]"]);
    given(&[2, 1, 8, 9], 0.5).refused(&["it should be [samples]"]);
    let large = given(&[2, 1, 8, 8], 123_456.0);
    large.refused(&["input `x`: sample 0, position 0: must be finite and below 65536"]);
    assert!(!large.err.contains("123456"));
    given(&[1, 1, 8, 8], f32::NAN).refused(&["must be finite"]);
}

#[test]
fn plans_and_configurations_that_do_not_fit_are_named() {
    let scene = Scene::new(Cast::default());
    let with_plan =
        |plan: &str| scene.start("clinic", &["party", "--config", "clinic.toml", "--plan", plan, "--weights", "w.safetensors"]).exit();
    with_plan("none.plan").refused(&["none.plan: cannot be read"]);
    with_plan("w.safetensors").refused(&["is no plan of Undertone"]);
    let mut bytes = std::fs::read(scene.path("small.plan")).unwrap();
    bytes[200] ^= 1;
    std::fs::write(scene.path("damaged.plan"), bytes).unwrap();
    with_plan("damaged.plan").refused(&["damaged.plan: is damaged"]);
    let other = undertone_runtime::Plan::new(&graph("Small", "reader"), &Settings::default()).unwrap();
    other.save(scene.path("reader.plan")).unwrap();
    with_plan("reader.plan").refused(&["for 2 parties and 1 clients, the deployment has 2 and 0"]);
    let swapped = std::fs::read_to_string(scene.path("deployment.toml")).unwrap().replace("model = \"clinic\"", "model = \"hospital\"");
    std::fs::write(scene.path("deployment.toml"), swapped).unwrap();
    with_plan("small.plan").refused(&["role `model` at party 1, the deployment at party 0: export the plan"]);
    scene.configure("clinic", &[("name = ", "nmae = ")]);
    with_plan("small.plan").refused(&["clinic.toml, `nmae`: unknown field"]);
}

#[test]
fn a_plan_is_printed_with_its_costs_and_with_who_learns_what() {
    let scene = Scene::new(Cast { doctor: true, ..Cast::default() });
    let exit = scene.start("plan", &["plan", "small.plan", "--batch", "4"]).done();
    for text in [
        "Small x 4",
        "role `patient` at party 0: gives input `x` [1, 8, 8]; learns nothing",
        "role `reader` at client 0: gives nothing; learns `score` [3], `class` []",
        "total",
    ] {
        assert!(exit.out.contains(text), "`{text}` is not in {}", exit.out);
    }
    scene.start("plan", &["plan", "x.safetensors"]).exit().refused(&["is no plan"]);
}

#[test]
fn certificates_are_made_once_and_never_overwritten() {
    let scene = Scene::new(Cast::default());
    let make = |names: &[&str]| scene.start("certs", &[&["certs", "--out", "mine"], names].concat()).exit();
    assert_eq!(make(&["hospital", "clinic"]).code, Some(0));
    for file in ["ca.pem", "hospital.pem", "hospital.key", "clinic.pem", "clinic.key"] {
        assert!(scene.path("mine").join(file).is_file(), "{file}");
    }
    make(&["hospital"]).refused(&["is there already"]);
    make(&["The Bank"]).refused(&["cannot be the name of an endpoint"]);
    assert_eq!(make(&[]).code, Some(2));
}

#[test]
fn the_reference_is_no_constant() {
    assert!(expected(0).iter().zip(expected(1)).any(|(a, b)| (a - b).abs() > 0.1), "other weights give other scores");
    assert!(expected(0).iter().any(|v| v.abs() > 0.1));
}
