//! What every model has, whether it runs or is a stage: the struct, its defaults, its inputs.

use super::dims::{shape, static_shape};
use super::{private, stage};
use crate::ast::{Dims, Header, Input, Param};
use crate::lower::Network;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Attribute;
use syn::ext::IdentExt;

/// The struct; parameters are its fields. It has the span of its name, where rustc says "defined here".
pub fn definition(header: &Header) -> TokenStream {
    let Header { attrs, vis, name, params, .. } = header;
    let derive = quote!(#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]);
    if params.is_empty() {
        return quote_spanned!(name.span()=> #(#attrs)* #derive #vis struct #name;);
    }
    let fields = distinct(params).map(|p| {
        let (docs, name, ty) = (&p.docs, &p.name, p.stand_in().unwrap_or_else(|| p.ty.clone()));
        quote_spanned!(name.span()=> #(#docs)* pub #name: #ty)
    });
    quote_spanned!(name.span()=> #(#attrs)* #derive #vis struct #name { #(#fields),* })
}

/// `DEFAULT`, and `REQUIRED` where a parameter has no default.
pub fn defaults(header: &Header) -> TokenStream {
    let private = private(header);
    let required: Vec<String> = header.params.iter().filter(|p| p.default.is_none()).map(|p| p.name.unraw().to_string()).collect();
    let fields = distinct(&header.params).map(|p| match (&p.name, p.stand_in(), &p.default) {
        (name, None, Some(default)) => quote!(#name: #default),
        (name, stand_in, _) => {
            let ty = stand_in.unwrap_or_else(|| p.ty.clone());
            quote!(#name: <#ty as #private::Placeholder>::PLACEHOLDER)
        }
    });
    let value = if header.params.is_empty() { quote!(Self) } else { quote!(Self { #(#fields),* }) };
    let required = (!required.is_empty()).then(|| {
        quote! {
            /// The fields without a default, which a description has to give.
            pub const REQUIRED: &'static [&'static str] = &[#(#required),*];
        }
    });
    quote! {
        /// Every field at its default.
        pub const DEFAULT: Self = #value;
        #required
    }
}

/// `INTEGER`: whether the output is an index.
pub fn integer(network: &Network) -> TokenStream {
    let value = stage::integer(network, network.result, true);
    quote! {
        /// Whether the output is an index.
        pub const INTEGER: bool = #value;
    }
}

/// The first parameter of each name: a second one is an error, and no second error of the compiler's.
fn distinct(params: &[Param]) -> impl Iterator<Item = &Param> {
    params.iter().enumerate().filter(|(i, p)| params[..*i].iter().all(|earlier| earlier.name != p.name)).map(|(_, p)| p)
}

/// The `cfg` attributes of the model, which hold for all of its items.
pub fn cfgs(header: &Header) -> impl Iterator<Item = &Attribute> {
    header.attrs.iter().filter(|a| a.path().is_ident("cfg"))
}

/// The `impl Model` of a model that runs; `rest` are its last items.
pub fn model(header: &Header, output: Option<&Dims>, graph: &TokenStream, rest: &TokenStream) -> TokenStream {
    let (private, name) = (private(header), &header.name);
    let text = name.unraw().to_string();
    let input = batches(header, &header.inputs);
    let output = output.map_or_else(|| quote!(#private::S0), |dims| static_shape(header, dims));
    quote! {
        impl #private::Model for #name {
            const NAME: &'static str = #text;
            type Input = #input;
            type Output = #output;
            fn graph() -> #private::Result<&'static #private::Graph> {
                #graph
            }
            #rest
        }
    }
}

/// The type of a batch of each of these: `Clear<S1<10>>`, or a tuple of several.
pub fn batches(header: &Header, inputs: &[Input]) -> TokenStream {
    let private = private(header);
    let batches: Vec<_> = inputs
        .iter()
        .filter_map(|i| i.dims.as_ref())
        .map(|d| {
            let shape = static_shape(header, d);
            quote!(#private::Clear<#shape>)
        })
        .collect();
    if let [one] = &batches[..] { quote!(#one) } else { quote!((#(#batches,)*)) }
}

/// Binds one local for each input, out of the slice `inputs`; without `refuse` for the wrong number, the caller has checked it.
pub fn unpack(header: &Header, refuse: &TokenStream) -> TokenStream {
    let locals = header.inputs.iter().map(|i| local(&i.name));
    quote!(let [#(#locals),*] = *inputs else { #refuse };)
}

/// The answer of `infer` to the wrong number of inputs.
pub fn arity_error(header: &Header) -> TokenStream {
    let (private, n) = (private(header), Literal::usize_unsuffixed(header.inputs.len()));
    quote!(return ::core::result::Result::Err(#private::ShapeError::arity(#n, inputs.len())))
}

/// The answer of `build` to the wrong number of inputs, which `infer` has refused before.
pub fn arity_panic(header: &Header) -> TokenStream {
    let n = header.inputs.len();
    let message = format!("`{}` takes {n} {}", header.name, if n == 1 { "input" } else { "inputs" });
    quote!(::core::panic!(#message))
}

/// Refuses inputs that have other shapes than declared.
pub fn accept(header: &Header) -> TokenStream {
    let private = private(header);
    let checks = header.inputs.iter().filter_map(|i| Some((local(&i.name), i.dims.as_ref()?))).map(|(name, dims)| {
        let shape = shape(header, dims);
        quote! {
            if let ::core::result::Result::Err(error) = #private::accept(#shape, #name) {
                return ::core::result::Result::Err(error);
            }
        }
    });
    quote!(#(#checks)*)
}

/// A hygienic local: it shadows nothing that the user's expressions name.
pub fn local(name: &Ident) -> Ident {
    let mut local = name.clone();
    local.set_span(Span::mixed_site().located_at(name.span()));
    local
}
