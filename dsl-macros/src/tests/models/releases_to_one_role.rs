use undertone::prelude::*;

const CLASSES: usize = 3;

secure_model! {
    pub model Net(x: [4]) -> [CLASSES] {
        x -> Linear { out: CLASSES }
    }
    release scores = output to client
    release class: [] = output -> ArgMax { axis: 0 } to client
}
