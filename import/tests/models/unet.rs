// Translated by `undertone import` from `unet.onnx`, opset 13, made by pytorch 2.15.0.

use undertone::prelude::*;

secure_model! {
    /// `unet.onnx`, opset 13, made by pytorch 2.15.0.
    pub model Unet(image: [1, 12, 12]) -> [1, 12, 12] {
        let down1_2 = image -> #[weights("down1.0")] down1_0: Conv2d { out: 4, kernel: 3, padding: 1 } -> Relu;
        let up_2 = down1_2
            -> MaxPool2d
            -> #[weights("down2.0")] down2_0: Conv2d { out: 8, kernel: 3, padding: 1 } -> Relu
            -> up: ConvTranspose2d { out: 4, kernel: 2, stride: 2 };
        (down1_2, up_2)
            -> Concat
            -> #[weights("last.0")] last_0: Conv2d { out: 4, kernel: 3, padding: 1 } -> Relu
            -> #[weights("last.2")] last_2: Conv2d { out: 1 }
    }
}
