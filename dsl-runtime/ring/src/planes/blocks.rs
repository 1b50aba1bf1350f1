//! Words to blocks of planes and back, for both uses: words to be compared (`planes`) and ring words on the wire
//! (`words`), which divide the bits differently between byte planes and bit planes.

use super::{BLOCK, portable};
use crate::bytes::{append, as_bytes, as_bytes_mut, to_write};
use crate::level::Level;

/// How the bits of a word are divided: byte planes below, bit planes above. At most 7 and 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub bytes: usize,
    pub bits: usize,
}

impl Layout {
    /// The low m - 2 bits as digits and the two top bits apart: no byte plane reaches into those.
    pub const fn of_digits(m: u32) -> Self {
        let bytes = (m as usize - 2) / 8;
        Layout { bytes, bits: m as usize - 8 * bytes }
    }

    /// As many byte planes as there are whole bytes.
    pub const fn of_ring(n: u32) -> Self {
        Layout { bytes: n as usize / 8, bits: n as usize % 8 }
    }

    /// Bytes of a block.
    pub const fn size(self) -> usize {
        BLOCK * self.bytes + 4 * self.bits
    }
}

/// Packing of a word type; implemented for `u32` and `u64` only. The callers check the lengths.
pub trait Blocks: Sized {
    /// Whole blocks of words to planes.
    fn pack(level: Level, layout: Layout, x: &[Self], out: &mut [u8]);
    /// Planes to whole blocks of words.
    fn unpack(level: Level, layout: Layout, planes: &[u8], x: &mut [Self]);
    /// The same, appended to `x`.
    fn append(level: Level, layout: Layout, planes: &[u8], x: &mut Vec<Self>);
}

macro_rules! blocks {
    ($t:ty, $wide:literal) => {
        impl Blocks for $t {
            fn pack(level: Level, layout: Layout, x: &[Self], out: &mut [u8]) {
                #[cfg(target_arch = "x86_64")]
                if level.avx2().is_some() {
                    // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
                    return unsafe { super::avx2::pack::<$wide>(layout, as_bytes(x), out) };
                }
                portable::pack(layout, x, out)
            }

            fn unpack(level: Level, layout: Layout, planes: &[u8], x: &mut [Self]) {
                #[cfg(target_arch = "x86_64")]
                if level.avx2().is_some() {
                    // SAFETY: as above.
                    return unsafe { super::avx2::unpack::<$wide>(layout, planes, to_write(as_bytes_mut(x))) };
                }
                portable::unpack(layout, planes, x)
            }

            fn append(level: Level, layout: Layout, planes: &[u8], x: &mut Vec<Self>) {
                let len = planes.len() / layout.size() * BLOCK;
                #[cfg(target_arch = "x86_64")]
                if level.avx2().is_some() {
                    // SAFETY: as above, and there are planes for every word, so all of them are written.
                    return unsafe { append(len, x, |x| super::avx2::unpack::<$wide>(layout, planes, x)) };
                }
                let start = x.len();
                x.resize(start + len, 0);
                portable::unpack(layout, planes, &mut x[start..]);
            }
        }
    };
}
blocks!(u32, false);
blocks!(u64, true);
