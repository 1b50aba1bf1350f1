//! What cannot be translated is named, with what to do; all of it at once.

mod common;

use common::Folder;
use common::build::{Is, Message, Net};
use undertone_import::{ImportError, Options};

/// A network of one node after an input of these sizes.
fn one(sizes: &[i64], operator: &str, more: &[&str], attributes: &[(&str, Is)]) -> Net {
    Net::new(sizes).node(operator, &[&["x"], more].concat(), &["y"], attributes)
}

fn refused(net: &Net, words: &str) {
    let folder = Folder::new("refused");
    let error = folder.refused(&net.bytes());
    assert!(error.contains(words), "`{words}` is not in: {error}");
}

#[test]
fn files_that_are_no_networks_of_known_versions() {
    let good = one(&[-1, 4], "Relu", &[], &[]);
    let folder = Folder::new("versions");
    assert!(folder.import(&good.bytes(), &Options::default()).is_ok());
    for opset in [1, 10, 22, 1000, -1] {
        refused(&Net { opset, ..good.clone() }, &format!("is of opset {opset}, and opsets 11 to 21 are known"));
    }
    for format in [1, 2, 14, 1 << 40] {
        refused(&Net { format, ..good.clone() }, &format!("is of version {format} of the format"));
    }
    for bytes in [&b""[..], b"PK\x03\x04", b"\x08", b"something else"] {
        assert!(folder.refused(bytes).contains("not a whole file of ONNX"), "{bytes:?}");
    }
    let missing = undertone_import::onnx(folder.0.join("none.onnx"), &Options::default()).unwrap_err().to_string();
    assert!(missing.contains("none.onnx: cannot be read"), "{missing}");
    let mut functions = good.bytes();
    functions.extend(Message::default().bytes(25, "").0);
    assert!(folder.refused(&functions).contains("brings functions of its own"));
}

#[test]
fn every_problem_is_named_at_once() {
    let net = Net::new(&[-1, 3, 8, 8])
        .node("Round", &["x"], &["a"], &[])
        .node_of("com.microsoft", "FusedConv", &["a"], &["b"], &[])
        .node("Conv", &["a", "x"], &["c"], &[])
        .node("LSTM", &["c"], &["d"], &[])
        .node("Relu", &["d"], &["e"], &[])
        .node("Einsum", &["e", "b"], &["y"], &[]);
    let folder = Folder::new("all");
    let ImportError::Untranslated { problems, .. } = folder.import(&net.bytes(), &Options::default()).unwrap_err() else {
        panic!("another error")
    };
    let named: Vec<(&str, &str)> = problems.iter().map(|p| (p.node.as_str(), p.operator.as_str())).collect();
    assert_eq!(
        named,
        [("the_round", "Round"), ("the_fusedconv", "FusedConv"), ("the_conv", "Conv"), ("the_lstm", "LSTM"), ("the_einsum", "Einsum")]
    );
    let error = folder.refused(&net.bytes());
    for words in [
        "5 nodes of the network cannot be translated",
        "`the_round` (Round): no layer rounds a secret value",
        "an operator of `com.microsoft`",
        "its weight is computed while the network runs",
        "recurrent layers",
        "write it as MatMul",
    ] {
        assert!(error.contains(words), "`{words}` is not in: {error}");
    }
}

#[test]
fn samples_stay_apart() {
    let numbers = |all: &'static [i64]| Is::Numbers(all);
    refused(&one(&[-1, 4, 6], "Transpose", &[], &[("perm", numbers(&[1, 0, 2]))]), "it moves the axis of the samples");
    refused(&one(&[-1, 4, 6], "Flatten", &[], &[("axis", Is::Number(0))]), "it joins the samples with another axis");
    refused(&one(&[-1, 4, 6], "Reshape", &["s"], &[]).sizes("s", &[-1]), "the first axis has to stay that of the samples");
    refused(&one(&[-1, 4, 6], "Reshape", &["s"], &[]).sizes("s", &[-1, 12]), "it makes [-1, 12] of [4, 6]");
    refused(&one(&[-1, 4, 6], "ReduceMean", &[], &[("axes", numbers(&[0, 1]))]), "across the samples of a batch");
    refused(&one(&[-1, 4, 6], "ReduceMean", &[], &[]), "it reduces all axes");
    refused(&one(&[-1, 4, 6], "Slice", &["s", "e"], &[]).sizes("s", &[1]).sizes("e", &[2]), "it takes some of the samples");
    refused(&one(&[-1, 4, 6], "Gather", &["s"], &[]).sizes("s", &[1]), "across the samples");
    refused(&one(&[-1, 4, 6], "Concat", &["x"], &[("axis", Is::Number(0))]), "across the samples");
    refused(&Net::new(&[-1, 4, 6]).input("z", 1, &[-1, 6]).node("Add", &["x", "z"], &["y"], &[]), "give both the same number of axes");
}

#[test]
fn attributes_that_no_layer_has() {
    let conv = |attributes: &[(&str, Is)]| one(&[-1, 2, 8, 8], "Conv", &["w"], attributes).weight("w", &[2, 2, 3, 3], &[0.5; 36]);
    refused(&conv(&[("pads", Is::Numbers(&[1, 1]))]), "its pads are [1, 1]");
    refused(&conv(&[("pads", Is::Numbers(&[-1, 0, 0, 0]))]), "two numbers of at least 0");
    refused(&conv(&[("strides", Is::Numbers(&[0, 1]))]), "its strides are [0, 1]");
    refused(&conv(&[("group", Is::Number(3))]), "in 3 groups, and its input [2, 8, 8]");
    refused(&conv(&[("auto_pad", Is::Text("AROUND"))]), "its auto_pad is `AROUND`");
    refused(&conv(&[("dilations", Is::Numbers(&[9, 9]))]), "its kernel reaches over 19 elements");
    refused(&conv(&[("kernel_shape", Is::Numbers(&[5, 5]))]), "its kernel_shape is [5, 5], and its weight has [3, 3]");
    refused(&one(&[-1, 2, 8, 8], "MaxPool", &[], &[]), "its kernel_shape is missing");
    refused(
        &one(&[-1, 2, 8, 8], "AveragePool", &[], &[("kernel_shape", Is::Numbers(&[2, 2])), ("pads", Is::Numbers(&[0, 0, 1, 1]))]),
        "on one side alone",
    );
    refused(
        &one(&[-1, 2, 8, 8], "Resize", &["", "s"], &[("mode", Is::Text("cubic"))]).weight("s", &[4], &[1.0, 1.0, 2.0, 2.0]),
        "its mode is `cubic`",
    );
    refused(&one(&[-1, 2, 8, 8], "Resize", &["", "s"], &[]).weight("s", &[4], &[1.0, 1.0, 1.5, 2.0]), "by 1.5: whole factors");
    refused(&one(&[-1, 4], "Pow", &["p"], &[]).weight("p", &[], &[0.3]), "its exponent is 0.3");
    refused(&one(&[-1, 4], "Div", &["w"], &[]).weight("w", &[4], &[1.0, 2.0, 0.0, 1.0]), "it divides by 0");
    refused(&one(&[-1, 4], "Gemm", &["w"], &[("transA", Is::Number(1))]).weight("w", &[4, 1], &[1.0; 4]), "it transposes its input");
    refused(
        &one(&[-1, 2, 8, 8], "BatchNormalization", &["w", "w", "w", "w"], &[("training_mode", Is::Number(1))]).weight("w", &[2], &[1.0; 2]),
        "call model.eval() before the export",
    );
    refused(&one(&[-1, 4], "Hardmax", &[], &[]), "release an ArgMax in its place");
    refused(&one(&[-1, 4], "Cast", &[], &[("to", Is::Number(7))]), "it rounds to integers");
    refused(&one(&[-1, 4], "If", &[], &[("then_branch", Is::Graph)]), "no branches and no loops");
    refused(&one(&[-1, 4], "Upsample", &[], &[]), "opset 10 replaced it by Resize");
    refused(&one(&[-1, 4], "DequantizeLinear", &[], &[]), "the network is quantised");
}

#[test]
fn functions_and_rows_that_no_layer_has() {
    refused(&one(&[-1, 4], "Elu", &[], &[("alpha", Is::Float(f32::NAN))]), "its alpha is NaN");
    refused(&one(&[-1, 4], "Selu", &[], &[("gamma", Is::Float(1.5))]), "its gamma 1.5, and PyTorch's alone have a layer");
    refused(&one(&[-1, 4], "Selu", &[], &[("alpha", Is::Float(f32::NAN))]), "its alpha is NaN");
    refused(&one(&[-1, 4], "Gelu", &[], &[("approximate", Is::Text("sigmoid"))]), "its approximate is `sigmoid`");
    refused(&one(&[-1, 4], "Celu", &[], &[]), "Elu, between two factors, is the same");
    refused(&one(&[-1, 4], "LRN", &[], &[]), "no layer computes it: put InstanceNormalization");
    refused(&one(&[-1, 4, 6], "Max", &["x", "x"], &[]), "compare them two by two");
    refused(&one(&[-1, 4, 6], "Min", &["w"], &[]).weight("w", &[6], &[1.0; 6]), "a constant that is not one number");
    refused(&one(&[-1, 4], "Softmax", &[], &[("axis", Is::Number(0))]), "across the samples of a batch");
    refused(&one(&[-1, 4], "LogSoftmax", &[], &[("axis", Is::Number(2))]), "its axis 2 is none of the 2 of its input");
    // of more than one axis before opset 13, of the last one since then
    let joined = one(&[-1, 4, 6], "Softmax", &[], &[]);
    refused(&Net { opset: 12, ..joined.clone() }, "before opset 13 it is one of all elements of [4, 6] together");
    assert!(Folder::new("rows").import(&joined.bytes(), &Options::default()).unwrap().source.contains("Softmax { axis: 1 }"));
    let layer = |attributes: &[(&str, Is)]| one(&[-1, 4, 6], "LayerNormalization", &["w"], attributes).weight("w", &[6], &[1.0; 6]);
    assert!(Folder::new("norm").import(&layer(&[]).bytes(), &Options::default()).is_ok());
    refused(&layer(&[("axis", Is::Number(0))]), "across the samples of a batch");
    refused(&layer(&[("axis", Is::Number(1))]), "it normalises [4, 6], and its weights are [6]");
    refused(&layer(&[("epsilon", Is::Float(0.0))]), "its epsilon is 0");
    refused(
        &Net::new(&[-1, 6]).node("LayerNormalization", &["x", "w"], &["y", "mean"], &[]).weight("w", &[6], &[1.0; 6]),
        "its mean and its deviation are outputs as well",
    );
    let group =
        |groups| one(&[-1, 4, 6], "GroupNormalization", &["w", "w"], &[("num_groups", Is::Number(groups))]).weight("w", &[4], &[1.0; 4]);
    refused(&group(2), "before opset 21 it has a scale for each group");
    for groups in [0, 3, -1] {
        refused(&Net { opset: 21, ..group(groups) }, "groups of 4 channels");
    }
    refused(
        &one(&[-1, 4, 6], "InstanceNormalization", &["w", "w"], &[]).weight("w", &[6], &[1.0; 6]),
        "its input has 4 channels, and its weights [6]",
    );
}

#[test]
fn inputs_and_outputs_that_no_model_has() {
    refused(&Net::new(&[-1, 3, -1, -1]).node("Relu", &["x"], &["y"], &[]), "as in --input x=3,224,224");
    refused(&Net::new(&[]).node("Relu", &["x"], &["y"], &[]), "without an axis for the samples");
    refused(&Net::new(&[-1, 0]).node("Relu", &["x"], &["y"], &[]), "whose size is open");
    refused(&Net::new(&[-1, 2, 2, 2, 2, 2]).node("Relu", &["x"], &["y"], &[]), "at most 4 axes");
    refused(&Net::new(&[-1, 4]).input("z", 7, &[-1, 4]).node("Relu", &["x"], &["y"], &[]), "the input `z`, which holds integers");
    refused(&Net::new(&[-1, 4]).node("Identity", &["x"], &["y"], &[]), "which is an input as it is");
    refused(&Net::new(&[-1, 4]).node("Shape", &["x"], &["y"], &[]), "which does not depend on its inputs");
    let folder = Folder::new("shapes");
    let open = Net::new(&[-1, 3, -1, -1]).node("Relu", &["x"], &["y"], &[]).bytes();
    let options = |name: &str| Options { shapes: vec![(name.into(), vec![3, 5, 7])], ..Options::default() };
    assert!(folder.import(&open, &options("x")).unwrap().source.contains("(x: [3, 5, 7]) -> [3, 5, 7]"));
    assert!(folder.import(&open, &options("z")).unwrap_err().to_string().contains("has no input `z`: its inputs are `x`"));
}
