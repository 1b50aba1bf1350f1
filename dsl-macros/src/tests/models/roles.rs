use undertone::prelude::*;

secure_model! {
    /// Who has a picture, and who has a network.
    pub model Net(image: [4] from hospital) -> [2] weights from clinic {
        image -> Linear { out: 2 }
    }
    release output to hospital
}
