//! Slices of unsigned integers seen as bytes, without a copy.

use core::mem::MaybeUninit;

mod sealed {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
    impl Sealed for u32 {}
    impl Sealed for u64 {}
}

/// Unsigned integers that may be read and written as bytes: `u8`, `u16`, `u32`, `u64`, and no others.
///
/// # Safety
/// The type has no padding, and every pattern of bits is a value of it.
pub unsafe trait Pod: sealed::Sealed + Copy + Default + zeroize::Zeroize + Send + Sync + 'static {}

// SAFETY: primitive unsigned integers have neither padding nor invalid values.
unsafe impl Pod for u8 {}
// SAFETY: as above.
unsafe impl Pod for u16 {}
// SAFETY: as above.
unsafe impl Pod for u32 {}
// SAFETY: as above.
unsafe impl Pod for u64 {}

/// The little-endian bytes of `words`, in order.
#[inline(always)]
pub fn as_bytes<T: Pod>(words: &[T]) -> &[u8] {
    // SAFETY: `Pod` has no padding, so all bytes are initialised; `u8` has no alignment; the length is the size in bytes.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// The little-endian bytes of `words`, to be written.
#[inline(always)]
pub fn as_bytes_mut<T: Pod>(words: &mut [T]) -> &mut [u8] {
    // SAFETY: as in `as_bytes`; every byte pattern is a valid `T`, and the borrow is exclusive.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}

/// Bytes that are there already, for code that only writes.
///
/// # Safety
/// Nothing that is not initialised is written through it.
#[inline(always)]
pub(crate) unsafe fn to_write(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the same memory; the caller keeps it initialised.
    unsafe { core::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
}

/// Appends `len` elements whose bytes `write` writes: nothing is set to zero before.
///
/// # Safety
/// `write` writes every byte.
#[inline(always)]
pub(crate) unsafe fn append<T: Pod>(len: usize, to: &mut Vec<T>, write: impl FnOnce(&mut [MaybeUninit<u8>])) {
    to.reserve(len);
    let more = &mut to.spare_capacity_mut()[..len];
    // SAFETY: the memory of `more`; `MaybeUninit<u8>` has no alignment and needs no initialisation.
    write(unsafe { core::slice::from_raw_parts_mut(more.as_mut_ptr().cast(), size_of_val(more)) });
    // SAFETY: there is room for so many, and the caller promises that all of their bytes were written; every pattern is a valid `T`.
    unsafe { to.set_len(to.len() + len) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_little_endian() {
        let mut words = [0x0403_0201_u32, 0x0807_0605];
        assert_eq!(as_bytes(&words), [1, 2, 3, 4, 5, 6, 7, 8]);
        as_bytes_mut(&mut words)[4..].copy_from_slice(&[9, 0, 0, 1]);
        assert_eq!(words[1], 0x0100_0009);
    }
}
