//! A model whose shapes are all known here: every stage is a constant that rustc evaluates and checks, and the model runs.

use super::{item, private, stage};
use crate::ast::Dims;
use crate::lower::{Network, Wire};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

pub fn items(network: &Network, output: &Dims) -> TokenStream {
    let aliases = network.stages.iter().map(crate::lower::Stage::alias_item);
    let (constants, checks) = (constants(network), checks(network, output));
    let (layer, model) = (layer(network, output), model(network, output));
    quote! {
        #(#aliases)*
        #constants
        #checks
        #layer
        #model
    }
}

/// The layers and the shapes of all stages, and the shapes of the inputs. Each is evaluated once and names earlier ones.
fn constants(network: &Network) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let inputs = header.inputs.iter().filter_map(|i| Some((constant(&i.name), i.dims.as_ref()?))).map(|(name, dims)| {
        let shape = item::shape(header, dims);
        quote!(const #name: #private::Infer = ::core::result::Result::Ok(#shape);)
    });
    let layers = network.stages.iter().map(|s| {
        let (name, alias, literal) = (s.constant(), s.alias(), s.literal());
        quote!(const #name: #alias = #literal;)
    });
    let shapes = network.stages.iter().map(|s| {
        let (name, complete) = (s.constant(), s.complete(header));
        let wires = s.inputs.iter().map(|w| match w {
            Wire::Input(i) => {
                let name = constant(&header.inputs[*i].name);
                quote!(__Inputs::#name)
            }
            Wire::Stage(i) => {
                let name = network.stages[*i].constant();
                quote!(__Shapes::#name)
            }
        });
        let shapes: Vec<_> = (0..s.inputs.len()).map(|i| format_ident!("x{i}")).collect();
        let infer = s.infer(&quote_spanned!(s.first=> __Layers::#name), &shapes);
        quote! {
            const #name: #private::Infer = match (#complete, #(#wires),*) {
                (::core::result::Result::Ok(_), #(::core::result::Result::Ok(#shapes)),*) => #infer,
                (::core::result::Result::Err(error), ..) => ::core::result::Result::Err(error),
                _ => #private::POISONED,
            };
        }
    });
    quote! {
        struct __Inputs;
        impl __Inputs { #(#inputs)* }
        struct __Layers;
        impl __Layers { #(#layers)* }
        struct __Shapes;
        impl __Shapes { #(#shapes)* }
    }
}

/// One check a stage, so that two wrong branches are two errors, and one of the declared shape.
fn checks(network: &Network, output: &Dims) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let model = header.name.unraw();
    let stages = network.stages.iter().map(|s| {
        let name = s.constant();
        s.check(header, &format!("{model}.{}", s.name), &quote!(__Shapes::#name))
    });
    let (last, declared) = (&network.stages[network.result], item::shape(header, output));
    let name = last.constant();
    let returns = last.check(header, &model.to_string(), &quote!(#private::returns(#declared, &__Shapes::#name)));
    quote!(#(#stages)* #returns)
}

/// The model as a stage of another one. It answers with the shape that it declares: its own errors are its own.
fn layer(network: &Network, output: &Dims) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let (name, defaults, declared) = (&header.name, item::defaults(header), item::shape(header, output));
    let (shapes, accept) = (item::unpack(header, &item::arity_error(header)), item::accept(header));
    let values = item::unpack(header, &item::arity_panic(header));
    let steps = network.stages.iter().map(|s| {
        let (local, constant, text) = (s.local(), s.constant(), &s.name);
        let build = s.build(header, &quote!(&__Layers::#constant), &stage::locals(network, s));
        quote!(let #local = scope.stage(#text, __Shapes::#constant, |scope| #build);)
    });
    let result = network.stages[network.result].local();
    quote! {
        impl #name {
            #defaults
            /// The shape of the output, when the inputs have the declared shapes.
            pub const fn infer(&self, inputs: &[#private::Shape]) -> #private::Infer {
                #shapes
                #accept
                ::core::result::Result::Ok(#declared)
            }
        }
        impl #private::Layer for #name {
            fn build<'g>(&self, scope: &mut #private::Scope<'g>, inputs: &[#private::Value<'g>]) -> #private::Value<'g> {
                #values
                #(#steps)*
                #result
            }
        }
    }
}

fn model(network: &Network, output: &Dims) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let inputs = header.inputs.iter().map(|i| {
        let (text, constant) = (i.name.unraw().to_string(), constant(&i.name));
        quote!((#text, #private::or_empty(&__Inputs::#constant)))
    });
    let graph = quote! {
        static GRAPH: #private::OnceLock<#private::Result<#private::Graph>> = #private::OnceLock::new();
        GRAPH
            .get_or_init(|| {
                let inputs = [#(#inputs),*];
                let name = <Self as #private::Model>::NAME;
                #private::trace(name, &inputs, |scope, inputs| #private::Layer::build(&Self::DEFAULT, scope, inputs))
            })
            .as_ref()
            .map_err(::core::clone::Clone::clone)
    };
    item::model(header, Some(output), &graph)
}

fn constant(name: &Ident) -> Ident {
    Ident::new(&name.unraw().to_string().to_uppercase(), Span::call_site())
}
