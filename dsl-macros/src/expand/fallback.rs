//! After an error of the macro: the items that users of the model name. Compilation has failed, so they never run.

use super::{item, private};
use crate::ast::Header;
use proc_macro2::TokenStream;
use quote::quote;

pub fn items(header: &Header) -> TokenStream {
    let (private, name, defaults) = (private(header), &header.name, item::defaults(header));
    let unreachable = quote!(::core::unreachable!());
    let edge = |dims: &crate::ast::Dims| dims.list.len() <= 4;
    let fits =
        header.inputs.iter().filter_map(|i| i.dims.as_ref()).chain(&header.output).all(edge) && (1..=4).contains(&header.inputs.len());
    let model = (header.is_concrete() && fits).then(|| item::model(header, header.output.as_ref(), &unreachable));
    quote! {
        impl #name {
            #defaults
            /// Nothing is known of the output: the description has errors.
            pub const fn infer(&self, inputs: &[#private::Shape]) -> #private::Infer {
                #private::POISONED
            }
        }
        impl #private::Layer for #name {
            fn build<'g>(&self, scope: &mut #private::Scope<'g>, inputs: &[#private::Value<'g>]) -> #private::Value<'g> {
                #unreachable
            }
        }
        #model
    }
}
