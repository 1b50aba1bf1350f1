//! What a stage of `secure_model!` is.

use crate::graph::{Scope, Value};

/// A stage of `secure_model!`: a `Copy` struct with `pub const DEFAULT: Self`, an inherent
/// `pub const fn infer(&self, x: &[Shape]) -> Infer`, and this.
///
/// `build` composes primitive operations and declares parameters. From it follow the secure form, the twin in burn, the
/// fixed-point reference and the cost. Somebody else's crate has the same powers as the standard layers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a stage of `secure_model!`",
    label = "not a layer",
    note = "a layer is a `Copy` struct with `pub const DEFAULT: Self`, an inherent `pub const fn infer(&self, x: &[Shape]) -> Infer`, and `impl Layer`"
)]
pub trait Layer: Copy {
    /// Composes the layer from primitive operations. The inputs have the shapes that `infer` accepted.
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g>;
}
