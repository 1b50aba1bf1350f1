//! Operators without a counterpart, and what to do about them.

/// Every operator that some network can be translated with.
const KNOWN: [&str; 80] = [
    "Abs",
    "Add",
    "ArgMax",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Ceil",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvTranspose",
    "Cos",
    "DepthToSpace",
    "Div",
    "Dropout",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "Gather",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyRelu",
    "LogSoftmax",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "PRelu",
    "Pad",
    "Pow",
    "Range",
    "Reciprocal",
    "ReduceMax",
    "ReduceMean",
    "ReduceProd",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Resize",
    "Selu",
    "Shape",
    "Sigmoid",
    "Sign",
    "Sin",
    "Size",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tanh",
    "ThresholdedRelu",
    "TopK",
    "Transpose",
    "Unsqueeze",
    "Upsample",
    "Where",
];

/// Whether an operator can be translated under some circumstances.
pub fn is_known(operator: &str) -> bool {
    KNOWN.binary_search(&operator).is_ok()
}

/// Whether an operator gives what has the shape of its first input.
pub fn keeps_shape(operator: &str) -> bool {
    matches!(
        operator,
        "Sigmoid"
            | "Tanh"
            | "Erf"
            | "Exp"
            | "Log"
            | "Sqrt"
            | "Reciprocal"
            | "Softplus"
            | "Elu"
            | "Selu"
            | "Celu"
            | "Gelu"
            | "Mish"
            | "Sin"
            | "Cos"
            | "Abs"
            | "Ceil"
            | "Floor"
            | "Round"
            | "Sign"
            | "Softmax"
            | "LogSoftmax"
            | "Hardmax"
            | "LayerNormalization"
            | "InstanceNormalization"
            | "GroupNormalization"
            | "LRN"
            | "LpNormalization"
            | "BatchNormalization"
            | "Relu"
            | "LeakyRelu"
            | "PRelu"
            | "Clip"
            | "HardSigmoid"
            | "HardSwish"
            | "Softsign"
            | "ThresholdedRelu"
            | "Dropout"
            | "Cast"
    )
}

/// Why an operator cannot be translated, and what to do.
pub fn advice(operator: &str) -> String {
    match operator {
        "Celu" => "no layer computes it: Elu, between two factors, is the same".into(),
        "Hardmax" => "no layer computes it: release an ArgMax in its place".into(),
        "Ceil" | "Floor" | "Round" => "no layer rounds a secret value: leave it out of the network".into(),
        "LRN" | "LpNormalization" | "MeanVarianceNormalization" => {
            "no layer computes it: put InstanceNormalization, GroupNormalization or LayerNormalization in its place and train the network a little further".into()
        }
        "LSTM" | "GRU" | "RNN" => "recurrent layers are not among what can be imported: convolutions over time are".into(),
        "If" | "Loop" | "Scan" => "a description has no branches and no loops: export a model that always does the same".into(),
        "QuantizeLinear" | "DequantizeLinear" | "QLinearConv" | "QLinearMatMul" | "ConvInteger" | "MatMulInteger" | "DynamicQuantizeLinear" => {
            "the network is quantised: export it before that, the private run has its own number format".into()
        }
        "Upsample" => "opset 10 replaced it by Resize: export the network with opset_version=17".into(),
        "Einsum" => "write it as MatMul and Transpose".into(),
        _ => "there is no layer for this operator: leave it out, or replace it by operators that there are layers for".into(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_sorted() {
        assert!(super::KNOWN.is_sorted());
        assert!(super::is_known("Conv") && !super::is_known("Round"));
    }
}
