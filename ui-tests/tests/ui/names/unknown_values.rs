use undertone::prelude::*;

secure_model! {
    pub model Names(x: [4], y: [4]) -> [4] {
        let a = z -> Relu;
        let b = x -> Relu;
        let b = y -> Relu;
        (a, b, later) -> Concat
    }
}

secure_model! {
    pub model Uses(x: [4], y: [4]) -> [4] {
        (x, y) -> Names -> Relu
    }
}

fn main() {
    let _: &'static str = Names::NAME;
    let _ = Names::DEFAULT.infer(&[]);
    let _ = Uses::graph();
}
