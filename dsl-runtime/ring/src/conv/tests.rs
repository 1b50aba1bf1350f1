//! The kernels against the definition, bit by bit, at every level.

use super::*;
use crate::tile::split;
use proptest::prelude::*;

/// Splitmix64: reproducible words for tests.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(crate) fn words<W: Word>(&mut self, len: usize) -> Vec<W> {
        (0..len).map(|_| W::from_u64(self.next())).collect()
    }
}

/// The definition, with the index of every tap computed on its own.
fn plain<W: Word>(conv: &Conv, batch: usize, x: &[W], weights: &[W], z: &mut [W]) {
    let (inputs, outputs) = (conv.c / conv.groups, conv.o / conv.groups);
    let mut out = z.iter_mut();
    for b in 0..batch {
        for (oz, oy, ox) in positions(conv.od(), conv.oh(), conv.ow()) {
            for o in 0..conv.o {
                let z = out.next().unwrap();
                for (kz, ky, kx) in positions(conv.kd, conv.kh, conv.kw) {
                    let z_ = (oz * conv.sd + kz * conv.dd).wrapping_sub(conv.pd);
                    let y = (oy * conv.sh + ky * conv.dh).wrapping_sub(conv.ph);
                    let x_ = (ox * conv.sw + kx * conv.dw).wrapping_sub(conv.pw);
                    if z_ >= conv.d || y >= conv.h || x_ >= conv.w {
                        continue;
                    }
                    for c in 0..inputs {
                        let at = (((b * conv.d + z_) * conv.h + y) * conv.w + x_) * conv.c + o / outputs * inputs + c;
                        let w = (((o * conv.kd + kz) * conv.kh + ky) * conv.kw + kx) * inputs + c;
                        *z = z.add(x[at].mul(weights[w]));
                    }
                }
            }
        }
    }
}

fn positions(depth: usize, height: usize, width: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..depth * height * width).map(move |i| (i / width / height, i / width % height, i % width))
}

fn check<W: Word>(conv: &Conv, batch: usize, seed: u64, scratch: &mut Scratch<W>) {
    let mut random = Random(seed);
    let x: Vec<W> = random.words(batch * conv.inputs());
    let weights: Vec<W> = random.words(conv.weights());
    // Three words past the end, which must stay as they are.
    let start: Vec<W> = random.words(batch * conv.outputs() + 3);
    let mut want = start.clone();
    plain(conv, batch, &x, &weights, &mut want);
    for level in Level::all() {
        let packed = PackedWeights::new_at(level, conv, &weights);
        // Weights packed for any level are portable.
        for by in [level, Level::Portable] {
            let mut z = start.clone();
            accumulate_at(by, conv, batch, &x, &packed, &mut z, scratch);
            let same = z.iter().zip(&want).all(|(z, want)| z.sub(*want).shl(W::BITS - right_bits::<W>(by)) == W::from_u64(0));
            assert!(same, "{conv:?}, batch {batch}, seed {seed}, packed for {level:?}, multiplied by {by:?}, {} bits", W::BITS);
            assert!(z[batch * conv.outputs()..] == want[batch * conv.outputs()..], "{conv:?}, {by:?}: past the end");
        }
    }
}

/// Narrow weights in digits, wherever the processor can: weights of all sizes, and the least and the largest of them.
fn check_narrow(conv: &Conv, batch: usize, seed: u64, scratch: &mut Scratch<u64>) {
    const EDGES: [i64; 4] = [-(1 << split::NARROW), (1 << split::NARROW) - 1, 0, -1];
    let mut random = Random(seed);
    let x: Vec<u64> = random.words(batch * conv.inputs());
    let mut weights: Vec<u64> = (0..conv.weights()).map(|_| (random.next().cast_signed() >> (63 - split::NARROW)) as u64).collect();
    weights.iter_mut().step_by(3).zip(EDGES.into_iter().cycle()).for_each(|(w, edge)| *w = edge as u64);
    let start: Vec<u64> = random.words(batch * conv.outputs() + 3);
    let mut want = start.clone();
    plain(conv, batch, &x, &weights, &mut want);
    for level in Level::all().into_iter().filter_map(Level::split) {
        let packed = PackedWeights::new_at(level, conv, &weights);
        for by in [level, Level::Portable] {
            let mut z = start.clone();
            accumulate_at(by, conv, batch, &x, &packed, &mut z, scratch);
            assert!(z == want, "{conv:?}, batch {batch}, seed {seed}, multiplied by {by:?}");
        }
    }
}

/// The bits that a level gets right.
pub(crate) fn right_bits<W: Word>(level: Level) -> u32 {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512Ifma(_) => W::BITS.min(crate::level::IFMA_BITS),
        _ => W::BITS,
    }
}

fn both(conv: &Conv, batch: usize, seed: u64) {
    check::<u32>(conv, batch, seed, &mut Scratch::new());
    check::<u64>(conv, batch, seed, &mut Scratch::new());
    check_narrow(conv, batch, seed, &mut Scratch::new());
}

fn square(h: usize, c: usize, k: usize, o: usize) -> Conv {
    Conv { h, kh: k, kw: k, ph: k / 2, pw: k / 2, ..Conv::linear(h, c, o) }
}

fn along(w: usize, c: usize, k: usize, o: usize) -> Conv {
    Conv { kw: k, pw: k / 2, ..Conv::linear(w, c, o) }
}

fn cube(h: usize, c: usize, k: usize, o: usize) -> Conv {
    Conv { d: h, kd: k, pd: k / 2, ..square(h, c, k, o) }
}

#[test]
fn layers_of_networks() {
    let cases = [
        square(10, 3, 3, 16),
        Conv { sh: 2, sw: 2, ..square(16, 16, 3, 32) },
        Conv { ph: 3, pw: 3, sh: 2, sw: 2, ..square(21, 3, 7, 9) },
        square(6, 5, 1, 7),
        Conv { sw: 2, ..along(101, 13, 48, 25) },
        along(50, 250, 7, 29),
        along(9, 700, 3, 17),
        Conv::linear(1, 64, 10),
        Conv::linear(9, 1301, 40),
        // Six runs of an odd number of words, whose list ends within the last.
        Conv { w: 2, kw: 1, ph: 0, pw: 0, ..square(7, 101, 6, 176) },
        Conv::linear(33, 100, 16),
        Conv { groups: 12, ..square(9, 12, 3, 12) },
        Conv { groups: 12, dh: 2, dw: 3, ..square(9, 12, 3, 24) },
        Conv { groups: 2, sw: 2, ..along(31, 40, 5, 34) },
        Conv { ph: 5, pw: 4, ..square(3, 2, 3, 3) },
        Conv { kh: 1, dw: 4, ..square(20, 4, 3, 8) },
        cube(5, 4, 3, 6),
        Conv { d: 9, sd: 2, sh: 2, sw: 2, ..cube(7, 3, 3, 20) },
        Conv { d: 2, kd: 2, pd: 0, ..square(6, 66, 3, 9) },
        Conv { groups: 6, dd: 2, ..cube(6, 6, 3, 6) },
        Conv { groups: 3, pd: 3, dh: 2, ..cube(5, 6, 2, 9) },
        // Only slices have a border.
        Conv { pd: 2, ph: 0, pw: 0, ..cube(4, 5, 3, 4) },
    ];
    for (seed, conv) in (100..).zip(cases) {
        both(&conv, 1, seed);
        both(&conv, 3, seed);
    }
}

#[test]
fn any_number_of_threads_gives_the_same() {
    for count in [2, 3, 5] {
        let threads = crate::threads::Threads::new(count).unwrap();
        let large = [
            cube(11, 8, 3, 20),
            square(30, 16, 3, 20),
            along(301, 24, 7, 29),
            Conv { groups: 48, ..square(40, 48, 3, 48) },
            Conv::linear(70, 300, 33),
        ];
        for (seed, conv) in (500..).zip(large) {
            assert!(3 * conv.multiply_adds() >= WORTH_THREADS, "{conv:?} is not shared");
            check::<u32>(&conv, 3, seed, &mut Scratch::with(&threads));
            check::<u64>(&conv, 3, seed, &mut Scratch::with(&threads));
            check_narrow(&conv, 3, seed, &mut Scratch::with(&threads));
        }
    }
}

/// Whole words by default, and n bits at least where n are asked for: 53 are too many for 52-bit products.
#[test]
fn rings_get_kernels_that_are_right_for_them() {
    let (conv, mut random) = (square(6, 6, 3, 20), Random(11));
    let (x, weights): (Vec<u64>, Vec<u64>) = (random.words(conv.inputs()), random.words(conv.weights()));
    let mut want = vec![0; conv.outputs()];
    plain(&conv, 1, &x, &weights, &mut want);
    let product = |packed: &PackedWeights<u64>| {
        let mut z = vec![0; conv.outputs()];
        accumulate(&conv, 1, &x, packed, &mut z, &mut Scratch::new());
        z
    };
    assert!(product(&PackedWeights::new(&conv, &weights)) == want);
    for n in [1, 33, 40, 52, 53, 63, 64] {
        let z = product(&PackedWeights::new_in(n, &conv, &weights));
        assert!(z.iter().zip(&want).all(|(z, want)| (z ^ want) << (64 - n) == 0), "{n} bits");
    }
}

/// The bound chooses the kernel, and the result is the same.
#[test]
fn bounds_of_weights_are_kept() {
    let conv = Conv::linear(3, 4, 20);
    let product = |n: u32, bits: u32, w: i64| {
        let mut z = vec![0; conv.outputs()];
        let packed = PackedWeights::within(n, bits, &conv, &vec![w as u64; conv.weights()]);
        accumulate(&conv, 1, &[u64::MAX / 3; 12], &packed, &mut z, &mut Scratch::new());
        z[0] << (64 - n)
    };
    for bits in [1, 20, split::NARROW, split::NARROW + 1, 63] {
        let edge = 1i64 << bits;
        for n in [40, 52, 53, 64] {
            for w in [0, -1, edge.wrapping_neg(), edge.wrapping_sub(1)] {
                assert_eq!(product(n, bits, w), (u64::MAX / 3).wrapping_mul(4).wrapping_mul(w as u64) << (64 - n), "{n} {bits} {w}");
            }
        }
    }
}

#[test]
fn weights_that_digits_would_get_wrong_are_refused() {
    for level in Level::all().into_iter().filter_map(Level::split) {
        let packs = |w: i64| std::panic::catch_unwind(|| PackedWeights::new_at(level, &Conv::linear(3, 1, 16), &[w as u64; 16])).is_ok();
        for w in [1 << 39, -(1 << 39) - 1, 1 << 62, i64::MAX, i64::MIN] {
            assert!(!packs(w), "{w}");
        }
    }
}

#[test]
#[should_panic(expected = "33 bits of a 32-bit word")]
fn a_ring_wider_than_its_word_is_refused() {
    PackedWeights::<u32>::new_in(33, &square(4, 2, 3, 2), &[0; 36]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_geometry(
        (d, kd, sd, pd, dd) in prop_oneof![Just((1, 1, 1, 0, 1)), (1usize..6, 1usize..4, 1usize..4, 0usize..4, 1usize..3)],
        (h, w, kh, kw) in (1usize..8, 1usize..12, 1usize..4, 1usize..5),
        (sh, sw, ph, pw, dh, dw) in (1usize..4, 1usize..4, 0usize..5, 0usize..5, 1usize..4, 1usize..4),
        (groups, c, o, batch, seed) in (1usize..4, 1usize..8, 1usize..71, 0usize..4, any::<u64>()),
        depthwise: bool,
    ) {
        let (c, o) = if depthwise { (groups, groups) } else { (c * groups, o * groups) };
        both(&Conv { d, h, w, c, kd, kh, kw, sd, sh, sw, pd, ph, pw, dd, dh, dw, o, groups }, batch, seed);
    }
}

/// What an earlier, larger input left in the padding must not count.
#[test]
fn scratch_is_reused() {
    let mut scratch = Scratch::new();
    let cases = [
        square(9, 4, 3, 5),
        square(4, 4, 3, 5),
        square(9, 4, 3, 5),
        Conv { ph: 2, pw: 0, ..square(9, 4, 3, 5) },
        cube(4, 4, 3, 5),
        Conv { d: 9, h: 4, pd: 2, ..cube(4, 4, 3, 5) },
    ];
    for (seed, conv) in (7..).zip(cases) {
        check::<u64>(&conv, 3, seed, &mut scratch);
        check::<u64>(&conv, 1, seed, &mut scratch);
        check::<u64>(&conv, 1, seed + 100, &mut scratch);
        check_narrow(&conv, 3, seed, &mut scratch);
    }
}

#[test]
fn a_kernel_larger_than_its_input_has_no_outputs() {
    let conv = Conv { ph: 0, pw: 0, ..square(2, 3, 3, 4) };
    assert_eq!((conv.oh(), conv.outputs(), conv.multiply_adds()), (0, 0, 0));
    both(&conv, 2, 1);
    let conv = Conv { pd: 0, d: 2, ..cube(5, 2, 3, 4) };
    assert_eq!((conv.od(), conv.oh(), conv.pixels(), conv.outputs()), (0, 5, 0, 0));
    both(&conv, 2, 1);
}

#[test]
fn counts() {
    let conv = Conv { sh: 2, sw: 2, ..square(32, 16, 3, 32) };
    assert_eq!((conv.oh(), conv.ow(), conv.inputs(), conv.outputs()), (16, 16, 16384, 8192));
    assert_eq!((conv.weights(), conv.multiply_adds()), (4608, 8192 * 144));
    let conv = Conv { d: 4, kd: 2, sd: 2, ..conv };
    assert_eq!((conv.od(), conv.pixels(), conv.inputs(), conv.outputs()), (2, 2 * 256, 4 * 16384, 2 * 8192));
    assert_eq!((conv.weights(), conv.depth(), conv.multiply_adds()), (9216, 288, 2 * 8192 * 288));
}

#[test]
#[should_panic(expected = "packed for another convolution")]
fn weights_of_another_shape_are_refused() {
    let packed = PackedWeights::<u32>::new(&square(4, 2, 3, 2), &[0; 36]);
    accumulate(&square(4, 3, 3, 2), 1, &[0; 48], &packed, &mut [0; 32], &mut Scratch::new());
}

/// Pairs of three channels lie across taps, which are elsewhere with a dilation.
#[test]
#[should_panic(expected = "packed for another convolution")]
fn odd_pairs_of_another_dilation_are_refused() {
    let conv = square(6, 3, 3, 4);
    let packed = PackedWeights::<u32>::new(&conv, &[0; 108]);
    let conv = Conv { dw: 2, ..conv };
    accumulate(&conv, 1, &[0; 108], &packed, &mut [0; 144], &mut Scratch::new());
}

#[test]
#[should_panic(expected = "inputs of")]
fn a_short_input_is_refused() {
    let conv = square(4, 2, 3, 2);
    let packed = PackedWeights::<u32>::new(&conv, &[0; 36]);
    accumulate(&conv, 2, &[0; 63], &packed, &mut [0; 64], &mut Scratch::new());
}
