fn main() {
    use undertone::prelude::*;

    const WIDTH: usize = 3;

    secure_model! {
        model Block { width: usize } (x) {
            x -> Linear { out: width } -> Relu
        }
    }

    secure_model! {
        #[cfg(all())]
        model Net(x: [2]) -> [WIDTH] {
            x ->
                /// Doc comments may stand before a stage.
                Block { width: WIDTH }
        }
    }

    secure_model! {
        #[cfg(any())]
        model Absent(x: [2]) -> [7] {
            x -> NoSuchLayer
        }
    }

    assert_eq!(Net::graph().unwrap().stages().len(), 2);
}
