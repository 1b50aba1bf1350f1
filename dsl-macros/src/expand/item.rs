//! What every model has, whether it runs or is a stage: the struct, its defaults, its inputs.

use super::{private, stage};
use crate::ast::{Dims, Header};
use crate::lower::Network;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Expr};

/// The struct; parameters are its fields. It has the span of its name, where rustc says "defined here".
pub fn definition(header: &Header) -> TokenStream {
    let Header { attrs, vis, name, params, .. } = header;
    let derive = quote!(#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]);
    if params.is_empty() {
        return quote_spanned!(name.span()=> #(#attrs)* #derive #vis struct #name;);
    }
    let fields = params.iter().map(|p| {
        let (docs, name, ty) = (&p.docs, &p.name, &p.ty);
        quote_spanned!(name.span()=> #(#docs)* pub #name: #ty)
    });
    quote_spanned!(name.span()=> #(#attrs)* #derive #vis struct #name { #(#fields),* })
}

/// `DEFAULT`, and `REQUIRED` where a parameter has no default.
pub fn defaults(header: &Header) -> TokenStream {
    let private = private(header);
    let required: Vec<String> = header.params.iter().filter(|p| p.default.is_none()).map(|p| p.name.unraw().to_string()).collect();
    let fields = header.params.iter().map(|p| match (&p.name, &p.ty, &p.default) {
        (name, _, Some(default)) => quote!(#name: #default),
        (name, ty, None) => quote!(#name: <#ty as #private::Placeholder>::PLACEHOLDER),
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

/// The `cfg` attributes of the model, which hold for all of its items.
pub fn cfgs(header: &Header) -> impl Iterator<Item = &Attribute> {
    header.attrs.iter().filter(|a| a.path().is_ident("cfg"))
}

/// The declared shape as a value.
pub fn shape(header: &Header, dims: &Dims) -> TokenStream {
    let (private, list) = (private(header), dims.list.iter());
    quote!(#private::Shape::new([#(#list),*]))
}

/// The declared shape as a type.
pub fn static_shape(header: &Header, dims: &Dims) -> TokenStream {
    let (private, rank) = (private(header), format_ident!("S{}", dims.list.len()));
    if dims.list.is_empty() {
        return quote!(#private::#rank);
    }
    let list = dims.list.iter().map(|d| if matches!(d, Expr::Lit(_)) { d.to_token_stream() } else { quote!({ #d }) });
    quote!(#private::#rank<#(#list),*>)
}

/// The `impl Model` of a model that runs.
pub fn model(header: &Header, output: Option<&Dims>, graph: &TokenStream, released: &TokenStream) -> TokenStream {
    let (private, name) = (private(header), &header.name);
    let text = name.unraw().to_string();
    let inputs: Vec<_> = header
        .inputs
        .iter()
        .filter_map(|i| i.dims.as_ref())
        .map(|d| {
            let shape = static_shape(header, d);
            quote!(#private::Clear<#shape>)
        })
        .collect();
    let input = if let [one] = &inputs[..] { quote!(#one) } else { quote!((#(#inputs,)*)) };
    let output = output.map_or_else(|| quote!(#private::S0), |dims| static_shape(header, dims));
    quote! {
        impl #private::Model for #name {
            const NAME: &'static str = #text;
            type Input = #input;
            type Output = #output;
            fn graph() -> #private::Result<&'static #private::Graph> {
                #graph
            }
            #released
        }
    }
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
