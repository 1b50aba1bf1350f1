//! The loss of a model: a small graph of its own, from the output and what it is compared with to a number. The plain twin alone runs it.

use super::{concrete, dims, item, private};
use crate::ast::Header;
use crate::check::{EDGE_INPUTS, EDGE_RANK};
use crate::lower::{Network, Stage};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

/// `type Target`: what the loss compares the output with; nothing without a loss, or after an error in it.
pub fn target(header: &Header) -> TokenStream {
    let (private, inputs) = (private(header), header.loss.as_ref().map_or(&[][..], |loss| &loss.header.inputs[1..]));
    let fits =
        (1..=EDGE_INPUTS).contains(&inputs.len()) && inputs.iter().all(|i| i.dims.as_ref().is_some_and(|d| d.list.len() <= EDGE_RANK));
    let target = if fits { item::batches(header, inputs) } else { quote!(#private::NoTarget) };
    quote!(type Target = #target;)
}

/// `Model::loss`. Everything stands inside, so that its stages share no name with those of the model.
pub fn function(network: &Network) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let Some(output) = &header.output else { return TokenStream::new() };
    let label = format!("{}.loss", header.name.unraw());
    let dims = dims::constants(header);
    let aliases = network.stages.iter().map(Stage::alias_item);
    let (constants, checks) = (concrete::constants(network, output), concrete::checks(network, output, &label));
    let inputs = header.inputs.iter().map(|i| {
        let (text, constant) = (i.name.unraw().to_string(), concrete::constant(&i.name));
        quote!((#text, #private::or_empty(&__Inputs::#constant)))
    });
    let (unpack, steps) = (item::unpack(header, &item::arity_panic(header)), concrete::steps(network, &network.stages));
    let result = network.stages[network.result].local();
    quote! {
        fn loss() -> #private::Result<::core::option::Option<&'static #private::Graph>> {
            #dims
            #(#aliases)*
            #constants
            #checks
            static GRAPH: #private::OnceLock<#private::Result<#private::Graph>> = #private::OnceLock::new();
            GRAPH
                .get_or_init(|| {
                    #private::trace_loss(#label, &[#(#inputs),*], |scope, inputs| {
                        #unpack
                        #steps
                        #result
                    })
                })
                .as_ref()
                .map(::core::option::Option::Some)
                .map_err(::core::clone::Clone::clone)
        }
    }
}
