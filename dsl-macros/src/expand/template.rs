//! A model with parameters or open inputs: a layer, whose shapes are computed where it is a stage.

use super::{dims, item, private, stage};
use crate::lower::Network;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

pub fn items(network: &Network) -> TokenStream {
    let aliases = network.stages.iter().map(crate::lower::Stage::alias_item);
    let (layers, checks) = (layers(network), checks(network));
    let (infer, build) = (infer(network), build(network));
    quote! {
        #(#aliases)*
        #layers
        #checks
        #infer
        #build
    }
}

/// The layer of every stage as a function of the parameters, so that `infer` and `build` use the same text.
fn layers(network: &Network) -> TokenStream {
    let header = network.header;
    let (name, parameters) = (&header.name, parameters(network));
    let layers = network.stages.iter().map(|s| {
        let (local, alias, literal) = (s.local(), s.alias(), s.literal());
        let reads = s.syntax.fields.is_some() || !s.turns.is_empty();
        let parameters = parameters.as_ref().filter(|_| reads).map(|names| quote_spanned!(name.span()=> let #names = *model;));
        quote!(const fn #local(model: &#name) -> #alias { #parameters #literal })
    });
    quote! {
        struct __Layers;
        impl __Layers { #(#layers)* }
    }
}

/// `ResBlock { width, stride }`, which binds the parameters.
fn parameters(network: &Network) -> Option<TokenStream> {
    let (name, names) = (&network.header.name, network.header.params.iter().map(|p| &p.name));
    (!network.header.params.is_empty()).then(|| quote!(#name { #(#names),* }))
}

/// Fields without a default are missing whatever the shapes are, so this is said here.
fn checks(network: &Network) -> TokenStream {
    let header = network.header;
    let checks = network.stages.iter().map(|s| s.check(header, &at(network, s), &s.complete(header)));
    quote!(#(#checks)*)
}

/// The first error ends the inference; it carries the name of its stage.
fn infer(network: &Network) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let (name, defaults) = (&header.name, item::defaults(header));
    let (unpack, accept) = (item::unpack(header, &item::arity_error(header)), item::accept(header));
    let reads = header.inputs.iter().any(|i| i.dims.is_some()) || header.output.is_some();
    let parameters = parameters(network).filter(|_| reads).map(|names| quote_spanned!(name.span()=> let #names = *self;));
    let steps = network.stages.iter().map(|s| {
        let (local, at, complete) = (s.local(), at(network, s), s.complete(header));
        let infer = s.infer(&quote_spanned!(s.first=> __Layers::#local(self)), &stage::locals(network, s));
        quote! {
            let #local = match #private::inferred(#at, #complete, #infer) {
                ::core::result::Result::Ok(shape) => shape,
                ::core::result::Result::Err(error) => return ::core::result::Result::Err(error),
            };
        }
    });
    let result = network.stages[network.result].local();
    let answer = quote!(::core::result::Result::Ok(#result));
    let answer = header.output.as_ref().map_or(answer.clone(), |dims| {
        let (declared, at) = (dims::shape(header, dims), name.unraw().to_string());
        quote!(#private::within(#at, #private::returns(#declared, &#answer)))
    });
    let integer = item::integer(network);
    quote! {
        impl #name {
            #defaults
            #integer
            /// The shape of the output for these inputs.
            pub const fn infer(&self, inputs: &[#private::Shape]) -> #private::Infer {
                #unpack
                #parameters
                #accept
                #(#steps)*
                #answer
            }
        }
    }
}

fn build(network: &Network) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let (name, unpack) = (&header.name, item::unpack(header, &item::arity_panic(header)));
    let steps = network.stages.iter().map(|s| {
        let (local, inputs) = (s.local(), stage::locals(network, s));
        let shapes: Vec<_> = inputs.iter().map(|i| quote!(#i.shape())).collect();
        let layer = quote_spanned!(s.first=> let layer = __Layers::#local(self););
        let infer = s.infer(&quote_spanned!(s.first=> layer), &shapes);
        let build = s.build(header, &quote!(&layer), &inputs);
        let run = s.run(&infer, &build);
        quote! {
            #layer
            let #local = #run;
        }
    });
    let result = network.stages[network.result].local();
    quote! {
        impl #private::Layer for #name {
            fn build<'g>(&self, scope: &mut #private::Scope<'g>, inputs: &[#private::Value<'g>]) -> #private::Value<'g> {
                #unpack
                #(#steps)*
                #result
            }
        }
    }
}

/// The label of a stage's errors, such as `ResBlock.conv2d_1`.
fn at(network: &Network, stage: &crate::lower::Stage) -> String {
    format!("{}.{}", network.header.name.unraw(), stage.label())
}
