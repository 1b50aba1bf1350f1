use undertone::prelude::*;

secure_model! {
    model Net(r#type: [4] from r#async) -> [3] {
        let r#match = r#type -> r#fn: Linear { out: 3 };
        r#match -> Relu
    }
    release r#struct: [3] = r#match -> Relu to r#async
}
