//! How many times as fast as a plain loop each kernel is, on this machine: a figure that means the same on another one. It takes seconds, prints, and asserts nothing.
//!
//! `cargo bench -p undertone-ring --bench ratios`. A kernel that was made slower by accident stands out here whatever else the machine does: both halves of a ratio suffer alike.

use std::{hint::black_box, time::Instant};
use undertone_ring::{
    Conv, Key, PackedWeights, Prg,
    conv::{Scratch, accumulate},
    planes,
    prg::Counter,
    rows, words,
};

/// Elements of what streams: whole blocks that stay in the cache.
const LEN: usize = 1 << 14;

fn main() {
    println!("{:44} {:>14} {:>14} {:>8}", "kernel", "kernel, ns", "loop, ns", "times");
    convolution();
    generator();
    packing();
    look_up();
}

/// Seconds of one call: the fastest of some.
fn time(mut f: impl FnMut()) -> f64 {
    f();
    let start = Instant::now();
    f();
    let calls = (0.01 / start.elapsed().as_secs_f64().max(1e-9)).ceil().min(1e5) as u32;
    let run = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..calls).for_each(|_| f());
        start.elapsed().as_secs_f64() / f64::from(calls)
    };
    (0..5).map(|_| run(&mut f)).fold(f64::INFINITY, f64::min)
}

fn show(what: &str, elements: usize, kernel: f64, plain: f64) {
    let each = |seconds: f64| 1e9 * seconds / elements as f64;
    println!("{what:44} {:14.3} {:14.3} {:8.1}", each(kernel), each(plain), plain / kernel);
}

fn random(len: usize) -> Vec<u64> {
    let mut out = vec![0; len];
    Prg::new(&Key::from_bytes([7; 16])).words(Counter { step: len as u32, field: 0 }, &mut out);
    out
}

/// A convolution of 16 channels of 32 by 32 pixels, a multiply-add.
fn convolution() {
    let conv = Conv { h: 32, w: 32, kh: 3, kw: 3, ph: 1, pw: 1, ..Conv::linear(1, 16, 16) };
    let (x, w) = (random(16 * 1024), random(16 * 16 * 9));
    let (packed, mut z, mut scratch) = (PackedWeights::new(&conv, &w), vec![0u64; 16 * 1024], Scratch::new());
    let kernel = time(|| accumulate(&conv, 1, black_box(&x), &packed, &mut z, &mut scratch));
    let plain = time(|| {
        for o in 0..16 {
            for c in 0..16 {
                for (dy, dx) in (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx))) {
                    let weight = w[(o * 16 + c) * 9 + dy * 3 + dx];
                    for y in 0..32usize {
                        let Some(from) = (y + dy).checked_sub(1).filter(|y| *y < 32) else { continue };
                        for column in 0..32usize {
                            let Some(x_from) = (column + dx).checked_sub(1).filter(|x| *x < 32) else { continue };
                            let product = black_box(&x)[c * 1024 + from * 32 + x_from].wrapping_mul(weight);
                            z[o * 1024 + y * 32 + column] = z[o * 1024 + y * 32 + column].wrapping_add(product);
                        }
                    }
                }
            }
        }
    });
    show("convolution 32x32x16 -> 16, a multiply-add", 1024 * 16 * 16 * 9, kernel, plain);
}

/// Masks, beside a generator that is no good for cryptography: a word.
fn generator() {
    let (prg, mut out) = (Prg::new(&Key::from_bytes([1; 16])), vec![0u64; LEN]);
    let kernel = time(|| prg.words(Counter { step: 1, field: 1 }, black_box(&mut out)));
    let plain = time(|| {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        for word in black_box(&mut out).iter_mut() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *word = state;
        }
    });
    show("masks by AES, beside xorshift; a word", LEN, kernel, plain);
}

/// Packing to 34 bits as planes and to 40 bits as words, beside bit by bit with shifts.
fn packing() {
    let x = random(LEN);
    let mut out = vec![0u8; LEN / 32 * planes::block_bytes(34)];
    let plain = |bits: usize, out: &mut [u8]| {
        out.fill(0);
        let (mut pending, mut have, mut at) = (0u128, 0, 0);
        for word in black_box(&x) {
            pending |= u128::from(word & ((1 << bits) - 1)) << have;
            have += bits;
            while have >= 8 {
                out[at] = pending as u8;
                (pending, have, at) = (pending >> 8, have - 8, at + 1);
            }
        }
    };
    let kernel = time(|| planes::pack(34, black_box(&x), &mut out));
    let slow = time(|| plain(34, &mut out));
    show("packing to planes of 34 bits, an element", LEN, kernel, slow);
    let mut out = vec![0u8; words::word_bytes(40, 64, LEN)];
    let kernel = time(|| words::pack_words(40, black_box(&x), &mut out));
    let slow = time(|| plain(40, &mut out));
    show("packing to words of 40 bits, an element", LEN, kernel, slow);
}

/// All digits of values of 34 bits in tables, beside one entry after the other.
fn look_up() {
    let mut y = vec![0u8; LEN / 32 * planes::block_bytes(34)];
    planes::pack(34, &random(LEN), &mut y);
    let tables: Vec<u8> = random(LEN / 32 * planes::table_bytes(34) / 8).into_iter().flat_map(u64::to_le_bytes).collect();
    let (mut sum, mut rows) = (0u32, [0u32; 8]);
    let kernel = time(|| planes::lookup(34, black_box(&y), &tables, |_, _, l, q| rows = rows::xor(rows, rows::xor(l, q))));
    black_box(rows);
    let (digits, bytes) = (planes::digits(34), planes::table_bytes(34));
    let values = random(LEN);
    let plain = time(|| {
        for (i, value) in black_box(&values).iter().enumerate() {
            for j in 0..digits {
                let table = &tables[i / 32 * bytes + j * planes::TABLE..][..planes::TABLE];
                let bit = |entry: u64| u32::from(table[(entry / 8 * 32) as usize + i % 32] >> (entry % 8) & 1);
                let digit = value >> (4 * j) & 15;
                sum ^= if digit == 15 { 0 } else { bit(digit) } ^ bit(digit.wrapping_sub(1) & 15);
            }
        }
    });
    black_box(sum);
    show("look-up of all digits of 34 bits, an element", LEN, kernel, plain);
}
