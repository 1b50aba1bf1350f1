//! What editors read. rust-analyzer completes a word by expanding the description twice, as it stands and with a word put in at the
//! cursor, and looks that word's place up in the first expansion. So everything that could be parsed stands here in the order of the
//! text, whatever is wrong elsewhere: a layer where a type stands, a field in a literal of its struct, a value as a local. rustc
//! throws it away.

use super::private;
use crate::ast::{Body, Description, Dims, Fields, Header, Loss, OUTPUT, Pipe, Release, Stage, Step};
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{format_ident, quote};
use syn::PathArguments;

/// One description for editors. It defines no items, because these would be offered.
pub fn editor(description: &Description) -> TokenStream {
    let Description { header, body } = description;
    let private = private(header);
    let params = header.params.iter().map(|p| {
        let (name, ty, default) = (&p.name, &p.ty, p.default.iter());
        quote!(let #name: #ty = loop {}; #(let _: #ty = #default;)*)
    });
    let inputs = header.inputs.iter().map(|i| {
        let (name, dims) = (&i.name, i.dims.as_ref().map(dims));
        quote!(#dims let #name: #private::Value<'_> = loop {};)
    });
    let output = header.output.as_ref().map(dims);
    let body = body.as_ref().map(|body| self::body(body, header));
    quote! {
        // An attribute of what is thrown away is thrown away with it, so this one stands outside.
        #[allow(unexpected_cfgs, unused, clippy::all, clippy::pedantic)]
        const _: () = {
            #[cfg(rust_analyzer)]
            const _: () = {
                #(#params)*
                #(#inputs)*
                #output
                #body
            };
        };
    }
}

fn body(body: &Body, header: &Header) -> TokenStream {
    let private = private(header);
    let lets = body.lets.iter().map(|l| {
        let (name, pipe) = (&l.name, pipe(&l.pipe));
        quote!(let #name: #private::Value<'_> = #pipe;)
    });
    let (output, result) = (format_ident!("{OUTPUT}"), pipe(&body.result));
    let releases = header.releases.iter().map(release);
    let loss = header.loss.iter().map(|loss| self::loss(loss, &private));
    quote! {
        #(#lets)*
        let #output: #private::Value<'_> = #result;
        #(#loss)*
        #(#releases)*
    }
}

fn loss(loss: &Loss, private: &TokenStream) -> TokenStream {
    let inputs = loss.header.inputs[1..].iter().map(|i| {
        let (name, dims) = (&i.name, i.dims.as_ref().map(dims));
        quote!(#dims let #name: #private::Value<'_> = loop {};)
    });
    let pipe = loss.body.as_ref().map(|body| pipe(&body.result));
    quote!({ #(#inputs)* #pipe };)
}

fn release(release: &Release) -> TokenStream {
    let (dims, pipe) = (release.dims.as_ref().map(dims), release.pipe.as_ref().map(pipe));
    quote!(#dims #pipe;)
}

fn dims(dims: &Dims) -> TokenStream {
    let list = dims.list.iter();
    quote!(let _: [usize; _] = [#(#list),*];)
}

fn pipe(pipe: &Pipe) -> TokenStream {
    let (sources, steps) = (&pipe.sources, steps(&pipe.steps));
    quote!({ #(#sources;)* #steps loop {} })
}

fn steps(steps: &[Step]) -> TokenStream {
    steps.iter().map(step).collect()
}

fn step(step: &Step) -> TokenStream {
    match step {
        Step::Stage(stage) => self::stage(stage),
        Step::For(repeat) => {
            let (pattern, list, body) = (&repeat.pattern, repeat.list.iter(), steps(&repeat.body));
            quote!(for #pattern in { #(#list)* } { #body })
        }
    }
}

fn stage(stage: &Stage) -> TokenStream {
    let layer = &stage.layer;
    let Some(Fields { brace, list, open }) = &stage.fields else { return quote!(let _: #layer = loop {};) };
    // Where a field may be typed, the literal without it has to be as long as with it, so it is longer by a comma and blanks.
    let base = if *open { quote!((((<#layer>::DEFAULT)))) } else { quote!(<#layer>::DEFAULT) };
    let mut braces = Group::new(Delimiter::Brace, quote!(#(#list,)* ..#base));
    braces.set_span(brace.span.join());
    let mut literal = layer.clone();
    for segment in &mut literal.segments {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            arguments.colon2_token.get_or_insert_default();
        }
    }
    quote!(let _ = #literal #braces;)
}
