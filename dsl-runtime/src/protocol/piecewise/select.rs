//! A shared bit times a polynomial of an opened value.
//!
//! With Y, R, h, c of `fold` and R_c = R - 2^m (1-c) h, y = Y - R_c. The dealer knows both values that R_c may have, one for each public bit c, and for a bit beta of
//! its own shares, as [`select`](super::super::select),
//!
//! ```text
//! A = [beta]   B = [beta R]   in Z_2^n      C = [beta h]   in Z_2^(n-m)
//! D = [beta R_1^2],  [beta R_0^2]           E = [R_1^2],  [R_0^2]       in Z_2^n, where a square is wanted; those of the c that comes out are used
//! ```
//!
//! All open bh = b ^ beta. With G = B - 2^m (1-c) C = [beta R_c]
//!
//! ```text
//! [beta y]   = Y A - G                    [y^2] = Y (2 y_i - [i = 0] Y) + E_c
//! [beta y^2] = Y (Y A - 2 G) + D_c
//! b v        = bh v + (1 - 2 bh) beta v   for v = 1, y, y^2
//! ```
//!
//! everything mod 2^n, so whatever y is, a bit 0 gives exactly 0. The mask of what a party sends is its own share of beta.

use super::super::fold::{self, Fold};
use super::super::{Dealing, Seat, Tape, TapeError, counter, field};
use super::function::{Piece, Term};
use undertone_ring::planes::{self, BLOCK, block_bytes};
use undertone_ring::rows::{GROUP, WORDS};
use undertone_ring::words::word_bytes;
use undertone_ring::{Word, simd};

/// What a party holds for one term.
#[derive(Default)]
pub(in super::super) struct Words<W> {
    pub beta: Vec<u32>,
    a: Vec<W>,
    b: Vec<W>,
    c: Vec<W>,
    /// For c = 1 and for c = 0; the second is empty where nothing is lifted.
    squares: [Vec<W>; 2],
}

/// Shares of the square of the mask, for c = 1 and for c = 0.
#[derive(Default)]
pub(in super::super) struct Squares<W>([Vec<W>; 2]);

/// What the dealer knows of R_c squared, for both c; one only where nothing is lifted.
fn squared<W: Word>(fold: Fold, dealt: &fold::Dealt<W>) -> Vec<Vec<W>> {
    let plain = dealt.offset.iter().map(|r| r.mul(*r)).collect();
    let wrapped = |(r, h): (&W, &W)| {
        let r = r.sub(h.shl(fold.m));
        r.mul(r)
    };
    let wrapped = fold.lifts().then(|| dealt.offset.iter().zip(&dealt.top).map(wrapped).collect());
    core::iter::once(plain).chain(wrapped).collect()
}

/// The dealer's half for squares that are not multiplied with a bit.
pub(in super::super) fn deal_squares<W: Word>(fold: Fold, d: &mut Dealing<'_>, step: u32, dealt: &fold::Dealt<W>) {
    for (at, square) in (field::MASK_SQUARE..).zip(squared(fold, dealt)) {
        d.share(counter(step, 0, at), fold.n, square);
    }
}

/// Appends what a party unpacks of them.
pub(in super::super) fn expand_squares<W: Word>(
    fold: Fold,
    tape: &mut Tape<'_>,
    step: u32,
    len: usize,
    to: &mut Squares<W>,
) -> Result<(), TapeError> {
    let mut squares = (field::MASK_SQUARE..).zip(&mut to.0).take(1 + usize::from(fold.lifts()));
    squares.try_for_each(|(at, to)| tape.add_share(counter(step, 0, at), fold.n, len, to))
}

/// The dealer's half for a term, under the streams of a level.
pub(in super::super) fn deal<W: Word>(fold: Fold, term: &Term, d: &mut Dealing<'_>, step: u32, level: u32, dealt: &fold::Dealt<W>) {
    let len = dealt.r.len();
    let beta = d.uniform_bits(counter(step, level, field::BETA), len / BLOCK);
    let a: Vec<W> = (0..len).map(|i| W::from_u64(u64::from(beta[i / BLOCK] >> (i % BLOCK) & 1))).collect();
    let times = |x: &[W]| -> Vec<W> { a.iter().zip(x).map(|(b, x)| b.neg().and(*x)).collect() };
    if term.piece.depends() {
        let (b, c) = (times(&dealt.offset), times(&dealt.top));
        let squares: Vec<Vec<W>> = if term.piece.square == 0 { vec![] } else { squared(fold, dealt).iter().map(|s| times(s)).collect() };
        d.share(counter(step, level, field::A), fold.n, a);
        d.share(counter(step, level, field::B), fold.n, b);
        if fold.lifts() {
            d.share(counter(step, level, field::C), fold.n - fold.m, c);
        }
        for (at, square) in (field::SQUARE..).zip(squares) {
            d.share(counter(step, level, at), fold.n, square);
        }
    } else {
        d.share(counter(step, level, field::A), fold.n, a);
    }
}

/// Appends what a party unpacks of it.
pub(in super::super) fn expand<W: Word>(
    fold: Fold,
    term: &Term,
    tape: &mut Tape<'_>,
    step: u32,
    level: u32,
    len: usize,
    to: &mut Words<W>,
) -> Result<(), TapeError> {
    tape.add_uniform(counter(step, level, field::BETA), len / BLOCK, &mut to.beta);
    let (linear, square) = (term.piece.depends(), term.piece.square != 0);
    let [plain, wrapped] = &mut to.squares;
    let all = [
        (field::A, fold.n, true, &mut to.a),
        (field::B, fold.n, linear, &mut to.b),
        (field::C, fold.n.saturating_sub(fold.m), linear && fold.lifts(), &mut to.c),
        (field::SQUARE, fold.n, square, plain),
        (field::SQUARE + 1, fold.n, square && fold.lifts(), wrapped),
    ];
    let mut wanted = all.into_iter().filter(|(_, _, wanted, _)| *wanted);
    wanted.try_for_each(|(at, bits, _, to)| tape.add_share(counter(step, level, at), bits, len, to))
}

/// Bytes of corrections of a term.
pub(in super::super) fn corrections<W: Word>(fold: Fold, term: &Term, len: usize) -> usize {
    let words = 1 + usize::from(term.piece.depends());
    let upper = if term.piece.depends() && fold.lifts() { word_bytes(fold.n - fold.m, W::BITS, len) } else { 0 };
    words * word_bytes(fold.n, W::BITS, len) + upper + if term.piece.square == 0 { 0 } else { squares::<W>(fold, len) }
}

/// Bytes of corrections of squares.
pub(in super::super) fn squares<W: Word>(fold: Fold, len: usize) -> usize {
    (1 + usize::from(fold.lifts())) * word_bytes(fold.n, W::BITS, len)
}

/// What is known once everything is open.
#[derive(Clone, Copy)]
pub(in super::super) struct Opened<'a, W> {
    pub fold: Fold,
    pub seat: Seat,
    pub opening: &'a fold::Material<W>,
    pub squares: Option<&'a Squares<W>>,
    /// Y, as planes.
    pub y: &'a [u8],
}

/// A group of elements: Y, the shares of y, those of y^2 if they are wanted, and all ones where c = 0.
struct Elements<W> {
    opened: [W; GROUP],
    y: [W; GROUP],
    square: [W; GROUP],
    wrap: [W; GROUP],
}

impl<W: Word> Opened<'_, W> {
    /// Shares of a polynomial of y.
    pub(in super::super) fn everywhere(&self, piece: Piece, result: &mut [W]) {
        let [square, slope, offset] = words(piece);
        let offset = if self.seat.is_first() { offset } else { W::from_u64(0) };
        self.each(
            result,
            #[inline(always)]
            |_, e, result| {
                for (i, r) in result.iter_mut().enumerate() {
                    *r = e.square[i].mul(square).add(e.y[i].mul(slope)).add(offset);
                }
            },
        );
    }

    /// Adds shares of a bit times a polynomial of y; `bh` is the bit under its mask.
    pub(in super::super) fn add(&self, term: &Term, words_of: &Words<W>, bh: &[u32], result: &mut [W]) {
        let [square, slope, offset] = words(term.piece);
        let m = self.fold.m;
        let first = W::from_u64(u64::from(self.seat.is_first()));
        let (a, bits) = (words_of.a.as_chunks::<GROUP>().0, bh.as_chunks::<WORDS>().0);
        if !term.piece.depends() {
            simd::vectorize_products(
                #[inline(always)]
                || {
                    for ((result, a), bits) in result.as_chunks_mut::<GROUP>().0.iter_mut().zip(a).zip(bits) {
                        let flip = flips::<W>(bits);
                        for i in 0..GROUP {
                            result[i] = result[i].add(choose(flip[i], first, a[i]).mul(offset));
                        }
                    }
                },
            );
            return;
        }
        let b = words_of.b.as_chunks::<GROUP>().0;
        let (nothing, lifts) = ([W::from_u64(0); GROUP], self.fold.lifts());
        self.each(
            result,
            #[inline(always)]
            |g, e, result| {
                let c = if lifts { &words_of.c.as_chunks::<GROUP>().0[g] } else { &nothing };
                let (flip, a, b) = (flips::<W>(&bits[g]), &a[g], &b[g]);
                for i in 0..GROUP {
                    let (_, linear) = linear(e, i, a[i], b[i], c[i].shl(m));
                    let sum = choose(flip[i], e.y[i], linear).mul(slope).add(choose(flip[i], first, a[i]).mul(offset));
                    result[i] = result[i].add(sum);
                }
                if square == W::from_u64(0) {
                    return;
                }
                let [plain, wrapped] = pair(&words_of.squares, g);
                for i in 0..GROUP {
                    let (mask, linear) = linear(e, i, a[i], b[i], c[i].shl(m));
                    let product = e.opened[i].mul(linear.sub(mask)).add(either(plain[i], wrapped[i], e.wrap[i]));
                    result[i] = result[i].add(choose(flip[i], e.square[i], product).mul(square));
                }
            },
        );
    }

    /// Goes through the result group by group.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called with the loops that must vectorise")]
    fn each(&self, result: &mut [W], mut f: impl FnMut(usize, &Elements<W>, &mut [W; GROUP])) {
        let (fold, first) = (self.fold, self.seat.is_first());
        let bytes = GROUP / BLOCK * block_bytes(fold.m);
        let nothing = [W::from_u64(0); GROUP];
        let mut e = Elements { opened: nothing, y: nothing, square: nothing, wrap: nothing };
        simd::vectorize_products(
            #[inline(always)]
            || {
                for (g, result) in result.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
                    planes::unpack(fold.m, &self.y[g * bytes..][..bytes], &mut e.opened);
                    let k1 = &self.opening.k1().as_chunks::<GROUP>().0[g];
                    let h = if fold.lifts() { &self.opening.h().as_chunks::<GROUP>().0[g] } else { &nothing };
                    for i in 0..GROUP {
                        e.wrap[i] = fold.no_carry(e.opened[i]);
                        e.y[i] = fold.lifted(first, e.opened[i], k1[i], h[i]);
                    }
                    if let Some(squares) = self.squares {
                        let [plain, wrapped] = pair(&squares.0, g);
                        for i in 0..GROUP {
                            let own = if first { e.opened[i] } else { W::from_u64(0) };
                            let twice = e.y[i].add(e.y[i]).sub(own);
                            e.square[i] = e.opened[i].mul(twice).add(either(plain[i], wrapped[i], e.wrap[i]));
                        }
                    }
                    f(g, &e, result);
                }
            },
        );
    }
}

/// v where the opened bit is set, and beta v elsewhere, whose sign is then the other one.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
fn choose<W: Word>(flip: W, v: W, beta: W) -> W {
    beta.xor(beta.xor(v.sub(beta)).and(flip))
}

/// Beta times the mask with its wrap, and beta y.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
fn linear<W: Word>(e: &Elements<W>, i: usize, a: W, b: W, c: W) -> (W, W) {
    let mask = b.sub(c.and(e.wrap[i]));
    (mask, e.opened[i].mul(a).sub(mask))
}

/// All ones where the opened bit is set.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
fn flips<W: Word>(bits: &[u32; WORDS]) -> [W; GROUP] {
    let mut flips = [W::from_u64(0); GROUP];
    for (flips, bits) in flips.as_chunks_mut::<BLOCK>().0.iter_mut().zip(bits) {
        for (lane, flip) in flips.iter_mut().enumerate() {
            *flip = W::from_u64(u64::from(bits >> lane & 1)).neg();
        }
    }
    flips
}

/// The words of c = 0 and those of c = 1 of a group; where nothing is lifted they are the same.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
fn pair<W>(words: &[Vec<W>; 2], group: usize) -> [&[W; GROUP]; 2] {
    let plain = &words[0].as_chunks::<GROUP>().0[group];
    [plain, words[1].as_chunks::<GROUP>().0.get(group).unwrap_or(plain)]
}

/// The word of c = 0 where `wrap` is all ones, otherwise that of c = 1.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
fn either<W: Word>(plain: W, wrapped: W, wrap: W) -> W {
    plain.xor(plain.xor(wrapped).and(wrap))
}

fn words<W: Word>(piece: Piece) -> [W; 3] {
    [piece.square, piece.slope, piece.offset].map(|v| W::from_u64(v as u64))
}
