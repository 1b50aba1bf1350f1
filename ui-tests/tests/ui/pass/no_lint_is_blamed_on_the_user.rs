#![deny(warnings, missing_docs, unused, nonstandard_style, unreachable_pub)]
//! Generated code passes strict lints.

use undertone::prelude::*;

secure_model! {
    /// A block.
    model Block {
        /// Channels.
        width: usize,
        /// Step.
        stride: usize = 1,
    } (x) {
        x -> for (i, _) in [(0, 1), (1, 2)] { Conv2d { out: width, stride } -> Relu -> convX: Conv2d { out: width + i } }
    }
}

secure_model! {
    /// A network.
    model Net(image: [1, 8, 8]) -> [2] {
        let Flat = image -> Block { width: 2, stride: 1 } -> Flatten;
        Flat -> Linear { out: 2 }
    }
}

fn main() {
    let _ = Net::graph();
}
