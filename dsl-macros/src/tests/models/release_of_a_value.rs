use undertone::prelude::*;

secure_model! {
    model Net(x: [4], y: [4]) -> [2] {
        let hidden = x -> Linear { out: 4 };
        (hidden, y) -> Add -> Linear { out: 2 }
    }
    release hidden: [4] = hidden to client
    release sum: [4] = (hidden, y) -> Add -> Relu to server
    release r#type: [2] = output -> for _ in 0..2 { Relu } to client
}
