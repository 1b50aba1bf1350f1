//! The roles of a model that runs: a function for each, whose arguments are what the role owns and whose result is what it learns.

use super::{dims, item, private};
use crate::ast::Header;
use crate::roles::{Opening, Role, distinct, openings, reserved, roles};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

/// Who gives what and who learns what, ready to be printed.
pub struct Interface<'a> {
    header: &'a Header,
    roles: Vec<Role>,
    openings: Vec<Opening<'a>>,
    /// For each opening, an expression that says whether it is an index.
    integers: Vec<TokenStream>,
}

impl<'a> Interface<'a> {
    /// With the expressions that say which openings are indices, in the order of [`openings`].
    pub fn new(header: &'a Header, integers: Vec<TokenStream>) -> Self {
        Self { header, roles: roles(header), openings: openings(header), integers }
    }

    /// `Clear<S1<100>>`, or of indices; `None` after an error that leaves the shape unknown.
    fn value(&self, opening: usize) -> Option<TokenStream> {
        let dims = self.openings[opening].dims.filter(|d| d.list.len() <= crate::check::EDGE_RANK)?;
        let (private, integer, shape) = (private(self.header), &self.integers[opening], dims::static_shape(self.header, dims));
        Some(quote!(#private::Released<{ #integer }, #shape>))
    }

    /// The type of what is learned: nothing, one value, or a struct of several.
    fn learned(&self, learns: &[usize], name: &Ident) -> Option<TokenStream> {
        match learns {
            [] => Some(quote!(())),
            [one] => self.value(*one),
            _ => Some(quote!(#name)),
        }
    }

    /// The values of what is learned, out of `opened`: an expression for the last one.
    fn take(&self, learns: &[usize], name: &Ident, opened: &TokenStream) -> TokenStream {
        let text = |i: usize| self.openings[i].name.unraw().to_string();
        match learns {
            [] => quote!(#opened; ::core::result::Result::Ok(())),
            [one] => {
                let text = text(*one);
                quote!(#opened.take(#text))
            }
            _ => {
                let fields = learns.iter().map(|i| {
                    let (name, text) = (&self.openings[*i].name, text(*i));
                    quote!(#name: opened.take(#text)?)
                });
                quote! {
                    let mut opened = #opened;
                    ::core::result::Result::Ok(#name { #(#fields),* })
                }
            }
        }
    }

    /// Everything inside of the constant: the types of fields, and the functions. With errors they do not run.
    pub fn items(&self, runs: bool) -> TokenStream {
        let (private, name) = (private(self.header), &self.header.name);
        let fields = self.fields(&private);
        let functions = self.roles.iter().filter(|r| reserved(&r.name).is_none()).map(|r| self.function(r, runs));
        let compute = if runs { quote!(#private::run_compute::<Self>(session)) } else { quote!(::core::unreachable!()) };
        quote! {
            #(#fields)*
            impl #name {
                #(#functions)*
                /// A party without a role: it computes on shares, gives nothing and learns nothing.
                ///
                /// # Errors
                /// When the other parties run another plan, or one of them fails.
                pub fn compute(session: &mut #private::Session) -> #private::Result<()> {
                    #compute
                }
            }
        }
    }

    /// What the fields of structs are: these stand outside, where the layers have no names.
    fn fields(&self, private: &TokenStream) -> Vec<TokenStream> {
        let (name, several) = (&self.header.name, self.structs().next().is_some());
        let all = (0..self.openings.len()).filter(|_| several);
        all.map(|i| {
            let (place, value) = (Literal::usize_unsuffixed(i), self.value(i).unwrap_or_else(|| quote!(#private::Clear<#private::S0>)));
            quote!(impl #private::Opens<#place> for #name { type Value = #value; })
        })
        .collect()
    }

    /// The last items of `impl Model`: everything that the model opens, for who runs all parties.
    pub fn released(&self, runs: bool) -> TokenStream {
        let (private, name, all) = (private(self.header), self.all_name(), self.all());
        let released = self.learned(&all, &name).unwrap_or_else(|| quote!(#private::Clear<#private::S0>));
        let take = if runs { self.take(&all, &name, &quote!(opened)) } else { quote!(::core::unreachable!()) };
        quote! {
            type Released = #released;
            fn released(mut opened: #private::Opened) -> #private::Result<Self::Released> {
                #take
            }
        }
    }

    fn function(&self, role: &Role, runs: bool) -> TokenStream {
        let (header, private) = (self.header, private(self.header));
        let (name, text, result) = (&role.name, role.name.unraw().to_string(), struct_name(header, &role.name));
        let (session, weights) = (local("session", name), local("weights", name));
        // Each argument has one place, where rustc says which one is missing.
        let inputs = role.inputs.iter().filter_map(|i| {
            let (name, shape) = (&header.inputs[*i].name, dims::static_shape(header, header.inputs[*i].dims.as_ref()?));
            // An input of a name that is taken is an error already.
            let again = header.inputs[..*i].iter().any(|earlier| earlier.name == *name);
            let name = if again { quote_spanned!(name.span()=> _) } else { name.to_token_stream() };
            Some(quote_spanned!(header.inputs[*i].name.span()=> #name: &#private::Clear<#shape>))
        });
        let own_weights = role.weights.then(|| quote_spanned!(name.span()=> #weights: &#private::Weights));
        let arguments = [quote_spanned!(name.span()=> #session: &mut #private::Session)].into_iter().chain(inputs).chain(own_weights);
        // Without a known shape, whatever the caller expects.
        let learned = self.learned(&role.learns, &result);
        let open = learned.is_none().then(|| quote!(<T>));
        let learned = learned.unwrap_or_else(|| quote!(T));
        let given = role.inputs.iter().map(|i| {
            let (place, name) = (Literal::usize_unsuffixed(*i), &header.inputs[*i].name);
            quote!((#place, #name))
        });
        let weights = if role.weights { quote!(::core::option::Option::Some(#weights)) } else { quote!(::core::option::Option::None) };
        let opened = quote!(#private::run_role::<Self>(#session, #text, &[#(#given),*], #weights)?);
        let body = if runs { self.take(&role.learns, &result, &opened) } else { quote!(::core::unreachable!()) };
        let doc = self.doc(role);
        quote! {
            #[doc = #doc]
            ///
            /// # Errors
            /// When an argument cannot be used, the other parties run another plan, or one of them fails.
            pub fn #name #open(#(#arguments),*) -> #private::Result<#learned> {
                #body
            }
        }
    }

    /// One line: what the role gives and learns.
    fn doc(&self, role: &Role) -> String {
        let inputs = role.inputs.iter().map(|i| format!("`{}`", self.header.inputs[*i].name.unraw()));
        let gives = listed(inputs.chain(role.weights.then(|| "the weights".to_owned())));
        let learns = listed(role.learns.iter().map(|i| format!("`{}`", self.openings[*i].name.unraw())));
        format!(" The role `{}`: it gives {gives} and learns {learns}.", role.name.unraw())
    }

    /// Each struct's name, its documentation, and its fields as places of openings.
    fn structs(&self) -> impl Iterator<Item = (Ident, String, Vec<usize>)> {
        let model = &self.header.name;
        let roles = self.roles.iter().filter(|r| reserved(&r.name).is_none()).map(move |r| {
            let doc = format!(" What the role `{}` learns of [`{model}`].", r.name.unraw());
            (struct_name(self.header, &r.name), doc, r.learns.clone())
        });
        let all = (self.all_name(), format!(" Everything that [`{model}`] opens."), self.all());
        roles.chain([all]).filter(|(_, _, fields)| fields.len() > 1)
    }

    fn all(&self) -> Vec<usize> {
        distinct(&self.openings, &(0..self.openings.len()).collect::<Vec<_>>())
    }

    fn all_name(&self) -> Ident {
        format_ident!("{}Released", self.header.name.unraw())
    }
}

/// The structs of what roles learn, where a role learns several values.
pub fn structs(header: &Header) -> TokenStream {
    let (private, name, vis, cfgs) = (private(header), &header.name, &header.vis, item::cfgs(header).collect::<Vec<_>>());
    let roles = Interface::new(header, Vec::new());
    let structs = roles.structs().map(|(result, doc, fields)| {
        let fields = fields.iter().map(|i| {
            let (field, place, doc) =
                (&roles.openings[*i].name, Literal::usize_unsuffixed(*i), format!(" The release `{}`.", roles.openings[*i].name.unraw()));
            quote!(#[doc = #doc] pub #field: <#name as #private::Opens<#place>>::Value)
        });
        quote! {
            #(#cfgs)*
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #[allow(non_camel_case_types, non_snake_case, unused)]
            #vis struct #result { #(#fields),* }
        }
    });
    quote!(#(#structs)*)
}

/// `Wav2LetterSpeaker`
fn struct_name(header: &Header, role: &Ident) -> Ident {
    let camel: String = role.unraw().to_string().split('_').map(capital).collect();
    format_ident!("{}{camel}", header.name.unraw(), span = role.span())
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `a`, `b` and `c`; or nothing.
fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match &items[..] {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// An argument that no input of the same name clashes with.
fn local(name: &str, role: &Ident) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(role.span()))
}
