//! Whatever the parts are, a tape gives what it gives as a whole, and writes it once.

use super::*;
use undertone_ring::prg::Key;

const STEP: u32 = 3;

/// More than two parts, the last one shorter than a part, and whole blocks of every stream.
const LEN: usize = 2 * CHUNK + 256;

fn at(field: u32) -> Counter {
    Counter { step: STEP, field }
}

fn key() -> Prg {
    Prg::new(&Key::from_bytes([5; 16]))
}

/// What one part after the other gives: of a stream, of words of `bits` bits and of rows of bits.
type Parts = (Vec<u8>, Vec<u64>, Vec<u32>);

fn in_parts(corrections: Option<&[u8]>, size: usize, bits: u32) -> Parts {
    let key = key();
    let mut tape = Tape::new(&key, corrections);
    let unpacked = tape.in_parts_of(size, LEN, |tape, len, to: &mut Parts| {
        tape.add_uniform(at(0), 64 * len, &mut to.0);
        tape.add_share(at(1), bits, 2 * len, &mut to.1)?;
        tape.add_bits(at(2), len / 32, &mut to.2)
    });
    let given = tape.given();
    tape.finish().unwrap();
    let unpacked = unpacked.unwrap();
    assert_eq!(given, 64 * LEN + 16 * LEN + LEN / 8, "all of it is counted");
    let room = (unpacked.0.capacity(), unpacked.1.capacity(), unpacked.2.capacity());
    assert_eq!(room, (64 * LEN, 2 * LEN, LEN / 32), "room is made once, for the whole step");
    unpacked
}

#[test]
fn parts_of_a_stream_are_the_whole_stream() {
    for bits in [1, 34, 64] {
        let whole = in_parts(None, LEN, bits);
        let mut stream = vec![0u8; 64 * LEN];
        key().fill(at(0), &mut stream);
        assert!(whole.0 == stream, "the stream itself");
        for size in [128, 256, CHUNK] {
            assert!(in_parts(None, size, bits) == whole, "{bits} bits in parts of {size}");
        }
    }
}

#[test]
fn parts_of_corrections_are_what_was_dealt() {
    // dealt to one party alone, so that the corrections are the values
    let (keys, mut dealt) = ([key()], vec![]);
    for (bits, size) in [1, 34, 64].into_iter().flat_map(|bits| [128, 256, CHUNK, LEN].map(|size| (bits, size))) {
        let words: Vec<u64> = (0..2 * LEN as u64).map(|k| k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)).collect();
        let rows: Vec<u32> = (0..LEN as u32 / 32).map(|k| k.wrapping_mul(0x9e37_79b9)).collect();
        dealt.clear();
        let mut d = Dealing::new(&keys, &mut dealt);
        for part in Part::of_size(size, LEN) {
            let mut d = d.part(part);
            d.share(at(1), bits, words[2 * part.start..][..2 * part.len].to_vec());
            d.share_bits(at(2), rows[part.start / 32..][..part.len / 32].to_vec());
        }
        let unpacked = in_parts(Some(&dealt), size, bits);
        assert!(unpacked.1 == words && unpacked.2 == rows, "{bits} bits in parts of {size}");
    }
}

#[test]
fn after_its_parts_a_tape_is_whole_again() {
    let key = key();
    let mut tape = Tape::new(&key, None);
    let start: Vec<u32> = tape.uniform(at(0), LEN);
    let parts: Vec<u32> = tape
        .in_parts(LEN, |tape, len, to| {
            tape.add_uniform(at(0), len, to);
            Ok(())
        })
        .unwrap();
    assert!(parts == start);
    assert!(tape.uniform::<u32>(at(0), LEN) == start);
}

#[test]
fn a_tape_that_is_too_short_is_refused() {
    let key = key();
    let sent = vec![0; 8 * CHUNK];
    let mut tape = Tape::new(&key, Some(&sent));
    let short = tape.in_parts(LEN, |tape, len, to: &mut Vec<u64>| tape.add_share(at(1), 64, len, to));
    assert_eq!(short.map(drop), Err(TapeError { expected: 8 * CHUNK, found: 0 }));
}
