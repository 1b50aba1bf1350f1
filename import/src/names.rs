//! What exporters call things, and what that says about the modules that they come from.
//!
//! PyTorch names weights like its modules, `layer1.0.conv1.weight`, and nodes by the path to them, `/layer1/layer1.0/conv1/Conv`. Exporters of
//! TensorFlow name both by paths with operators in them, `model/conv2d/Conv2D/ReadVariableOp:0`.

/// Endings by which PyTorch tells the weights of a module apart.
const OWN: [&str; 4] = [".weight", ".bias", ".running_mean", ".running_var"];

/// Ends of paths that name an operation or a variable and not the layer that they belong to.
const PARTS: [&str; 21] = [
    "ReadVariableOp",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "MatMul",
    "Tensordot",
    "BiasAdd",
    "FusedBatchNormV3",
    "ExpandDims",
    "depthwise",
    "batchnorm",
    "kernel",
    "depthwise_kernel",
    "bias",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
    "weight",
    "add",
    "mul",
];

/// What the keys of a layer's weights begin with: the module of the initialisers, or of the node. Empty where neither says.
pub fn prefix(node: &str, origins: &[&str]) -> String {
    let own = |origin: &str| OWN.iter().find_map(|end| origin.strip_suffix(end)).filter(|module| !module.is_empty()).map(str::to_owned);
    if let Some(module) = origins.iter().find_map(|o| own(o)) {
        return module;
    }
    let module = module(node);
    if !module.is_empty() {
        return module;
    }
    origins.iter().map(|o| layer_of(o)).find(|l| !l.is_empty()).unwrap_or_default()
}

/// The module of PyTorch in whose `forward` a node is: of `/layer1/layer1.0/conv1/Conv` that is `layer1.0.conv1`.
pub fn module(node: &str) -> String {
    let Some(path) = node.strip_prefix('/') else { return layer_of_node(node) };
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    let mut module: Vec<&str> = vec![];
    for part in parts {
        // a member of a sequence has the name of the sequence before its own
        if module.last().is_some_and(|last| part.strip_prefix(last).is_some_and(|rest| rest.starts_with('.'))) {
            module.pop();
        }
        module.push(part);
    }
    module.join(".")
}

/// Of `model/conv2d/Conv2D` that is `conv2d`; nothing for names without a path.
fn layer_of_node(node: &str) -> String {
    if node.contains('/') { layer_of(node) } else { String::new() }
}

/// The last part of a path that names no operation.
fn layer_of(origin: &str) -> String {
    let origin = origin.split(':').next().unwrap_or_default();
    if origin.is_empty() || origin.starts_with("onnx") || origin.starts_with("val_") || origin.starts_with("const") {
        return String::new();
    }
    // an operation may be numbered, `MatMul_1`
    let plain = |part: &&str| {
        !PARTS.iter().any(|p| part.strip_prefix(p).is_some_and(|rest| rest.trim_start_matches('_').chars().all(|c| c.is_ascii_digit())))
    };
    origin.split('/').rev().find(plain).unwrap_or_default().to_owned()
}

/// A text as a name of Rust: letters, digits and `_`, no keyword, no word of descriptions.
pub fn identifier(text: &str) -> String {
    const TAKEN: [&str; 48] = [
        "as", "async", "await", "box", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "final", "fn",
        "for", "if", "impl", "in", "let", "loop", "loss", "match", "mod", "model", "move", "mut", "output", "override", "priv", "pub",
        "ref", "release", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "unsafe", "use", "virtual",
        "weights", "where", "while",
    ];
    let mut name = String::new();
    for c in text.chars().take(80) {
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        if c != '_' || !name.ends_with('_') {
            name.push(c);
        }
    }
    let name = name.trim_matches('_').to_owned();
    let bad = name.is_empty()
        || TAKEN.contains(&name.as_str())
        || matches!(name.as_str(), "abstract" | "become" | "do" | "gen" | "macro" | "typeof" | "unsized" | "yield" | "from" | "to");
    if bad && !name.is_empty() { format!("{name}_") } else { name }
}

/// Whether a name means something in a description, or in a program that uses it: layers, and what the prelude has.
fn means_something(name: &str) -> bool {
    const NAMES: [&str; 95] = [
        "Above",
        "AdaptiveAvgPool1d",
        "AdaptiveAvgPool2d",
        "AdaptiveAvgPool3d",
        "AdaptiveMaxPool1d",
        "AdaptiveMaxPool2d",
        "Add",
        "ArgMax",
        "Average",
        "AvgPool1d",
        "AvgPool2d",
        "AvgPool3d",
        "BatchNorm",
        "BinaryCrossEntropy",
        "BinaryCrossEntropyWithLogits",
        "Clear",
        "Comparison",
        "Concat",
        "Config",
        "Conv1d",
        "Conv2d",
        "Conv3d",
        "ConvTranspose1d",
        "ConvTranspose2d",
        "CrossEntropy",
        "Ctc",
        "DepthwiseConv1d",
        "DepthwiseConv2d",
        "Device",
        "Dice",
        "Dropout",
        "Error",
        "Evaluation",
        "Examples",
        "Flatten",
        "GlobalAvgPool",
        "GlobalMaxPool",
        "GroupNorm",
        "HardSigmoid",
        "HardSwish",
        "HardTanh",
        "Huber",
        "InstanceNorm",
        "Interpolation",
        "L1",
        "Layer",
        "LeakyRelu",
        "Linear",
        "MatMul",
        "MaxPool1d",
        "MaxPool2d",
        "MaxPool3d",
        "Mean",
        "MeanSquaredError",
        "Model",
        "Mul",
        "Option",
        "PRelu",
        "Pad",
        "Padding",
        "Permute",
        "PixelShuffle",
        "Polynomial",
        "Prediction",
        "Relu",
        "Relu6",
        "Reshape",
        "Result",
        "S0",
        "S1",
        "S2",
        "S3",
        "S4",
        "Scale",
        "Schedule",
        "Self",
        "Session",
        "Settings",
        "Slice",
        "Softsign",
        "Split",
        "Square",
        "StaticShape",
        "String",
        "Sub",
        "Sum",
        "Threshold",
        "TopK",
        "TopKValues",
        "TrainConfig",
        "Transpose",
        "Twin",
        "TwinModel",
        "Upsample",
        "Vec",
    ];
    NAMES.binary_search(&name).is_ok() || matches!(name, "Weights" | "World" | "Some" | "None" | "Ok" | "Err" | "Box")
}

/// A name for a model: `resnet-18` becomes `Resnet18`, and `relu`, which is a layer's, `ReluNetwork`.
pub fn type_name(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let name: String = words
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        })
        .collect();
    if means_something(&name) {
        return name + "Network";
    }
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("Model{name}") }
}

/// `MaxPool2d` to `max_pool2d`, as stages without a name are called.
pub fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_lower = i > 0 && chars[i - 1].is_ascii_lowercase();
        let before_lower = i > 0 && chars.get(i + 1).is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && (after_lower || before_lower) {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_in_names() {
        for (node, origins, expected) in [
            ("/layer1/layer1.0/conv1/Conv", &["layer1.0.conv1.weight"][..], "layer1.0.conv1"),
            ("/layer1/layer1.0/conv1/Conv", &["onnx::Conv_193", "onnx::Conv_194"], "layer1.0.conv1"),
            ("/features/features.0/features.0.1/Conv", &["onnx::Conv_1"], "features.0.1"),
            ("Conv_0", &["fc.weight", "fc.bias"], "fc"),
            ("node_linear", &["val_3", "fc.bias"], "fc"),
            ("/Gemm", &["0.weight"], "0"),
            ("model/conv2d_3/Conv2D", &["model/conv2d_3/Conv2D/ReadVariableOp:0"], "conv2d_3"),
            ("StatefulPartitionedCall/model/block1_conv1/BiasAdd", &[], "block1_conv1"),
            ("n1", &["W1"], "W1"),
            ("/Add", &["onnx::Add_3"], ""),
        ] {
            assert_eq!(prefix(node, origins), expected, "{node} {origins:?}");
        }
    }

    #[test]
    fn names_are_rust() {
        assert!(["Relu", "World", "Self", "Above", "Vec"].into_iter().all(means_something) && !means_something("LeNet"));
        for (text, expected) in [
            ("layer1.0.conv1", "layer1_0_conv1"),
            ("input.1", "input_1"),
            ("Output", "output_"),
            ("for", "for_"),
            ("0", "0"),
            ("é::x", "x"),
            ("...", ""),
        ] {
            assert_eq!(identifier(text), expected);
        }
        let types = ["resnet-18", "LeNet", "3d_unet", "self", "a b", "softsign"].map(type_name);
        assert_eq!(types, ["Resnet18", "LeNet", "Model3dUnet", "SelfNetwork", "AB", "SoftsignNetwork"]);
        assert_eq!(["MaxPool2d", "Relu6", "PRelu", "GlobalAvgPool"].map(snake), ["max_pool2d", "relu6", "p_relu", "global_avg_pool"]);
    }
}
