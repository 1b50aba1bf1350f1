use undertone::layers;

undertone::secure_model! {
    model Net(x: [4]) -> [4] {
        x -> layers::Relu -> ::undertone::layers::Linear { out: 4 }
    }
}
