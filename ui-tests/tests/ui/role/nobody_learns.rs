use undertone::prelude::*;

secure_model! {
    pub model Nuclei(image: [1, 8, 8] from hospital) -> [3] weights from clinic {
        image -> Flatten -> Linear { out: 3 }
    }
}

fn main() {}
