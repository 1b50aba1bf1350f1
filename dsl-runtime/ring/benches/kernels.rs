//! Speed of the kernels on one core, portable and widest: products a second, bytes a second, nanoseconds an element.
//! It prints and asserts nothing.

use std::{hint::black_box, time::Instant};
use undertone_ring::{
    Conv, Key, PackedWeights, Prg, Word,
    conv::{Scratch, accumulate},
    gemm::gemm,
    planes,
    prg::Counter,
    rows, simd, words,
};

fn main() {
    for portable in [false, true] {
        simd::force_portable(portable);
        println!("{}", if portable { "portable" } else { "widest" });
        products::<u64>("u64");
        products::<u32>("u32");
        generator();
        block_kernels();
    }
}

/// Seconds of one call: the fastest of several runs of about 30 ms each.
fn time(mut f: impl FnMut()) -> f64 {
    f();
    let start = Instant::now();
    f();
    let calls = (0.03 / start.elapsed().as_secs_f64().max(1e-9)).ceil().min(1e6) as u32;
    (0..7)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| f());
            start.elapsed().as_secs_f64() / f64::from(calls)
        })
        .fold(f64::INFINITY, f64::min)
}

fn random<W: Word>(len: usize) -> Vec<W> {
    let mut out = vec![W::default(); len];
    Prg::new(&Key::from_bytes([7; 16])).words(Counter { step: len as u32, field: 0 }, &mut out);
    out
}

fn products<W: Word>(name: &str) {
    let (a, b, mut c) = (random::<W>(512 * 512), random::<W>(512 * 512), random::<W>(512 * 512));
    let seconds = time(|| gemm(512, 512, 512, black_box(&a), &b, &mut c));
    println!("  {name} product 512 x 512 x 512        {:7.2} GMAC/s", 0.512f64.powi(3) / seconds);
    let square = |h, c, o, s| Conv { h, w: h, kh: 3, kw: 3, sh: s, sw: s, ph: 1, pw: 1, ..Conv::linear(1, c, o) };
    let along = |w, c, k, o| Conv { kw: k, pw: k / 2, ..Conv::linear(w, c, o) };
    for (what, batch, conv) in [
        ("conv 32x32x3 -> 16, 3x3", 1, square(32, 3, 16, 1)),
        ("conv 32x32x16 -> 16, 3x3", 1, square(32, 16, 16, 1)),
        ("conv 32x32x16 -> 16, 32 samples", 32, square(32, 16, 16, 1)),
        ("conv 32x32x16 -> 32, 3x3 / 2", 1, square(32, 16, 32, 2)),
        ("conv 8x8x64 -> 64, 3x3", 1, square(8, 64, 64, 1)),
        ("conv 50x250 -> 250, 7", 1, along(50, 250, 7, 250)),
        ("conv 51x2000 -> 29, 1", 1, along(51, 2000, 1, 29)),
        ("conv 16x16x16x16 -> 16, 3x3x3", 1, Conv { d: 16, kd: 3, pd: 1, ..square(16, 16, 16, 1) }),
        ("depthwise 32x32x64, 3x3", 1, Conv { groups: 64, ..square(32, 64, 64, 1) }),
        ("linear 1 x 512 -> 512", 1, Conv::linear(1, 512, 512)),
        ("linear of 64 samples of 1 x 512", 64, Conv::linear(1, 512, 512)),
        ("linear 64 x 512 -> 512", 1, Conv::linear(64, 512, 512)),
    ] {
        let packed = PackedWeights::new(&conv, &random::<W>(conv.weights()));
        let (x, mut z, mut scratch) = (random::<W>(batch * conv.inputs()), random::<W>(batch * conv.outputs()), Scratch::new());
        let seconds = time(|| accumulate(&conv, batch, black_box(&x), &packed, &mut z, &mut scratch));
        println!("  {name} {what:32} {:7.2} GMAC/s", (batch * conv.multiply_adds()) as f64 / seconds * 1e-9);
    }
}

fn generator() {
    let prg = Prg::new(&Key::from_bytes([1; 16]));
    for bytes in [64, 1000, 65536] {
        let mut out = vec![0; bytes];
        let seconds = time(|| prg.fill(Counter { step: 0, field: 0 }, black_box(&mut out)));
        println!("  AES-128-CTR, {bytes:6} bytes at once      {:7.2} GB/s", bytes as f64 / seconds * 1e-9);
    }
}

fn block_kernels() {
    const LEN: usize = 16384;
    let per = |what: &str, seconds: f64| println!("  {what:39} {:7.3} ns an element", seconds * 1e9 / LEN as f64);
    let mut x = random::<u64>(LEN);
    let mut y = random::<u32>(LEN);
    for m in [22, 26, 34] {
        let mut wire = vec![0; LEN / 32 * planes::block_bytes(m)];
        let other = wire.clone();
        let mut tables = random::<u64>(LEN / 32 * planes::table_bytes(m) / 8);
        let tables = undertone_ring::bytes::as_bytes_mut(&mut tables);
        per(&format!("pack u64, m {m}"), time(|| planes::pack(m, black_box(&x), &mut wire)));
        per(&format!("unpack u64, m {m}"), time(|| planes::unpack(m, black_box(&wire), &mut x)));
        if m <= 32 {
            per(&format!("pack u32, m {m}"), time(|| planes::pack(m, black_box(&y), &mut wire)));
            per(&format!("unpack u32, m {m}"), time(|| planes::unpack(m, black_box(&wire), &mut y)));
        }
        per(&format!("add, m {m}"), time(|| planes::add_assign(m, black_box(&mut wire), &other)));
        let mut masks = vec![[[0u32; 8]; 2]; LEN / 256 * planes::digits(m)];
        let digits = planes::digits(m);
        let seconds = time(|| {
            planes::lookup(m, black_box(&wire), tables, |g, j, l, q| masks[g * digits + j] = [l, rows::xor(l, q)]);
        });
        per(&format!("look-up of {digits} digits, m {m}"), seconds);
        per(&format!("unary tables of {digits} digits, m {m}"), time(|| planes::unary(m, black_box(&wire), tables)));
    }
    for n in [40, 64] {
        let mut wire = vec![0; words::word_bytes(n, 64, LEN)];
        per(&format!("pack words u64, n {n}"), time(|| words::pack_words(n, black_box(&x), &mut wire)));
        per(&format!("unpack words u64, n {n}"), time(|| words::unpack_words(n, black_box(&wire), &mut x)));
    }
    let (a, b) = (random::<u64>(LEN), random::<u64>(LEN));
    let seconds = time(|| {
        let x = black_box(&mut x);
        simd::vectorize(
            #[inline(always)]
            || {
                for ((x, a), b) in x.iter_mut().zip(&a).zip(&b) {
                    *x = x.mul(*a).sub(*b).add(a.shl(26));
                }
            },
        );
    });
    per("multiply, subtract, shift, add u64", seconds);
}
