//! Measuring this machine: the kernels and the protocols that runs use, on small data, each a few times; the fastest counts.
//!
//! What a run reads was written long before: correlations when its tape was unpacked, values by other steps. So caches are emptied of it before each time. And endpoints
//! do not wait for each other to use the memory of a machine: protocols are timed on two cores at once.

use super::load::Class;
use super::machine::{Line, Machine, Phases};
use crate::net::{Identity, Listener, NetError, Security, Tcp, Timeouts, Transport, dial};
use crate::protocol::group::LARGEST;
use crate::protocol::max::{Max, Windows};
use crate::protocol::pool::Pool;
use crate::protocol::release::{Release, zero};
use crate::protocol::relu::Relu;
use crate::protocol::truncate::{Truncate, Truncation};
use crate::protocol::{Compare, Dealing, On, Protocol, Round, Seat, Tape, open};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use undertone_ring::Word;
use undertone_ring::conv::{Conv, PackedWeights, Scratch, accumulate};
use undertone_ring::prg::{Counter, Key, Prg};

/// Elements of the protocols that are measured: more than the caches of one core hold, as in most runs.
const ELEMENTS: usize = 1 << 18;

/// How often something is measured; the fastest counts.
const TIMES: usize = 3;

/// Words of everything else.
const WORDS: usize = 1 << 17;

pub(super) fn measure() -> Machine {
    let mut caches = Caches::new();
    let (narrow, wide) = (Words::measure::<u32>(32, &mut caches), Words::measure::<u64>(64, &mut caches));
    let [round, byte, wake] = socket().unwrap_or([20e-6, 0.5e-9, 60e-6]);
    Machine {
        product: [narrow.product, products::<u64>(52), wide.product],
        word: [narrow.word, wide.word],
        mask: [narrow.mask, wide.mask],
        open: [narrow.open, wide.open],
        release: [narrow.release, wide.release],
        compare: [narrow.compare, wide.compare],
        max: [narrow.max, wide.max],
        groups: [narrow.groups, wide.groups],
        truncate: [narrow.truncate, wide.truncate],
        round,
        wake,
        byte,
        cores: std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64),
    }
}

/// What depends on the words.
struct Words {
    product: [f64; Class::COUNT],
    word: f64,
    mask: f64,
    open: f64,
    release: f64,
    compare: Phases,
    groups: Phases,
    max: Phases,
    truncate: Phases,
}

impl Words {
    fn measure<W: Word>(n: u32, caches: &mut Caches) -> Self {
        let t = n / 4;
        let relu = |m| On { protocol: Relu::new(n, t, Compare::new(m)), len: ELEMENTS };
        // as small networks have them: few channels lie next to each other
        let windows = Windows { size: [1, 32, 32], kernel: [1, 2, 2], stride: [1, 2, 2], padding: [0; 3], channels: 8 };
        let samples = ELEMENTS / (32 * 32 * 8);
        let max = |m| Max::new(n, Compare::new(m), &windows, samples);
        let groups = |m| Pool::new(n, Compare::new(m), LARGEST, &windows, samples);
        let truncation = |t| Truncation { truncate: Truncate { n, t, m: n / 2 }, parties: 2, len: ELEMENTS };
        Self {
            product: products::<W>(n),
            word: words::<W>(caches),
            mask: mask::<W>(),
            open: opening::<W>(n, caches),
            release: release::<W>(n),
            compare: phases::<W, _>(caches, &relu(n / 2 - 2), &relu(n / 2 + 6), ELEMENTS, ELEMENTS),
            max: phases::<W, _>(caches, &max(n / 2 - 2), &max(n / 2 + 6), ELEMENTS, windows.comparisons(samples)),
            groups: phases::<W, _>(caches, &groups(n / 2 - 2), &groups(n / 2 + 6), ELEMENTS, windows.comparisons_by(LARGEST, samples)),
            truncate: phases::<W, _>(caches, &truncation(t / 2), &truncation(t), ELEMENTS, ELEMENTS),
        }
    }
}

/// Seconds of the fastest of some calls, after one that does not count.
fn fastest(f: impl FnMut()) -> f64 {
    fastest_after(|| {}, f)
}

/// The same of calls that find in memory, and not in the caches, what they read.
fn fastest_cold(caches: &mut Caches, f: impl FnMut()) -> f64 {
    fastest_after(|| caches.empty(), f)
}

fn fastest_after(mut before: impl FnMut(), mut f: impl FnMut()) -> f64 {
    f();
    let once = |_| {
        before();
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    (0..TIMES).map(once).fold(f64::INFINITY, f64::min)
}

/// Something to fill the caches with that nobody needs.
struct Caches(Vec<u64>);

impl Caches {
    fn new() -> Self {
        // what the system says of its largest cache, and half of that again
        let said = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size").unwrap_or_default();
        let kib: usize = said.trim().trim_end_matches('K').parse().unwrap_or(32 << 10);
        Self(vec![1; (kib << 10).clamp(8 << 20, 128 << 20) / 2 * 3 / 8])
    }

    fn empty(&mut self) {
        // a word of each line is enough
        self.0.iter_mut().step_by(8).for_each(|word| *word = word.wrapping_mul(3));
        black_box(&mut self.0);
    }
}

fn random<W: Word>(len: usize, step: u32) -> Vec<W> {
    let mut out = vec![W::from_u64(0); len];
    key(7).words(Counter { step, field: 0 }, &mut out);
    out
}

fn key(k: u8) -> Prg {
    Prg::new(&Key::from_bytes([k; 16]))
}

/// A multiply-add of each kind of product.
fn products<W: Word>(n: u32) -> [f64; Class::COUNT] {
    let square = |h, c, o, groups| Conv { h, w: h, kh: 3, kw: 3, ph: 1, pw: 1, groups, ..Conv::linear(1, c, o) };
    // in the order of the classes
    let all = [
        (square(16, 64, 64, 64), 4),
        (square(28, 3, 16, 1), 4),
        (square(16, 32, 32, 1), 1),
        (square(8, 128, 32, 1), 1),
        (Conv::linear(1, 512, 512), 1),
    ];
    all.map(|(conv, batch)| {
        let weights = PackedWeights::new_in(n, &conv, &random::<W>(conv.weights(), 1));
        let x = random::<W>(batch * conv.inputs(), 2);
        let (mut z, mut scratch) = (vec![W::from_u64(0); batch * conv.outputs()], Scratch::new());
        fastest(|| accumulate(&conv, batch, black_box(&x), &weights, &mut z, &mut scratch)) / (batch * conv.multiply_adds()) as f64
    })
}

/// A word that is read and written to fresh memory.
fn words<W: Word>(caches: &mut Caches) -> f64 {
    let x = random::<W>(WORDS, 3);
    fastest_cold(caches, || {
        let mut out = vec![W::from_u64(0); WORDS];
        out.iter_mut().zip(&x).for_each(|(o, x)| *o = x.add(*x));
        black_box(out);
    }) / WORDS as f64
}

fn mask<W: Word>() -> f64 {
    let key = key(1);
    fastest(|| {
        let mut out = vec![W::from_u64(0); WORDS];
        key.words(Counter { step: 0, field: 0 }, &mut out);
        black_box(out);
    }) / WORDS as f64
}

fn opening<W: Word>(n: u32, caches: &mut Caches) -> f64 {
    use crate::protocol::Phases as _;
    let (x, mask) = (random::<W>(WORDS, 4), random::<W>(WORDS, 5));
    let mut result = vec![W::from_u64(0); WORDS];
    let (mut own, mut none) = (vec![], vec![]);
    fastest_cold(caches, || {
        own.clear();
        let mut run = open::run(n, &x, &mask);
        run.phase(0, Round::NONE, &mut own, &mut result);
        let peer = vec![own.clone()];
        run.phase(1, Round { own: &own, peers: &peer }, &mut none, &mut result);
    }) / WORDS as f64
}

fn release<W: Word>(n: u32) -> f64 {
    let release = Release { t: n / 4, m: n / 2 };
    let (seat, x, pairs) = (Seat { party: 0, parties: 2 }, random::<W>(ELEMENTS, 6), [None, Some(key(2))]);
    fastest(|| {
        let zeta: Vec<W> = zero(seat, &pairs, 0, ELEMENTS);
        let own = release.message(seat, &x, &zeta);
        let peer = vec![own.clone()];
        black_box(release.combine::<W>(Round { own: &own, peers: &peer }, ELEMENTS));
    }) / ELEMENTS as f64
}

/// The halves of a protocol on `len` elements, of which `counted` are compared, from two widths: what an element takes, and what a byte adds.
fn phases<W: Word, P: Protocol<W> + Sync>(caches: &mut Caches, less: &P, more: &P, len: usize, counted: usize) -> Phases {
    let mut other = Caches::new();
    let [a, b] = [less, more].map(|protocol| {
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| halves(&mut other, protocol, len));
            let here = halves(caches, protocol, len);
            match beside.join() {
                Ok(there) => here.with(&there),
                Err(_) => here,
            }
        })
    });
    let line = |f: &dyn Fn(&Halves) -> (f64, usize)| {
        let ((ta, xa), (tb, xb)) = (f(&a), f(&b));
        let byte = if xb > xa { ((tb - ta) / (xb - xa) as f64).max(0.0) } else { 0.0 };
        // noise may tilt the line: nothing takes less than no time
        let byte = byte.min(tb / xb.max(1) as f64);
        Line { element: (tb - byte * xb as f64) / counted as f64, byte }
    };
    Phases { online: line(&|h| (h.online, h.sent)), deal: line(&|h| (h.deal, h.corrections)), unpack: line(&|h| (h.unpack, h.corrections)) }
}

struct Halves {
    online: f64,
    deal: f64,
    unpack: f64,
    sent: usize,
    corrections: usize,
}

impl Halves {
    /// The mean of both.
    fn with(self, other: &Self) -> Self {
        let mean = f64::midpoint;
        Self { online: mean(self.online, other.online), deal: mean(self.deal, other.deal), unpack: mean(self.unpack, other.unpack), ..self }
    }
}

/// Seconds of the halves of a protocol for two parties, the fastest of some.
fn halves<W: Word>(caches: &mut Caches, protocol: &impl Protocol<W>, len: usize) -> Halves {
    let keys = [key(1), key(2)];
    let mut corrections = vec![];
    let deal = fastest(|| {
        // a dealer hands on what it dealt, and takes fresh memory for what comes next
        corrections = Vec::with_capacity(corrections.len());
        protocol.deal(&mut Dealing::new(&keys, &mut corrections), 0);
    });
    let z = random::<W>(len, 9);
    let mut result = vec![W::from_u64(0); len];
    let tape = || Tape::new(&keys[1], Some(&corrections));
    let unpack = fastest(|| drop(black_box(protocol.expand(&mut tape(), 0))));
    let (mut online, mut sent) = (f64::INFINITY, 0);
    for _ in 0..TIMES {
        if let Ok(material) = protocol.expand(&mut tape(), 0) {
            caches.empty();
            let start = Instant::now();
            let mut run = material.run(Seat { party: 1, parties: 2 }, &z);
            let (mut time, mut bytes) = (start.elapsed().as_secs_f64(), 0);
            let (mut own, mut next, mut peer) = (vec![], vec![], vec![vec![]]);
            for k in 0..=run.rounds() {
                next.clear();
                let round = if k == 0 { Round::NONE } else { Round { own: &own, peers: &peer } };
                let start = Instant::now();
                run.phase(k, round, &mut next, &mut result);
                time += start.elapsed().as_secs_f64();
                core::mem::swap(&mut own, &mut next);
                // what the peer says is of no consequence for the time
                peer[0].clone_from(&own);
                bytes += own.len();
            }
            // a run gives its memory back step by step
            let start = Instant::now();
            drop(run);
            drop(material);
            time += start.elapsed().as_secs_f64();
            (online, sent) = (online.min(time), bytes);
        }
    }
    Halves { online: if online.is_finite() { online } else { 0.0 }, deal, unpack, sent, corrections: corrections.len() }
}

/// Seconds of a short message of a round, of a byte, and of a short message to somebody who sleeps, over a socket of this machine.
fn socket() -> Result<[f64; 3], NetError> {
    let [name, other] = ["party0", "party1"];
    let label = [0; 16];
    let identity = |name: &str| Identity::new(name, Security::Loopback);
    let timeouts = Timeouts { connect: Duration::from_secs(2), message: Duration::from_secs(2), ..Timeouts::default() };
    let (listener, caller) = (Listener::bind("127.0.0.1:0", &identity(name)?)?, identity(other)?);
    // when the message left that somebody sleeps for, in nanoseconds
    let (clock, left) = (Instant::now(), AtomicU64::new(0));
    let now = || clock.elapsed().as_nanos() as u64;
    std::thread::scope(|scope| {
        let left = &left;
        let address = listener.local_address().to_string();
        let there = scope.spawn(move || {
            let mut link = Tcp::new(vec![Some(dial(&caller, name, &address, &label, timeouts.connect)?), None], &timeouts);
            let mut peers = [vec![]];
            for (len, count) in MESSAGES {
                let own = vec![1; len];
                // the other side reports what fails
                let _ = (0..BATCHES * count).try_for_each(|_| link.exchange(1, &own, &mut peers));
            }
            for _ in 0..BATCHES {
                std::thread::sleep(ASLEEP);
                left.store(now(), Ordering::SeqCst);
                let _ = link.exchange(1, &[1; 256], &mut peers);
            }
            Ok::<(), NetError>(())
        });
        let mut here = listener.accept(&[other.to_owned()], &label, timeouts.connect)?;
        let mut link = Tcp::new(vec![None, here.pop()], &timeouts);
        let mut peers = [vec![]];
        let [short, long] = MESSAGES.map(|(len, count)| {
            let own = vec![1; len];
            let mut once = || {
                let start = Instant::now();
                let done = (0..count).try_for_each(|_| link.exchange(0, &own, &mut peers));
                if done.is_ok() { start.elapsed().as_secs_f64() / f64::from(count) } else { f64::INFINITY }
            };
            Some((0..BATCHES).map(|_| once()).fold(f64::INFINITY, f64::min)).filter(|t| t.is_finite()).unwrap_or(0.0)
        });
        let mut woken: Vec<u64> = vec![];
        for _ in 0..BATCHES {
            if link.exchange(0, &[1; 256], &mut peers).is_ok() {
                woken.push(now().saturating_sub(left.load(Ordering::SeqCst)));
            }
        }
        woken.sort_unstable();
        let woken = woken.get(woken.len() / 2).map_or(0.0, |ns| *ns as f64 / 1e9);
        there.join().unwrap_or(Err(NetError::Randomness))?;
        let [(few, _), (many, _)] = MESSAGES;
        Ok([short, ((long - short) / (many - few) as f64).max(0.0), woken.max(short)])
    })
}

/// The length and the number of messages of both kinds.
const MESSAGES: [(usize, u32); 2] = [(256, 80), (1 << 21, 3)];

/// After so long, whoever waits for a message sleeps.
const ASLEEP: Duration = Duration::from_millis(1);

/// How often so many are sent; the fastest time counts.
const BATCHES: u32 = 8;
