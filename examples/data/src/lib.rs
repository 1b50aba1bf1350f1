//! Recordings, transcripts, pictures, texts, series and tables for the examples: everything between a file and the tensors of a model.
//!
//! Nothing here knows a model or how it runs. Speech: [`wav`] and [`speech`] read recordings, [`features`] turns one into a log-mel spectrogram,
//! [`window`] cuts that into the fixed windows that a model takes and puts the scores back together, [`alphabet`] turns scores into
//! text, [`cer`] compares texts, [`asterisk`] lists the recordings to train on. Pictures: [`digits`] and [`fashion`] in the format of [`idx`],
//! [`cifar`] and [`nuclei`] as [`picture`]. Texts: [`text`] has the tokens of BERT and hashed counts of words, [`spam`] reads e-mails. Series of numbers: [`series`]. A table: [`credit`]. For
//! a network of others: [`mel`] has the spectrogram that it takes, [`phonemes`] what it writes.
#![forbid(unsafe_code)]

pub mod alphabet;
pub mod asterisk;
pub mod cer;
pub mod cifar;
pub mod credit;
pub mod digits;
mod error;
pub mod fashion;
pub mod features;
pub mod idx;
pub mod mel;
pub mod nuclei;
pub mod phonemes;
mod phrases;
pub mod picture;
pub mod series;
pub mod spam;
pub mod speech;
pub mod text;
pub mod wav;
pub mod window;

pub use error::{Error, Result};
pub use features::Features;
