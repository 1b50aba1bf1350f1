use undertone::prelude::*;

secure_model! {
    model Block { width: usize } (x) {
        x -> #[weights("conv1")] a: Conv2d { out: width, kernel: 3, padding: 1 } -> BatchNorm -> Relu
    }
}

secure_model! {
    /// Weights called as torchvision calls those of a ResNet.
    pub model Net(image: [1, 4, 4]) -> [2] {
        image
            -> #[weights("layer1.0")] Block { width: 2 }
            -> for (layer, width) in [(2, 4), (3, 8)] {
                for i in 0..2 { #[weights("layer{layer}.{i}")] block: Block { width } }
            }
            -> GlobalAvgPool
            -> #[weights("fc")] head: Linear { out: 2 }
    }
}
