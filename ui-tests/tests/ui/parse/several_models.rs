use undertone::prelude::*;

secure_model! {
    pub model Syntax(x: [4]) -> [4] {
        x Relu
    }
}

secure_model! {
    pub model Names(x: [4]) -> [4] {
        y -> Relu
    }
}

secure_model! {
    pub model Shapes(x: [4]) -> [5] {
        x -> Linear { out: 6 }
    }
}

fn main() {
    let _ = (Syntax::graph(), Names::graph(), Shapes::graph());
}
