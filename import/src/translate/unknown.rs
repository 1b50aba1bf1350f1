//! Operators without a counterpart, and what to do about them.

/// Every operator that some network can be translated with.
const KNOWN: [&str; 67] = [
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
    "DepthToSpace",
    "Div",
    "Dropout",
    "Equal",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "Gather",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "LogSoftmax",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
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
    "Shape",
    "Sigmoid",
    "Size",
    "Slice",
    "Softmax",
    "Softsign",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
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
        "Sigmoid" | "Tanh" | "Erf" | "Gelu" | "Softplus" | "Elu" | "Selu" | "Celu" | "Mish" => {
            "no layer computes it: put HardSigmoid, HardTanh, HardSwish, LeakyRelu or a polynomial in its place and train the network a little further".into()
        }
        "Softmax" | "LogSoftmax" | "Hardmax" => {
            "no layer computes it in the middle of a network: attention is not among what can be imported".into()
        }
        "Exp" | "Log" | "Sqrt" | "Reciprocal" | "Sin" | "Cos" | "Abs" | "Ceil" | "Floor" | "Round" | "Sign" => {
            "no layer computes it of a secret value: where it is close to one in the range of the values, a polynomial can take its place".into()
        }
        "InstanceNormalization" | "GroupNormalization" | "LayerNormalization" | "LRN" | "LpNormalization" | "MeanVarianceNormalization" => {
            "its statistics are those of each sample, and no layer divides by a secret: train the network with BatchNorm, whose statistics are fixed".into()
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
        assert!(super::is_known("Conv") && !super::is_known("Erf"));
    }
}
