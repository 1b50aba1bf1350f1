use undertone::prelude::*;

secure_model! {
    model Net(x: [4] from data_owner) -> [3] weights from vendor {
        x -> Linear { out: 3 }
    }
    release scores: [3] = output -> Relu to data_owner
    release summary: [1] = output -> head: Linear { out: 1 } to auditor, vendor
    release output to auditor
}
