//! `secure_model!`: a description of a network becomes statically typed Rust.
//!
//! The pipeline is a compiler's: `parse` knows syntax and no meaning, `lower` gives every stage a name and every value a place,
//! `check` holds the rules that need no order, `expand` prints and decides nothing. Each phase collects all of its errors; the
//! next one starts only without any. Shapes are left to rustc, which evaluates the printed constants.
//!
//! The macro is documented where it is used, in the crate `undertone`. Everything works on `proc_macro2`, so that unit tests
//! reach it.
#![forbid(unsafe_code)]

mod ast;
mod check;
mod diagnostics;
mod expand;
mod lower;
mod names;
mod parse;
mod roles;
mod similar;
#[cfg(test)]
mod tests;

use diagnostics::Errors;
use proc_macro2::TokenStream;

/// Describes one model: a network as named stages, whose shapes the compiler checks.
///
/// ```text
/// secure_model! {
///     /// Two convolutions around a projected skip.
///     pub model Block { width: usize, stride: usize = 1 } (x) {
///         let skip = x -> Conv2d { out: width, stride };
///         let body = x -> Conv2d { out: width, kernel: 3, stride, padding: 1 } -> Relu;
///         (body, skip) -> Add -> Relu
///     }
/// }
/// ```
///
/// # Grammar
///
/// ```text
/// model   = attrs vis "model" NAME [ "{" param, .. "}" ] "(" input, .. ")" [ "->" dims ] [ "weights" "from" ROLE ]
///           "{" let* pipe "}" [ loss ] release*
/// param   = NAME ":" TYPE [ "=" EXPR ]               a field of the model; without a value it is required
/// input   = NAME [ ":" dims ] [ "from" ROLE ]        without dims any shape
/// dims    = "[" EXPR, .. "]"                         constants may stand here, and parameters
/// let     = "let" NAME "=" pipe ";"
/// pipe    = source ( "->" stage )*                   source = NAME | "(" NAME, .. ")"
/// stage   = [ "#[weights(" TEXT ")]" ] [ NAME ":" ] LAYER [ "{" field, .. "}" ]
///         | "for" PATTERN "in" LIST "{" stage ( "->" stage )* "}"
/// loss    = "loss" "(" input, .. ")" "{" pipe "}"
/// release = "release" [ NAME [ ":" dims ] "=" ] pipe "to" ROLE, ..
/// ```
///
/// # Meaning
///
/// - A **stage** is called as it says, `fc1: Linear { .. }`, or else by its layer and a number, `conv2d_1`. The name is the key of its
///   weights (`fc1.weight`), the row of every report and the label of every error. Inside submodels names join with dots.
///   Names are unique, compared without case.
/// - **Fields** are fields of the layer's struct; those not given take the layer's `DEFAULT`.
/// - A **`for`** is unrolled, so its list is written out: `[64, 128]`, `[(64, 1), (128, 2)]`, `0..3`, `0..=2`. It numbers the names inside.
/// - **Several values** are a tuple before a layer that takes them: `(a, b) -> Add`.
/// - A model whose inputs all have dims, and that has no parameters, is **concrete**: it says what it returns, implements
///   `Model` and runs. Any other model is a submodel. Both are layers, so they stand as stages in other models.
/// - A **role** owns inputs (`from`) or the weights (`weights from`), or learns what is released to it. Only a concrete model has roles;
///   where nothing is said, `client` owns the inputs and learns the output, `server` owns the weights.
/// - A **release** opens one value to some roles, and nothing else is ever opened. Its pipe starts at `output`, the model's result, or at
///   another value of the description. It states a name and a shape unless it opens just `output`. An input is never opened as it is.
///   Where the model is a stage of another one, its releases are not part of it.
/// - **Functions of roles**: `Model::hospital(&mut session, &image)?` takes what the role `hospital` owns, inputs in their order and then
///   the weights, and returns what it learns: `()`, a value, or a struct `ModelHospital` with a field for each release.
///   `Model::compute(&mut session)?` is for a party without a role. Indices, such as `ArgMax` gives, are `Clear<_, u32>`.
///   No role is called like something that every model has (`plan`, `load`, `compute` ..), and no two differ only in case or `_`.
/// - A **loss** is what the plain twin trains by: one pipe from `output`, the model's result, and its own inputs to a number, a shape of `[]`.
///   Layers that are losses stand there alone. It is no part of the private run.
/// - **`#[weights("layer1.0.conv1")]`** before a stage puts this text in the place of its name in the keys of its weights; the rest of the
///   keys stays, so inside submodels the parts join with dots. `{i}` in the text is the value of the variable of a `for`. No two stages
///   have the same weights, and a stage with such a text has some.
/// - **`#[budget(rounds = 200, megabytes = 8)]`** on a model that runs becomes the test `budget_of_Name` beside it. It fails, with the table of
///   stages, when one sample costs more online: rounds, or megabytes (10^6 bytes) of the busiest of two parties. It does not stand
///   inside of functions, where no test is run.
/// - `#[undertone(crate = path)]` on the model says where the crate `undertone` is, if not at `::undertone`.
///
/// # Errors
///
/// First all syntax errors, then all errors of names, then the compiler's: a wrong shape is one error that underlines its stage.
#[proc_macro]
pub fn secure_model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let Output { editor, items, errors } = compile(input.into());
    let errors = errors.iter().map(syn::Error::to_compile_error);
    // What is typed next changes what follows in the text, so that the part for editors comes first and the errors last.
    quote::quote!(#editor #items #(#errors)*).into()
}

/// What a description becomes.
struct Output {
    /// What editors alone read, with errors or without.
    editor: TokenStream,
    items: TokenStream,
    /// The errors of the first phase that had any.
    errors: Vec<syn::Error>,
}

/// The whole pipeline.
fn compile(input: TokenStream) -> Output {
    let mut errors = Errors::new();
    let descriptions = parse::descriptions(input, &mut errors);
    let editor = descriptions.iter().map(expand::editor).collect();
    let mut errors = errors.barrier();
    if let ([ast::Description { header, body: Some(body) }], true) = (&descriptions[..], errors.is_empty()) {
        let mut wrong = Errors::new();
        check::header(header, &mut wrong);
        check::roles(header, &mut wrong);
        check::parameters(header, body, &mut wrong);
        let network = lower::lower(header, body, &mut wrong);
        // A wrong clause is one error, so its names are not looked at.
        let readable = |loss: &&ast::Loss| loss.body.as_ref().is_some_and(|b| !b.result.steps.is_empty()) && loss.header.is_concrete();
        let loss = header.loss.as_deref().filter(|_| header.is_concrete()).filter(readable);
        let loss = loss.and_then(|loss| lower::lower(&loss.header, loss.body.as_ref()?, &mut wrong));
        errors = wrong.barrier();
        if let (Some(network), true) = (network, errors.is_empty()) {
            return Output { editor, items: expand::expand(&network, loss.as_ref()), errors };
        }
    }
    // What users of the models name, so that these get no error of their own.
    Output { editor, items: descriptions.iter().map(expand::fallback).collect(), errors }
}
