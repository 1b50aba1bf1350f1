//! The arithmetic under the protocols: integers mod 2^n, with nothing secret-dependent in its control flow.
//!
//! * [`word`]: ring words (`u32`, `u64`), wrapping.
//! * [`prg`]: AES-128 in counter mode with random access.
//! * [`conv`], [`gemm`]: convolutions and matrix products mod 2^32 and 2^64.
//! * [`planes`]: blocks of 32 elements as byte planes and bit planes, which are at once the wire format and the operand
//!   of table look-ups.
//! * [`digits`]: digits of other widths, and their tables as bit rows.
//! * [`words`]: n-bit ring words on the wire.
//! * [`rows`]: where a boolean variable of 256 elements lies.
//! * [`threads`]: a pool that products share.
//! * [`simd`]: plain loops compiled for the widest instruction set present.
//!
//! It is the only crate of the workspace with `unsafe` code. Every public function is safe: it checks the lengths of its
//! slices and panics where they do not fit, because a wrong length is an error of the calling program and never of its
//! input. The instruction set is chosen at run time; the portable code gives the same bits.
#![warn(missing_docs)]
// What is called inside a vectorised loop must be inlined into it, or it is not vectorised.
#![allow(clippy::inline_always)]
// Elsewhere there is one level, and nothing to choose by it.
#![cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]

#[cfg(target_endian = "big")]
compile_error!("words are sent and generated in little-endian order; big-endian machines are not supported");

pub mod bytes;
pub mod conv;
pub mod digits;
pub mod gemm;
mod level;
pub mod planes;
pub mod prg;
pub mod rows;
pub mod simd;
pub mod threads;
mod tile;
pub mod word;
pub mod words;

pub use conv::{Conv, PackedWeights};
pub use prg::{Key, Prg};
pub use word::Word;
