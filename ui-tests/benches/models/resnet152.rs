secure_model! {
    /// The bottleneck block of `ResNet`, with a projected skip.
    pub model Bottleneck { width: usize, stride: usize = 1 } (x) {
        let skip = x -> Conv2d { out: 4 * width, stride } -> BatchNorm;
        let body = x -> Conv2d { out: width } -> BatchNorm -> Relu
                     -> Conv2d { out: width, kernel: 3, stride, padding: 1 } -> BatchNorm -> Relu
                     -> Conv2d { out: 4 * width } -> BatchNorm;
        (body, skip) -> Add -> Relu
    }
}

secure_model! {
    /// The network of 152 layers, from submodels.
    pub model ResNet152(image: [3, 224, 224]) -> [1000] {
        image
            -> Conv2d { out: 64, kernel: 7, stride: 2, padding: 3 } -> BatchNorm -> Relu
            -> MaxPool2d { kernel: 3, stride: 2, padding: 1 }
            -> for _ in 0..3 { a: Bottleneck { width: 64 } }
            -> b: Bottleneck { width: 128, stride: 2 }
            -> for _ in 0..7 { b: Bottleneck { width: 128 } }
            -> c: Bottleneck { width: 256, stride: 2 }
            -> for _ in 0..35 { c: Bottleneck { width: 256 } }
            -> d: Bottleneck { width: 512, stride: 2 }
            -> for _ in 0..2 { d: Bottleneck { width: 512 } }
            -> GlobalAvgPool -> fc: Linear { out: 1000 }
    }
}
