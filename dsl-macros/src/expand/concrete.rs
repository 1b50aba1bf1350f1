//! A model whose shapes are all known here: every stage is a constant that rustc evaluates and checks, and the model runs.

use super::roles::Interface;
use super::{dims, item, loss, private, stage};
use crate::ast::Dims;
use crate::lower::{Network, Stage, Wire};
use crate::roles::{are_written, openings, weights_owner};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

pub fn items(network: &Network, output: &Dims, loss: Option<&Network>) -> TokenStream {
    let aliases = network.stages.iter().map(Stage::alias_item);
    let name = network.header.name.unraw().to_string();
    let (constants, checks) = (constants(network, output), checks(network, output, &name));
    let (layer, graph) = (layer(network, output), graph(network));
    let integers = network.releases.iter().map(|i| stage::integer(network, *i, false)).collect();
    let roles = Interface::new(network.header, integers);
    let rest = [roles.released(true), loss::target(network.header), loss.map(loss::function).unwrap_or_default()];
    let (functions, model) = (roles.items(true), item::model(network.header, Some(output), &graph, &quote!(#(#rest)*)));
    quote! {
        #(#aliases)*
        #constants
        #checks
        #layer
        #functions
        #model
    }
}

/// The layers and the shapes of all stages, and the shapes of the inputs. Each is evaluated once and names earlier ones.
pub fn constants(network: &Network, output: &Dims) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let inputs = header.inputs.iter().filter_map(|i| Some((constant(&i.name), i.dims.as_ref()?))).map(|(name, dims)| {
        let shape = dims::shape(header, dims);
        quote!(const #name: #private::Infer = ::core::result::Result::Ok(#shape);)
    });
    let layers = network.stages.iter().map(|s| {
        let (name, alias, literal) = (s.constant(), s.alias(), s.literal());
        quote!(const #name: #alias = #literal;)
    });
    let declared = dims::shape(header, output);
    let shapes = network.stages.iter().enumerate().map(|(place, s)| {
        let (name, complete) = (s.constant(), s.complete(header));
        let wires = s.inputs.iter().map(|w| match w {
            Wire::Input(i) => {
                let name = constant(&header.inputs[*i].name);
                quote!(__Inputs::#name)
            }
            Wire::Stage(i) => {
                let name = network.stages[*i].constant();
                // A release of an output with another shape than declared is silent: that is said of the output.
                let result = *i == network.result && place >= network.body;
                if result { quote!(#private::returns(#declared, &__Shapes::#name)) } else { quote!(__Shapes::#name) }
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

/// One check a stage, so that two wrong branches are two errors, and one of each declared shape. `model` is what errors call it.
pub fn checks(network: &Network, output: &Dims, model: &str) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let stages = network.stages.iter().map(|s| {
        let name = s.constant();
        s.check(header, &format!("{model}.{}", s.label()), &quote!(__Shapes::#name))
    });
    let (last, declared) = (&network.stages[network.result], dims::shape(header, output));
    let name = last.constant();
    let returns = last.check(header, model, &quote!(#private::returns(#declared, &__Shapes::#name)));
    let releases = openings(header).into_iter().zip(&network.releases).filter_map(|(opening, stage)| {
        let (dims, pipe) = (opening.syntax?.dims.as_ref()?, opening.syntax?.pipe.as_ref()?);
        let (last, shape) = (&network.stages[*stage], dims::shape(header, dims));
        let name = last.constant();
        let found = if *stage == network.result { quote!(::core::result::Result::Ok(#declared)) } else { quote!(__Shapes::#name) };
        // "`release scores` of `Net` is declared ..": the label stands between two quotes.
        let label = format!("release {}` of `{model}", opening.name.unraw());
        let place = if pipe.steps.is_empty() { [pipe.span(); 2] } else { [last.first, last.last] };
        Some(stage::check(header, place, &label, &quote!(#private::returns(#shape, &#found))))
    });
    quote!(#(#stages)* #returns #(#releases)*)
}

/// The model as a stage of another one. It answers with the shape that it declares: its own errors are its own.
fn layer(network: &Network, output: &Dims) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let (name, defaults, declared) = (&header.name, item::defaults(header), dims::shape(header, output));
    let (shapes, accept) = (item::unpack(header, &item::arity_error(header)), item::accept(header));
    let values = item::unpack(header, &item::arity_panic(header));
    let steps = steps(network, &network.stages[..network.body]);
    let (result, integer) = (network.stages[network.result].local(), item::integer(network));
    quote! {
        impl #name {
            #defaults
            #integer
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
                #steps
                #result
            }
        }
    }
}

/// One `let` a stage.
pub fn steps(network: &Network, stages: &[Stage]) -> TokenStream {
    let steps = stages.iter().map(|s| {
        let (local, constant) = (s.local(), s.constant());
        let build = s.build(network.header, &quote!(&__Layers::#constant), &stage::locals(network, s));
        let run = s.run(&quote!(__Shapes::#constant), &build);
        quote!(let #local = #run;)
    });
    quote!(#(#steps)*)
}

/// The body of `Model::graph`, which traces once.
fn graph(network: &Network) -> TokenStream {
    let (header, private) = (network.header, private(network.header));
    let written = are_written(header);
    let inputs = header.inputs.iter().map(|i| {
        let (text, constant) = (i.name.unraw().to_string(), constant(&i.name));
        let owner = i.owner.as_ref().map_or_else(|| "client".to_owned(), |role| role.unraw().to_string());
        let owner = written.then(|| quote!(, #owner));
        quote!((#text, #private::or_empty(&__Inputs::#constant) #owner))
    });
    let output = quote!(#private::Layer::build(&Self::DEFAULT, scope, inputs));
    let trace = if written {
        let (owner, body) = (weights_owner(header).unraw().to_string(), releases(network, &output));
        quote!(#private::trace_roles(name, &inputs, #owner, |scope, inputs| #body))
    } else {
        quote!(#private::trace(name, &inputs, |scope, inputs| #output))
    };
    quote! {
        static GRAPH: #private::OnceLock<#private::Result<#private::Graph>> = #private::OnceLock::new();
        GRAPH
            .get_or_init(|| {
                let inputs = [#(#inputs),*];
                let name = <Self as #private::Model>::NAME;
                #trace
            })
            .as_ref()
            .map_err(::core::clone::Clone::clone)
    }
}

/// The output, after everything that is released. Releases that read other values of the body need its stages here.
fn releases(network: &Network, output: &TokenStream) -> TokenStream {
    let header = network.header;
    if header.releases.is_empty() {
        return output.clone();
    }
    let (body, own) = network.stages.split_at(network.body);
    let read: Vec<Wire> =
        own.iter().flat_map(|s| s.inputs.iter().copied()).chain(network.releases.iter().map(|i| Wire::Stage(*i))).collect();
    let inner = read.iter().any(|w| matches!(w, Wire::Stage(i) if *i < network.body && *i != network.result));
    let inputs = read.iter().any(|w| matches!(w, Wire::Input(_))) || inner;
    let unpack = inputs.then(|| item::unpack(header, &item::arity_panic(header)));
    let result = network.stages[network.result].local();
    let before = if inner { steps(network, body) } else { quote!(let #result = #output;) };
    let after = steps(network, own);
    let opened = openings(header).into_iter().zip(&network.releases).map(|(opening, stage)| {
        let (name, value) = (opening.name.unraw().to_string(), network.stages[*stage].local());
        let to = opening.to.iter().map(|role| role.unraw().to_string());
        quote!(scope.release(#name, #value, &[#(#to),*]);)
    });
    quote!({
        #unpack
        #before
        #after
        #(#opened)*
        #result
    })
}

pub fn constant(name: &Ident) -> Ident {
    Ident::new(&name.unraw().to_string().to_uppercase(), Span::call_site())
}
