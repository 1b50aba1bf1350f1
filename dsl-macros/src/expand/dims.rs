//! Declared dimensions, as values and as types. Both name them many times, and each place would repeat an error of evaluation, so
//! in a model that runs what is computed is a constant of its own. A submodel has parameters there, and no such types.

use super::private;
use crate::ast::{Dims, Header};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

/// The constants of a model that runs: those dimensions that are neither numbers nor names.
pub fn constants(header: &Header) -> TokenStream {
    let computed = all(header).flat_map(|dims| dims.list.iter().enumerate().map(move |(axis, size)| (dims, axis, size)));
    let constants: Vec<TokenStream> = computed
        .filter(|(.., size)| is_computed(header, size))
        .map(|(dims, axis, size)| {
            let name = constant(header, dims, axis);
            quote!(const #name: usize = #size;)
        })
        .collect();
    if constants.is_empty() {
        TokenStream::new()
    } else {
        quote!(struct __Dims; #[allow(arithmetic_overflow)] impl __Dims { #(#constants)* })
    }
}

/// The declared shape as a value.
pub fn shape(header: &Header, dims: &Dims) -> TokenStream {
    let (private, list) = (private(header), sizes(header, dims));
    quote!(#private::Shape::new([#(#list),*]))
}

/// The declared shape as a type.
pub fn static_shape(header: &Header, dims: &Dims) -> TokenStream {
    let (private, rank) = (private(header), format_ident!("S{}", dims.list.len()));
    if dims.list.is_empty() {
        return quote!(#private::#rank);
    }
    let sizes = sizes(header, dims);
    let list = dims.list.iter().zip(sizes).map(|(d, size)| if matches!(d, Expr::Lit(_)) { size } else { quote!({ #size }) });
    quote!(#private::#rank<#(#list),*>)
}

fn sizes(header: &Header, dims: &Dims) -> Vec<TokenStream> {
    let size = |(axis, size): (usize, &Expr)| {
        if !is_computed(header, size) {
            return size.to_token_stream();
        }
        let mut name = constant(header, dims, axis);
        name.set_span(size.span());
        quote_spanned!(size.span()=> __Dims::#name)
    };
    dims.list.iter().enumerate().map(size).collect()
}

fn is_computed(header: &Header, size: &Expr) -> bool {
    header.is_concrete() && !matches!(size, Expr::Lit(_) | Expr::Path(_))
}

/// Inputs, output, releases and what the loss compares with, in this order.
fn all(header: &Header) -> impl Iterator<Item = &Dims> {
    let (inputs, releases) = (header.inputs.iter().filter_map(|i| i.dims.as_ref()), header.releases.iter().filter_map(|r| r.dims.as_ref()));
    let targets = header.loss.iter().flat_map(|loss| &loss.header.inputs[1..]).filter_map(|i| i.dims.as_ref());
    inputs.chain(&header.output).chain(releases).chain(targets)
}

fn constant(header: &Header, dims: &Dims, axis: usize) -> proc_macro2::Ident {
    let place = all(header).position(|d| core::ptr::eq(d, dims)).unwrap_or_default();
    format_ident!("D{place}_{axis}", span = Span::call_site())
}
