//! `loss (label: [10]) { (output, label) -> CrossEntropy }`.

use super::{error, header, kw, list, pipe, role, skip};
use crate::ast::{Body, Dims, Header, Input, Loss, OUTPUT};
use crate::diagnostics::Errors;
use syn::parse::{ParseStream, Result};
use syn::punctuated::Punctuated;
use syn::{Ident, Token, Visibility, braced, parenthesized, token};

/// Whether a loss starts here.
pub fn starts(input: ParseStream) -> bool {
    input.peek(kw::loss) && (input.peek2(token::Paren) || input.peek2(token::Brace))
}

/// The loss of the model with this header. After a syntax error it has what could be read of it.
pub fn loss(input: ParseStream, model: &Header, errors: &mut Errors) -> Result<Loss> {
    let span = input.parse::<Ident>()?.span();
    let mut inputs = vec![Input { name: Ident::new(OUTPUT, span), dims: model.output.clone(), owner: None }];
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        inputs.extend(list(&content, "inputs of the loss", errors, header::input)?);
    } else {
        errors.push(error(input, EXPECTED_INPUTS));
    }
    let body = if input.peek(token::Brace) {
        let content;
        braced!(content in input);
        let body = body(&content, errors);
        skip(&content, |_| false)?;
        body
    } else {
        // Where the description ends there is no token to underline.
        errors.push(if input.is_empty() { syn::Error::new(span, EXPECTED_PIPE) } else { error(input, EXPECTED_PIPE) });
        skip(input, role::starts)?;
        None
    };
    let header = Header {
        krate: model.krate.clone(),
        budget: None,
        attrs: Vec::new(),
        vis: Visibility::Inherited,
        name: model.name.clone(),
        params: Vec::new(),
        inputs,
        output: Some(Dims { bracket: token::Bracket(span), list: Punctuated::new() }),
        weights: None,
        loss: None,
        is_loss: true,
        releases: Vec::new(),
    };
    Ok(Loss { span, header, body })
}

fn body(input: ParseStream, errors: &mut Errors) -> Option<Body> {
    if input.peek(Token![let]) || input.is_empty() {
        errors.push(error(input, "expected one pipe without `let`, as in `(output, label) -> CrossEntropy`"));
        return None;
    }
    match pipe::pipe(input, errors) {
        Ok(result) if input.is_empty() => return Some(Body { lets: Vec::new(), result }),
        Ok(_) => errors.push(pipe::unfinished(input, "the end of the loss, which is one pipe")),
        Err(e) => errors.push(e),
    }
    None
}

/// What is missing behind `loss`.
pub const EXPECTED_INPUTS: &str = "expected what the loss compares with, as in `loss (label: [10]) { (output, label) -> CrossEntropy }`";

const EXPECTED_PIPE: &str = "expected `{` and the pipe of the loss, as in `{ (output, label) -> CrossEntropy }`";
