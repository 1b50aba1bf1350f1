//! Products on one core, beside floats: billions of multiply-adds a second at every level, and the share of what the crate
//! `gemm` does with f32 at the same shape. It prints and asserts nothing.
//!
//! ```text
//! cargo bench -p undertone-ring --bench products [part of a shape's name]
//! ```
//!
//! Floats and kernels take turns, and the fastest turn of each counts, so that other work on the machine disturbs the
//! shares little. `gemm` packs its operands in every call, as `undertone_ring::gemm` does; convolutions have their weights
//! packed once, and the floats' input is already a matrix. The shares wanted are those at 512 cubed, and three quarters of
//! them for the layers of networks.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use undertone_ring::{
    Conv, Key, PackedWeights, Prg, Word,
    conv::{Scratch, accumulate},
    gemm::gemm_in,
    prg::Counter,
    simd::{self, Limit},
};

/// A kernel: level, bits of the word, bits of the ring, whether weights are known to be narrow, and the share wanted of it at 512 cubed.
type Kernel = (&'static str, Limit, u32, u32, bool, Option<f64>);

const KERNELS: [Kernel; 9] = [
    ("portable, 64 bits", Limit::Portable, 64, 64, false, None),
    ("AVX2, 64 bits", Limit::Avx2, 64, 64, false, Some(0.18)),
    ("AVX-512, 64 bits", Limit::Avx512, 64, 64, false, Some(0.34)),
    ("AVX-512 IFMA, 52 bits", Limit::Widest, 64, 52, false, Some(0.45)),
    ("widest, narrow weights", Limit::Widest, 64, 64, true, Some(0.34)),
    ("portable, 32 bits", Limit::Portable, 32, 32, false, None),
    ("AVX2, 32 bits", Limit::Avx2, 32, 32, false, Some(0.65)),
    ("AVX-512, 32 bits", Limit::Avx512, 32, 32, false, Some(0.65)),
    ("widest, 32 bits", Limit::Widest, 32, 32, false, Some(0.65)),
];

/// What layers of networks are asked for, of the share at 512 cubed.
const OF_LAYERS: f64 = 0.75;

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let square = |h, c, o, s| Conv { h, w: h, kh: 3, kw: 3, sh: s, sw: s, ph: 1, pw: 1, ..Conv::linear(1, c, o) };
    // Padded as PyTorch does it: 50 frames, or 100 with a stride of 2.
    let along = |c, k, s, o| Conv { kw: k, sw: s, pw: k / 2, ..Conv::linear(50 * s, c, o) };
    let shapes = [
        ("product 512 x 512 x 512", None, Conv::linear(512, 512, 512)),
        ("ResNet-32: 32x32x3 -> 16, 3x3", Some(OF_LAYERS), square(32, 3, 16, 1)),
        ("ResNet-32: 32x32x16 -> 16, 3x3", Some(OF_LAYERS), square(32, 16, 16, 1)),
        ("ResNet-32: 32x32x16 -> 32, 3x3 / 2", Some(OF_LAYERS), square(32, 16, 32, 2)),
        ("ResNet-32: 16x16x32 -> 32, 3x3", Some(OF_LAYERS), square(16, 32, 32, 1)),
        ("ResNet-32: 16x16x32 -> 64, 3x3 / 2", Some(OF_LAYERS), square(16, 32, 64, 2)),
        ("ResNet-32: 8x8x64 -> 64, 3x3", Some(OF_LAYERS), square(8, 64, 64, 1)),
        ("Wav2Letter: 13 -> 250, 48 / 2", Some(OF_LAYERS), along(13, 48, 2, 250)),
        ("Wav2Letter: 250 -> 250, 7", Some(OF_LAYERS), along(250, 7, 1, 250)),
        ("Wav2Letter: 250 -> 2000, 32", Some(OF_LAYERS), along(250, 32, 1, 2000)),
        ("Wav2Letter: 2000 -> 2000, 1", Some(OF_LAYERS), along(2000, 1, 1, 2000)),
        ("Wav2Letter: 2000 -> 29, 1", Some(OF_LAYERS), along(2000, 1, 1, 29)),
    ];
    for (name, part, conv) in shapes {
        if name.contains(&wanted) {
            shape(name, part, &conv);
        }
    }
}

/// The table of one shape: a layer, or with `part` absent a matrix product.
fn shape(name: &str, part: Option<f64>, conv: &Conv) {
    let (mut rows, mut runs) = (Vec::new(), vec![floats(conv)]);
    for (kernel, limit, word, ring, narrow, share) in KERNELS {
        // Portable code would take most of the time, and is not asked for anything.
        if limit == Limit::Portable && part.is_some() || narrow && part.is_none() {
            continue;
        }
        simd::limit(limit);
        let share = share.map(|share| share * part.unwrap_or(1.0));
        let run = match (word, part) {
            (64, None) => product::<u64>(ring, limit, conv),
            (_, None) => product::<u32>(ring, limit, conv),
            (64, _) => layer::<u64>(ring, narrow, conv),
            _ => layer::<u32>(ring, narrow, conv),
        };
        rows.push((kernel, share));
        runs.push(run);
    }
    simd::limit(Limit::Widest);
    let seconds = fastest(&mut runs);
    let speed = |seconds: f64| conv.multiply_adds() as f64 / seconds * 1e-9;
    println!("{name}: f32 {:.1} GMAC/s", speed(seconds[0]));
    for ((kernel, wanted), time) in rows.iter().zip(&seconds[1..]) {
        let share = seconds[0] / time;
        let verdict = match wanted {
            None => String::new(),
            Some(wanted) if share >= *wanted => format!("wanted {wanted:.3}"),
            Some(wanted) => format!("wanted {wanted:.3}, missed"),
        };
        println!("  {kernel:24} {:6.2} GMAC/s  share {share:.3}  {verdict}", speed(*time));
    }
}

/// Seconds of one call of each: the fastest of many turns, each too short for the scheduler to end it often.
fn fastest(runs: &mut [Box<dyn FnMut()>]) -> Vec<f64> {
    const TURNS: usize = 400;
    let (limit, begin) = (Duration::from_secs(8), Instant::now());
    let mut calls = vec![1; runs.len()];
    let mut best = vec![f64::INFINITY; runs.len()];
    for turn in 0..TURNS {
        for ((run, calls), best) in runs.iter_mut().zip(&mut calls).zip(&mut best) {
            let start = seconds_of_thread();
            (0..*calls).for_each(|_| run());
            let seconds = (seconds_of_thread() - start) / f64::from(*calls);
            *best = best.min(seconds);
            // About a millisecond.
            *calls = (0.001 / *best).ceil().clamp(1.0, 1e6) as u32;
        }
        if turn > 10 && begin.elapsed() > limit {
            break;
        }
    }
    best
}

/// Time that this thread has run, so that the time of others on the same core does not count.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn seconds_of_thread() -> f64 {
    #[repr(C)]
    struct Time {
        seconds: i64,
        nanoseconds: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Time) -> i32;
    }
    const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
    let mut time = Time { seconds: 0, nanoseconds: 0 };
    // SAFETY: the signature and the struct are those of 64-bit Linux, and `time` is written in the call alone.
    unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.seconds as f64 + time.nanoseconds as f64 * 1e-9
}

/// Time that has passed: elsewhere the standard library has no other.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn seconds_of_thread() -> f64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64()
}

fn random<W: Word>(len: usize) -> Vec<W> {
    let mut out = vec![W::default(); len];
    Prg::new(&Key::from_bytes([7; 16])).words(Counter { step: len as u32, field: 0 }, &mut out);
    out
}

fn product<W: Word>(ring: u32, limit: Limit, conv: &Conv) -> Box<dyn FnMut()> {
    let (m, k, n) = (conv.w, conv.c, conv.o);
    let (a, b, mut c) = (random::<W>(m * k), random::<W>(k * n), random::<W>(m * n));
    Box::new(move || {
        simd::limit(limit);
        gemm_in(ring, m, k, n, black_box(&a), &b, &mut c);
    })
}

fn layer<W: Word>(ring: u32, narrow: bool, conv: &Conv) -> Box<dyn FnMut()> {
    let conv = *conv;
    let packed = if narrow {
        let weights: Vec<W> = random::<u32>(conv.weights()).iter().map(|w| W::from_u64(w.cast_signed() as u64)).collect();
        PackedWeights::within(ring, 31, &conv, &weights)
    } else {
        PackedWeights::new_in(ring, &conv, &random::<W>(conv.weights()))
    };
    let (x, mut z, mut scratch) = (random::<W>(conv.inputs()), random::<W>(conv.outputs()), Scratch::new());
    Box::new(move || accumulate(&conv, 1, black_box(&x), &packed, &mut z, &mut scratch))
}

/// The same product of floats: pixels by taps, times taps by channels.
fn floats(conv: &Conv) -> Box<dyn FnMut()> {
    let (m, n) = (conv.oh() * conv.ow(), conv.o);
    let k = conv.multiply_adds() / conv.outputs();
    let of = |len: usize| -> Vec<f32> { random::<u32>(len).iter().map(|x| (*x >> 8) as f32 / 16_777_216.0).collect() };
    let (a, b, mut c) = (of(m * k), of(k * n), of(m * n));
    Box::new(move || {
        let (a, b, c) = (black_box(a.as_ptr()), b.as_ptr(), c.as_mut_ptr());
        // SAFETY: row-major matrices of m by n, m by k and k by n.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                c,
                1,
                n as isize,
                true,
                a,
                1,
                k as isize,
                b,
                1,
                n as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    })
}
