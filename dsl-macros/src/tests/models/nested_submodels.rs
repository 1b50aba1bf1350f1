use undertone::prelude::*;

secure_model! {
    model Unit { width: usize } (x) { x -> Linear { out: width } -> Relu }
}

secure_model! {
    model Pair { width: usize, half: usize } (x) { x -> Unit { width } -> narrow: Unit { width: half } }
}

secure_model! {
    model Stack { widths: [usize; 2] } (x: [3]) -> [1] {
        x -> Pair { width: widths[0], half: widths[1] } -> last: Pair { width: 2, half: 1 }
    }
}

secure_model! {
    model Net(x: [3]) -> [1] { x -> stack: Stack { widths: [8, 4] } }
}
