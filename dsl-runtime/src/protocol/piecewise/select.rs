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
use undertone_ring::rows::GROUP;
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

/// One element: Y, the share of y, that of y^2 if it is wanted, and all ones where c = 0.
#[derive(Clone, Copy)]
struct Element<W> {
    opened: W,
    y: W,
    square: W,
    wrap: W,
}

impl<W: Word> Opened<'_, W> {
    /// Shares of a polynomial of y.
    pub(in super::super) fn everywhere(&self, piece: Piece, result: &mut [W]) {
        let [square, slope, offset] = words(piece);
        let offset = if self.seat.is_first() { offset } else { W::from_u64(0) };
        self.each(result.len(), |i, e| result[i] = e.square.mul(square).add(e.y.mul(slope)).add(offset));
    }

    /// Adds shares of a bit times a polynomial of y; `bh` is the bit under its mask.
    pub(in super::super) fn add(&self, term: &Term, words_of: &Words<W>, bh: &[u32], result: &mut [W]) {
        let [square, slope, offset] = words(term.piece);
        let (fold, m) = (self.fold, self.fold.m);
        let first = W::from_u64(u64::from(self.seat.is_first()));
        let flip = |i: usize| W::from_u64(u64::from(bh[i / BLOCK] >> (i % BLOCK) & 1)).neg();
        // v where the opened bit is set, and beta v elsewhere, whose sign is then the other one
        let choose = |flip: W, v: W, beta: W| beta.xor(beta.xor(v.sub(beta)).and(flip));
        if !term.piece.depends() {
            for (i, (r, a)) in result.iter_mut().zip(&words_of.a).enumerate() {
                *r = r.add(choose(flip(i), first, *a).mul(offset));
            }
            return;
        }
        self.each(result.len(), |i, e| {
            let (flip, a) = (flip(i), words_of.a[i]);
            let c = if fold.lifts() { words_of.c[i].shl(m).and(e.wrap) } else { W::from_u64(0) };
            let mask = words_of.b[i].sub(c);
            let linear = e.opened.mul(a).sub(mask);
            let mut sum = choose(flip, e.y, linear).mul(slope).add(choose(flip, first, a).mul(offset));
            if square != W::from_u64(0) {
                let product = e.opened.mul(linear.sub(mask)).add(either(&words_of.squares, i, e.wrap));
                sum = sum.add(choose(flip, e.square, product).mul(square));
            }
            result[i] = result[i].add(sum);
        });
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called with the loops that must vectorise")]
    fn each(&self, len: usize, mut f: impl FnMut(usize, Element<W>)) {
        let (fold, first) = (self.fold, self.seat.is_first());
        let bytes = GROUP / BLOCK * block_bytes(fold.m);
        let (k1, h) = (self.opening.k1(), self.opening.h());
        simd::vectorize_products(
            #[inline(always)]
            || {
                for start in (0..len).step_by(GROUP) {
                    let mut group = [W::from_u64(0); GROUP];
                    planes::unpack(fold.m, &self.y[start / GROUP * bytes..][..bytes], &mut group);
                    for (k, opened) in group.into_iter().enumerate() {
                        let i = start + k;
                        let wrap = fold.no_carry(opened);
                        let y = fold.lifted(first, opened, k1[i], if fold.lifts() { h[i] } else { W::from_u64(0) });
                        let square = self.squares.map_or(W::from_u64(0), |s| {
                            let own = if first { opened } else { W::from_u64(0) };
                            opened.mul(y.add(y).sub(own)).add(either(&s.0, i, wrap))
                        });
                        f(i, Element { opened, y, square, wrap });
                    }
                }
            },
        );
    }
}

/// The word of c = 0 where `wrap` is all ones, otherwise that of c = 1; where nothing is lifted there is one only.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
fn either<W: Word>(words: &[Vec<W>; 2], i: usize, wrap: W) -> W {
    match words[1].get(i) {
        Some(wrapped) => words[0][i].xor(words[0][i].xor(*wrapped).and(wrap)),
        None => words[0][i],
    }
}

fn words<W: Word>(piece: Piece) -> [W; 3] {
    [piece.square, piece.slope, piece.offset].map(|v| W::from_u64(v as u64))
}
