//! Syntax, nothing else: tokens taken apart, spans kept, no meaning.

use proc_macro2::Span;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, FieldValue, Ident, LitStr, Pat, Path, PathArguments, Token, Type, Visibility, parse_quote, token};

/// `header { body } loss release*`; no body without braces.
pub struct Description {
    pub header: Header,
    pub body: Option<Body>,
}

/// What users of the model see: `attrs vis model Name { params } (inputs) -> dims weights from role`, and the clauses after its body.
pub struct Header {
    /// The path of the facade crate: `::undertone`, unless `#[undertone(crate = path)]` says otherwise.
    pub krate: Path,
    /// What a run may cost, where the description says so.
    pub budget: Option<Budget>,
    pub attrs: Vec<Attribute>,
    pub vis: Visibility,
    pub name: Ident,
    pub params: Vec<Param>,
    pub inputs: Vec<Input>,
    pub output: Option<Dims>,
    /// The role that owns the weights, where the description says so.
    pub weights: Option<Ident>,
    pub loss: Option<Box<Loss>>,
    /// Whether this is the header of a loss, where alone layers stand that are losses.
    pub is_loss: bool,
    pub releases: Vec<Release>,
}

impl Header {
    /// Whether every shape is known here, so that the model can run, and not only be a stage of another one.
    pub fn is_concrete(&self) -> bool {
        self.params.is_empty() && self.inputs.iter().all(|i| i.dims.is_some())
    }
}

/// `#[budget(rounds = 200, megabytes = 8)]`; at least one of the two.
pub struct Budget {
    /// The place of the attribute.
    pub span: Span,
    pub rounds: Option<u64>,
    pub megabytes: Option<f64>,
}

/// `name: Type = default`.
pub struct Param {
    pub docs: Vec<Attribute>,
    pub name: Ident,
    pub ty: Type,
    pub default: Option<Expr>,
}

impl Param {
    /// The type to take instead of one that owns memory, as far as its name shows: parameters are read in constants, so they are `Copy`.
    pub fn stand_in(&self) -> Option<Type> {
        let Type::Path(path) = &self.ty else { return None };
        let last = path.path.segments.last()?;
        match (&last.ident.to_string()[..], &last.arguments) {
            ("Vec", PathArguments::AngleBracketed(of)) => {
                let of = &of.args;
                Some(parse_quote!(&'static [#of]))
            }
            ("String", _) => Some(parse_quote!(&'static str)),
            ("Box" | "Rc" | "Arc", PathArguments::AngleBracketed(of)) => syn::parse2(of.args.to_token_stream()).ok(),
            _ => None,
        }
    }
}

/// `name: dims from owner`; without dims any shape.
pub struct Input {
    pub name: Ident,
    pub dims: Option<Dims>,
    pub owner: Option<Ident>,
}

/// `loss (label: dims) { pipe }`: a small model of its own, whose first input is the [`OUTPUT`] and which returns a number.
pub struct Loss {
    /// The place of `loss`.
    pub span: Span,
    pub header: Header,
    /// The pipe, unless it has syntax errors.
    pub body: Option<Body>,
}

/// `release name: dims = pipe to role, role`; with syntax errors, what could be read of it.
pub struct Release {
    /// The place of `release`.
    pub span: Span,
    pub name: Option<Ident>,
    pub dims: Option<Dims>,
    pub pipe: Option<Pipe>,
    pub to: Vec<Ident>,
}

impl Release {
    /// Whether it opens the model's output as it is, which has a name and a shape already.
    pub fn is_output(&self) -> bool {
        self.pipe.as_ref().is_some_and(|p| p.steps.is_empty() && matches!(&p.sources[..], [one] if one == OUTPUT))
    }
}

/// The name by which releases and the loss read the model's result.
pub const OUTPUT: &str = "output";

/// `[3, HEIGHT, WIDTH]`.
#[derive(Clone)]
pub struct Dims {
    pub bracket: token::Bracket,
    pub list: Punctuated<Expr, Token![,]>,
}

/// `let* pipe`; after syntax errors what could be read of them, so that the result may have neither source nor stage.
pub struct Body {
    pub lets: Vec<Let>,
    pub result: Pipe,
}

/// `let name = pipe;`
pub struct Let {
    pub name: Ident,
    pub pipe: Pipe,
}

/// `(a, b) -> stage -> stage`.
pub struct Pipe {
    pub sources: Vec<Ident>,
    pub steps: Vec<Step>,
}

/// What stands after an arrow.
pub enum Step {
    Stage(Stage),
    For(For),
}

/// `#[weights("conv1")] name: Layer { field: value }`.
pub struct Stage {
    /// What the keys of its weights start with, instead of its name.
    pub weights: Option<LitStr>,
    pub name: Option<Ident>,
    pub layer: Path,
    pub fields: Option<Fields>,
}

/// `{ field: value, field }`.
pub struct Fields {
    pub brace: token::Brace,
    pub list: Vec<FieldValue>,
    /// Whether another field may follow: there is none, or a comma behind the last one, or one that cannot be read.
    pub open: bool,
}

/// `for PAT in LIST { stage -> stage }`, the list as it stands and taken apart.
pub struct For {
    pub pattern: Pat,
    pub list: Option<Box<Expr>>,
    pub values: Vec<Expr>,
    pub body: Vec<Step>,
}

impl Pipe {
    /// What is left of a pipe that cannot be read.
    pub fn empty() -> Self {
        Self { sources: Vec::new(), steps: Vec::new() }
    }

    /// The place of the pipe's source.
    pub fn span(&self) -> Span {
        self.sources.first().map_or_else(Span::call_site, Ident::span)
    }

    /// The layer of the last stage.
    pub fn last_layer(&self) -> Option<&Path> {
        let mut steps = &self.steps;
        loop {
            match steps.last()? {
                Step::Stage(stage) => return Some(&stage.layer),
                Step::For(repeat) => steps = &repeat.body,
            }
        }
    }
}
