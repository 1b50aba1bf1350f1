// Translated by `undertone import` from `mobilenet_17.onnx`, opset 17, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `mobilenet_17.onnx`, opset 17, made by pytorch 2.15.0.
    pub model Mobilenet17(image: [3, 12, 12]) -> [6] {
        let stem_2 = image
            -> #[weights("stem.0")] stem_0: Conv2d { out: 4, kernel: 3, stride: 2, padding: 1 } -> HardSwish;
        let depthwise_2 = stem_2
            -> #[weights("expand.0")] expand_0: Conv2d { out: 8 } -> Relu6
            -> #[weights("depthwise.0")] depthwise_0: DepthwiseConv2d { kernel: 3, padding: 1 } -> Relu6;
        let squeeze_4 = depthwise_2
            -> GlobalAvgPool -> Reshape { to: &[8, 1, 1] }
            -> #[weights("squeeze.1")] squeeze_1: Conv2d { out: 4 } -> Relu
            -> #[weights("squeeze.3")] squeeze_3: Conv2d { out: 8 } -> HardSigmoid;
        let project_0_2 = (depthwise_2, squeeze_4) -> Mul -> #[weights("project.0")] project_0: Conv2d { out: 4 };
        (stem_2, project_0_2) -> Add -> GlobalAvgPool -> classifier: Linear { out: 6 }
    }
}
