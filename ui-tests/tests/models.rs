//! The models whose expansions are the snapshots of `undertone-macros`: here they are compiled, traced, and their graphs
//! compared with listings, which survive changes of the generated code.
#![allow(missing_docs)]
#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "every `infer` has the signature of all layers, those without fields too"
)]

use undertone::graph::Graph;
use undertone::{Model, Result};

macro_rules! models {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../dsl-macros/src/tests/models/", stringify!($name), ".rs"));

            #[test]
            fn graph() {
                super::listed(stringify!($name), <Net as undertone::Model>::graph());
            }
        })+

        const MODELS: &[&str] = &[$(stringify!($name)),+];
    };
}

models! {
    attributes_of_a_model,
    budget,
    constant_dims,
    crate_path,
    declared_shapes,
    doc_comments,
    fields,
    for_in_submodel,
    for_inclusive_range,
    for_list,
    for_nested,
    for_range,
    for_repeated_value,
    for_tuples,
    generic_layer,
    hygiene,
    input_named_as_a_stage,
    inputs_of_two_owners,
    kinds_of_parameters,
    let_and_tuple,
    loss,
    loss_of_several_values,
    model_as_layer,
    named_stage,
    nested_submodels,
    one_layer,
    path_of_layer,
    raw_names,
    release_in_a_submodel,
    release_of_a_value,
    release_to_two_roles,
    release_with_a_stage,
    releases_to_one_role,
    releases_to_several_roles,
    required_parameter,
    roles,
    several_inputs,
    submodel,
    visibility,
    weights_of_stages,
    without_weights,
}

#[test]
fn every_model_is_here() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../dsl-macros/src/tests/models");
    let mut files: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    files.sort();
    assert_eq!(files, MODELS);
}

/// Three ways to write the same repetition differ in no stage.
#[test]
fn an_inclusive_range_repeats_once_more() {
    let (open, closed) = (for_range::Net::graph().unwrap(), for_inclusive_range::Net::graph().unwrap());
    assert_eq!(open.nodes, closed.nodes);
    assert_eq!(open.stages().iter().map(|s| s.0).collect::<Vec<_>>(), ["linear_1", "linear_2", "linear_3"]);
}

/// The graph is traced once: every call returns the same one.
#[test]
fn the_graph_is_kept() {
    assert!(core::ptr::eq(one_layer::Net::graph().unwrap(), one_layer::Net::graph().unwrap()));
}

/// A submodel that a layer composes by hand answers as it does in a description.
#[test]
fn shapes_are_answered_at_run_time_too() {
    use undertone::{Shape, ShapeError};
    let block = required_parameter::Block { widths: [3, 2], ..required_parameter::Block::DEFAULT };
    assert_eq!(block.infer(&[Shape::new([4])]), Ok(Shape::new([2])));
    assert_eq!(block.infer(&[]), Err(ShapeError::arity(1, 0)));
    let net = several_inputs::Net::DEFAULT;
    assert_eq!(net.infer(&[Shape::new([2, 4, 4]), Shape::new([3])]), Ok(Shape::new([1])));
    assert_eq!(net.infer(&[Shape::new([2, 4, 4]), Shape::new([4])]), Err(ShapeError::dim(0, 3, Shape::new([4]))));
}

/// A layer and a submodel of another crate are like the standard ones.
#[test]
fn a_layer_of_another_crate() {
    use undertone::prelude::*;
    use undertone_thirdparty::{PixelShuffle, Upscale};
    secure_model! {
        model Super(image: [1, 4, 4]) -> [1, 16, 16] {
            image -> Upscale { width: 4 } -> PixelShuffle
        }
    }
    listed("a_layer_of_another_crate", Super::graph());
}

fn listed(name: &str, graph: Result<&'static Graph>) {
    let text = graph.unwrap().to_string();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, { insta::assert_snapshot!(name, text) });
}
