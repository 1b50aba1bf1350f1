//! The budget of a model: a test beside it, which fails when a run costs more.

use super::{item, private};
use crate::ast::Header;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

/// The test, and the proof that it is one: tests inside of functions are not collected.
///
/// `self` is the module around the model, whatever function it stands in, so a path through it leads to the mark only from outside of
/// all functions.
pub fn test(header: &Header) -> Option<TokenStream> {
    let (budget, private, model) = (header.budget.as_ref()?, private(header), &header.name);
    let limit = |given: Option<TokenStream>| {
        given.map_or_else(|| quote!(::core::option::Option::None), |n| quote!(::core::option::Option::Some(#n)))
    };
    let (rounds, megabytes) = (limit(budget.rounds.map(|n| quote!(#n))), limit(budget.megabytes.map(|n| quote!(#n))));
    let test = format_ident!("budget_of_{}", model.unraw());
    let mark = format_ident!("the_budget_of_{}_is_a_test_so_it_stands_outside_of_functions", model.unraw(), span = budget.span);
    let (cfgs, known) = (item::cfgs(header).collect::<Vec<_>>(), quote_spanned!(budget.span=> self::#mark));
    Some(quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #mark: () = ();
        #(#cfgs)*
        const _: () = #known;
        #(#cfgs)*
        #[cfg(test)]
        #[test]
        #[allow(non_snake_case)]
        fn #test() {
            if let ::core::result::Result::Err(message) = #private::within_budget::<#model>(#rounds, #megabytes) {
                ::core::panic!("{message}");
            }
        }
    })
}
