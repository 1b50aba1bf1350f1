// Translated by `undertone import` from `one_axis.onnx`, opset 13, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `one_axis.onnx`, opset 13, made by pytorch 2.15.0.
    pub model OneAxis(sound: [2, 16]) -> [2, 4] {
        sound
            -> #[weights("seq.0")] seq_0: Conv1d { out: 4, kernel: 3, stride: 2, padding: 1 } -> Relu
            -> #[weights("seq.3")] seq_3: DepthwiseConv1d { kernel: 3, padding: 2, dilation: 2 } -> MaxPool1d
            -> #[weights("seq.5")] seq_5: ConvTranspose1d { out: 2, kernel: 3, stride: 2, padding: 1, output_padding: 1 }
            -> AvgPool1d { kernel: 3, stride: 2, padding: 1, count_include_pad: false }
    }
}
