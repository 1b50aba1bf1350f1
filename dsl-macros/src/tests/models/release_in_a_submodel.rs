use undertone::prelude::*;

secure_model! {
    /// A submodel that ends with an index gives one.
    model Decode { axis: usize = 0 } (x) {
        x -> ArgMax { axis }
    }
}

secure_model! {
    model Inner(x: [4]) -> [4] {
        x -> Linear { out: 4 }
    }
    release class: [] = output -> Decode to client
}

secure_model! {
    /// What `Inner` releases is not released here.
    model Net(x: [4] from speaker) -> [] {
        x -> Inner -> Decode
    }
    release output to speaker
}
