use undertone::prelude::*;

secure_model! {
    pub model Block { width: usize } (x: [4] from client) -> [width] weights from server {
        x -> Linear { out: width }
    }
    release output to client
}

secure_model! {
    pub model Digits(image: [4]) -> [10] {
        image -> Block { width: 10 }
    }
}

fn main() {
    let _ = Digits::graph();
}
