//! After an error of the macro: the items that users of the model name. Compilation has failed, so they never run.

use super::{item, loss, private, roles::Interface};
use crate::ast::{Body, Header, OUTPUT, Pipe};
use crate::check::{EDGE_INPUTS, EDGE_RANK};
use crate::roles::openings;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

pub fn items(header: &Header, body: Option<&Body>) -> TokenStream {
    let (private, name, defaults) = (private(header), &header.name, item::defaults(header));
    let unreachable = quote!(::core::unreachable!());
    let edge = |dims: &crate::ast::Dims| dims.list.len() <= EDGE_RANK;
    let inputs = &header.inputs;
    let fits = inputs.iter().filter_map(|i| i.dims.as_ref()).chain(&header.output).all(edge) && (1..=EDGE_INPUTS).contains(&inputs.len());
    let model = (header.is_concrete() && fits).then(|| model(header, body, &unreachable));
    quote! {
        impl #name {
            #defaults
            /// Nothing is known of the output: the description has errors.
            pub const fn infer(&self, inputs: &[#private::Shape]) -> #private::Infer {
                #private::POISONED
            }
        }
        impl #private::Layer for #name {
            fn build<'g>(&self, scope: &mut #private::Scope<'g>, inputs: &[#private::Value<'g>]) -> #private::Value<'g> {
                #unreachable
            }
        }
        #model
    }
}

/// The functions of roles have the types that the description gives them: only the last layer of a release counts.
fn model(header: &Header, body: Option<&Body>, unreachable: &TokenStream) -> TokenStream {
    let layers: Vec<_> = openings(header)
        .iter()
        .map(|opening| match opening.syntax {
            Some(release) => release.pipe.as_ref().and_then(|pipe| last_layer(pipe, body)),
            None => body.and_then(|b| last_layer(&b.result, body)),
        })
        .collect();
    let names = (0..layers.len()).map(|i| format_ident!("__Release{i}")).collect::<Vec<_>>();
    let aliases = names
        .iter()
        .zip(&layers)
        .map(|(name, layer)| layer.as_ref().map_or_else(|| quote!(type #name = ();), |l| quote!(type #name = #l;)));
    let roles = Interface::new(header, names.iter().map(|name| quote!(#name::INTEGER)).collect());
    let (released, target) = (roles.released(false), loss::target(header));
    let (items, model) = (roles.items(false), item::model(header, header.output.as_ref(), unreachable, &quote!(#released #target)));
    quote!(#(#aliases)* #items #model)
}

/// The layer that gives a pipe's value, perhaps in the pipe of the value that it starts from.
fn last_layer<'a>(mut pipe: &'a Pipe, body: Option<&'a Body>) -> Option<&'a syn::Path> {
    let lets = body.map_or(&[][..], |b| &b.lets);
    // Values that only rename one another are errors, so there may be circles.
    for _ in 0..=lets.len() + 1 {
        if let Some(layer) = pipe.last_layer() {
            return Some(layer);
        }
        let [source] = &pipe.sources[..] else { return None };
        pipe = if source == OUTPUT { &body?.result } else { &lets.iter().find(|l| l.name == *source)?.pipe };
    }
    None
}
