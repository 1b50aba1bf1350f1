//! Printing: one file for each kind of model, no decisions about meaning.
//!
//! Everything but the struct lies in `const _: () = { .. }`. Inside it the constants are associated ones of private structs, so
//! that no constant of the user's is shadowed; locals have hygienic spans.

mod budget;
mod concrete;
mod dims;
mod editor;
mod fallback;
mod item;
mod loss;
mod roles;
mod stage;
mod template;

use crate::ast::{Description, Header};
use crate::lower::Network;
use proc_macro2::TokenStream;
use quote::quote;

/// The items of a model, with its loss.
pub fn expand(network: &Network, loss: Option<&Network>) -> TokenStream {
    let header = network.header;
    match (&header.output, header.is_concrete()) {
        (Some(output), true) => {
            let (items, budget) = (wrap(header, &concrete::items(network, output, loss)), budget::test(header));
            quote!(#items #budget)
        }
        _ => wrap(header, &template::items(network)),
    }
}

/// The items of a model with errors: what users of the model name, without content.
pub fn fallback(description: &Description) -> TokenStream {
    let header = &description.header;
    wrap(header, &fallback::items(header, description.body.as_ref()))
}

pub use editor::editor;

fn wrap(header: &Header, items: &TokenStream) -> TokenStream {
    let (definition, cfgs) = (item::definition(header), item::cfgs(header));
    let (private, structs) = (private(header), header.is_concrete().then(|| roles::structs(header)));
    let dims = header.is_concrete().then(|| dims::constants(header));
    quote! {
        #definition
        #structs
        // Tokens of the user's in generated code would let lints blame the user.
        #(#cfgs)*
        #[allow(non_camel_case_types, non_snake_case, unused, clippy::all, clippy::pedantic, clippy::nursery)]
        const _: () = {
            use #private::{Element as _, Purpose as _, Required as _};
            #dims
            #items
        };
    }
}

/// The path of the module that generated code names.
fn private(header: &Header) -> TokenStream {
    let krate = &header.krate;
    quote!(#krate::__private)
}
