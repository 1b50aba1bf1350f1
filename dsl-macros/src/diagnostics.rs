//! Errors are collected, not first-come.

use core::fmt::Display;
use proc_macro2::Span;
use quote::ToTokens;

/// The errors of one phase. Dropping it unread is a bug of this crate, so it panics.
pub struct Errors {
    found: Vec<syn::Error>,
    read: bool,
}

impl Errors {
    pub fn new() -> Self {
        Self { found: Vec::new(), read: false }
    }

    /// Adds an error of the parser.
    pub fn push(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// Adds an error at one place.
    pub fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds an error that underlines all of `tokens`.
    pub fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Ends the phase.
    pub fn barrier(mut self) -> Vec<syn::Error> {
        self.read = true;
        core::mem::take(&mut self.found)
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(self.read || std::thread::panicking(), "bug in undertone-macros: the errors of a phase were dropped unread");
    }
}
