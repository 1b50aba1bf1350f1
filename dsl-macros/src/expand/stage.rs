//! One stage: the alias of its layer, its fields as a struct literal, and what its errors underline.

use super::{item, private};
use crate::ast::Header;
use crate::lower::{Network, Stage, Turn, Wire};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::collections::HashSet;
use syn::Member;

impl Stage<'_> {
    /// `type __fc1 = Linear;`: a layer's path is printed once, so that an unknown layer is one error.
    pub fn alias_item(&self) -> TokenStream {
        let (alias, layer) = (self.alias(), &self.syntax.layer);
        quote!(type #alias = #layer;)
    }

    /// The alias, with the span of the layer.
    pub fn alias(&self) -> Ident {
        format_ident!("__{}", self.name.to_lowercase(), span = self.first)
    }

    /// The name of the stage's constants.
    pub fn constant(&self) -> Ident {
        Ident::new(&self.name.to_uppercase(), Span::call_site().located_at(self.first))
    }

    /// The name of the stage's value and of its function.
    pub fn local(&self) -> Ident {
        let mut local = syn::parse_str(&self.local).unwrap_or_else(|_| Ident::new_raw(&self.local, Span::call_site()));
        local.set_span(Span::mixed_site().located_at(self.first));
        local
    }

    /// The layer with its fields: `Linear { out: 10, ..Linear::DEFAULT }`, after a `let` for each loop variable.
    pub fn literal(&self) -> TokenStream {
        let alias = self.alias();
        let value = match &self.syntax.fields {
            Some(fields) if !fields.list.is_empty() => {
                let list = &fields.list;
                let mut braces = Group::new(Delimiter::Brace, quote!(#(#list,)* ..#alias::DEFAULT));
                // With the user's braces the literal is all the user's, and rustc suggests similar names of fields.
                braces.set_span(fields.brace.span.join());
                quote!(#alias #braces)
            }
            _ => quote_spanned!(self.first=> #alias::DEFAULT),
        };
        let variables = self.turns.iter().map(|Turn { pattern, value, .. }| quote!(let #pattern = #value;));
        if self.turns.is_empty() { value } else { quote!({ #(#variables)* #value }) }
    }

    /// `scope.stage("fc1", shape, |scope| ..)`, with the names of its weights where the description gives them.
    pub fn run(&self, shape: &TokenStream, build: &TokenStream) -> TokenStream {
        let text = &self.name;
        let (function, weights) =
            self.weights.as_ref().map_or_else(|| (quote!(stage), None), |weights| (quote!(stage_as), Some(quote!(#weights,))));
        quote!(scope.#function(#text, #weights #shape, |scope| #build))
    }

    /// `complete(Linear::REQUIRED, &["out"])`: whether the fields without a default are given; and that a loss stands in a loss.
    pub fn complete(&self, header: &Header) -> TokenStream {
        let (private, alias) = (private(header), self.alias());
        let given = self.syntax.fields.iter().flat_map(|f| &f.list).map(|f| match &f.member {
            Member::Named(name) => syn::ext::IdentExt::unraw(name).to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        });
        let in_loss = header.is_loss;
        quote!(#private::placed(#alias::LOSS, #in_loss, #private::complete(#alias::REQUIRED, &[#(#given),*])))
    }

    /// `.infer(&[..])` with the span of the layer.
    pub fn infer(&self, layer: &TokenStream, inputs: &[impl ToTokens]) -> TokenStream {
        let shapes = quote!(&[#(#inputs),*]);
        quote_spanned!(self.first=> #layer.infer(#shapes))
    }

    /// `<Linear as Layer>::build(..)` with the span of the layer.
    pub fn build(&self, header: &Header, layer: &TokenStream, inputs: &[impl ToTokens]) -> TokenStream {
        let (private, alias) = (private(header), self.alias());
        let function = quote_spanned!(self.first=> <#alias as #private::Layer>::build);
        quote!(#function(#layer, scope, &[#(#inputs),*]))
    }

    /// A check whose error underlines the whole stage.
    pub fn check(&self, header: &Header, at: &str, result: &TokenStream) -> TokenStream {
        check(header, [self.first, self.last], at, result)
    }
}

/// A constant that does not evaluate when `result` is a shape error, which underlines everything between two places.
pub fn check(header: &Header, [first, last]: [Span; 2], at: &str, result: &TokenStream) -> TokenStream {
    let private = private(header);
    let function = quote!(#private::check).into_iter().map(|mut token| {
        token.set_span(first);
        token
    });
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#at, &#result));
    arguments.set_span(last);
    let call: TokenStream = function.chain([TokenTree::from(arguments)]).collect();
    quote!(const _: () = #call;)
}

/// The locals of a stage's inputs.
pub fn locals(network: &Network, stage: &Stage) -> Vec<Ident> {
    let local = |wire: &Wire| match wire {
        Wire::Input(i) => item::local(&network.header.inputs[*i].name),
        Wire::Stage(i) => network.stages[*i].local(),
    };
    stage.inputs.iter().map(local).collect()
}

/// Whether a stage's value is an index: when its layer gives one, or it only moves one, because nothing computes with indices.
/// Layers are named once each; where the value is the model's output, the model is asked, unless this is the `whole` answer.
pub fn integer(network: &Network, stage: usize, whole: bool) -> TokenStream {
    let (mut terms, mut layers, mut seen, mut left) = (Vec::new(), HashSet::new(), HashSet::new(), vec![stage]);
    while let Some(place) = left.pop() {
        let stage = &network.stages[place];
        if place == network.result && !whole {
            terms.push(quote!(Self::INTEGER));
            continue;
        }
        if layers.insert(stage.syntax.layer.to_token_stream().to_string()) {
            let alias = stage.alias();
            terms.push(quote!(#alias::INTEGER));
        }
        let earlier = stage.inputs.iter().filter_map(|w| if let Wire::Stage(i) = w { Some(*i) } else { None });
        left.extend(earlier.filter(|i| seen.insert(*i)));
    }
    quote!(#(#terms)||*)
}
