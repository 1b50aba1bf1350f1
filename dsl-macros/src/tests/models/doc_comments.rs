use undertone::prelude::*;

secure_model! {
    /// A layer with two numbers.
    model Wide {
        /// How many.
        width: usize,
        /// Whether something is added.
        bias: bool = true,
    } (
        /// Anything.
        x
    ) {
        x -> Linear { out: width, bias }
    }
}

secure_model! {
    /// A model.
    ///
    /// With two paragraphs.
    pub model Net(
        /// Four numbers.
        x: [4],
    ) -> [2] {
        x ->
            /// The first stage.
            Wide { width: 3 } -> Relu ->
            /// The last one.
            Wide { width: 2, bias: false }
    }
}
