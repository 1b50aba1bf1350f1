use undertone::prelude::*;

secure_model! {
    model Net(x: [4]) -> [4] {
        x -> Relu
    }
    release output to client, auditor
}
