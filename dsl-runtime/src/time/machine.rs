//! How fast a machine is: the constants behind the prediction of times.

use super::load::{Class, Load, Words, Work};
use super::{Network, measure};
use std::sync::OnceLock;

/// How long the work of the steps takes on one core, in seconds. What has two entries has one for words of 32 bits and one for words of 64.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// A multiply-add, by the words and by the kind of product.
    pub(super) product: [[f64; Class::COUNT]; 3],
    /// A word that is read and written.
    pub(super) word: [f64; 2],
    /// A word from the generator of masks.
    pub(super) mask: [f64; 2],
    /// A word that is masked, packed, and unpacked.
    pub(super) open: [f64; 2],
    /// An element that is released.
    pub(super) release: [f64; 2],
    /// A comparison.
    pub(super) compare: [Phases; 2],
    /// A comparison that chooses the larger one of two.
    pub(super) max: [Phases; 2],
    pub(super) groups: [Phases; 2],
    /// A division.
    pub(super) truncate: [Phases; 2],
    /// A message of a round, however short, over a socket of this machine.
    pub(super) round: f64,
    /// The same to an endpoint that has waited for so long that it sleeps.
    pub(super) wake: f64,
    /// A byte of a message.
    pub(super) byte: f64,
    /// Cores that endpoints on one machine share.
    pub(super) cores: f64,
}

/// The halves of a protocol: each takes a time an element, and a time a byte of what it sends or corrects.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Phases {
    /// Online, a byte that is sent.
    pub online: Line,
    /// The dealer, a byte of corrections.
    pub deal: Line,
    /// The parties' unpacking, a byte of corrections.
    pub unpack: Line,
}

/// a + b bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Line {
    pub element: f64,
    pub byte: f64,
}

impl Phases {
    fn halfway(self, other: Self) -> Self {
        let line = |a: Line, b: Line| Line { element: f64::midpoint(a.element, b.element), byte: f64::midpoint(a.byte, b.byte) };
        Self { online: line(self.online, other.online), deal: line(self.deal, other.deal), unpack: line(self.unpack, other.unpack) }
    }
}

impl Line {
    fn at(self, elements: usize, bytes: u64) -> f64 {
        self.element * elements as f64 + self.byte * bytes as f64
    }
}

/// The times of a step: online, the dealer's, the busiest party's unpacking and that of all parties together, and that of its corrections on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Seconds {
    pub online: f64,
    pub deal: f64,
    pub unpack: f64,
    pub unpack_of_all: f64,
    pub transfer: f64,
}

impl Machine {
    /// The constants that choices are made by, the same for everybody: those of an Intel Xeon with AVX-512 IFMA and VAES, rounded.
    pub const REFERENCE: Self = {
        const NS: f64 = 1e-9;
        const fn line(element: f64, byte: f64) -> Line {
            Line { element: element * NS, byte: byte * NS }
        }
        Self {
            product: [
                [0.13 * NS, 0.043 * NS, 0.024 * NS, 0.024 * NS, 0.054 * NS],
                [0.22 * NS, 0.032 * NS, 0.024 * NS, 0.026 * NS, 0.16 * NS],
                [0.23 * NS, 0.089 * NS, 0.062 * NS, 0.061 * NS, 0.16 * NS],
            ],
            word: [0.15 * NS, 0.37 * NS],
            mask: [0.22 * NS, 0.45 * NS],
            open: [1.0 * NS, 3.0 * NS],
            release: [5.0 * NS, 5.0 * NS],
            compare: [
                Phases { online: line(2.0, 0.17), deal: line(0.0, 0.26), unpack: line(0.0, 0.15) },
                Phases { online: line(5.5, 0.03), deal: line(0.0, 0.25), unpack: line(0.0, 0.17) },
            ],
            max: [
                Phases { online: line(2.3, 0.44), deal: line(0.0, 0.25), unpack: line(0.0, 0.14) },
                Phases { online: line(3.6, 0.67), deal: line(0.0, 0.25), unpack: line(0.0, 0.14) },
            ],
            groups: [
                Phases { online: line(3.8, 0.88), deal: line(0.0, 0.21), unpack: line(1.0, 0.15) },
                Phases { online: line(7.9, 0.95), deal: line(7.7, 0.12), unpack: line(15.0, 0.0) },
            ],
            truncate: [
                Phases { online: line(4.1, 0.0), deal: line(0.9, 0.02), unpack: line(0.14, 0.0) },
                Phases { online: line(4.3, 0.0), deal: line(1.3, 0.04), unpack: line(0.28, 0.01) },
            ],
            round: 15e-6,
            wake: 50e-6,
            byte: 0.4 * NS,
            cores: 2.0,
        }
    };

    /// This machine, measured now.
    pub fn measure() -> Self {
        measure::measure()
    }

    /// This machine: measured when it is first asked for, in about a second, with the kernels and the protocols that runs use.
    pub fn measured() -> &'static Self {
        static MACHINE: OnceLock<Machine> = OnceLock::new();
        MACHINE.get_or_init(measure::measure)
    }

    /// A machine halfway between two measurements: those from before and after something that was timed, where the speed of a machine drifts.
    pub fn halfway(&self, other: &Self) -> Self {
        let mean = |a: f64, b: f64| f64::midpoint(a, b);
        let two = |a: [f64; 2], b: [f64; 2]| [mean(a[0], b[0]), mean(a[1], b[1])];
        let phases = |a: &[Phases; 2], b: &[Phases; 2]| [a[0].halfway(b[0]), a[1].halfway(b[1])];
        let product =
            core::array::from_fn(|words| core::array::from_fn(|class| mean(self.product[words][class], other.product[words][class])));
        Self {
            product,
            word: two(self.word, other.word),
            mask: two(self.mask, other.mask),
            open: two(self.open, other.open),
            release: two(self.release, other.release),
            compare: phases(&self.compare, &other.compare),
            max: phases(&self.max, &other.max),
            groups: phases(&self.groups, &other.groups),
            truncate: phases(&self.truncate, &other.truncate),
            round: mean(self.round, other.round),
            wake: mean(self.wake, other.wake),
            byte: mean(self.byte, other.byte),
            cores: self.cores,
        }
    }

    /// What a step takes.
    pub(crate) fn seconds(&self, load: &Load, network: &Network) -> Seconds {
        let (cost, w) = (load.cost, usize::from(load.words != Words::Narrow));
        let mut s = Seconds {
            online: cost.rounds as f64 * (self.round + network.delay()) + cost.sent as f64 * self.byte + network.transfer(cost.sent),
            transfer: network.transfer(cost.corrections) + cost.corrections as f64 * self.byte,
            ..Seconds::default()
        };
        if cost.corrections > 0 {
            // they are a message of their own, for which a party wakes up
            s.transfer += self.round;
        }
        let mut makers = load.parties;
        match load.work {
            Work::Local(words) => s.online += words as f64 * self.word[w],
            Work::Open(words) => {
                s.online += words as f64 * self.open[w];
                s.unpack = words as f64 * self.mask[w];
                s.deal = s.unpack;
            }
            Work::Product { class, multiply_adds, sizes, masked, makers: few } => {
                let product = multiply_adds as f64 * self.product[load.words as usize][class as usize];
                s.online += product + sizes[1] as f64 * self.word[w];
                makers = few;
                if masked {
                    s.unpack = product + (sizes[0] + sizes[1]) as f64 * self.mask[w];
                    s.deal = product + 2.0 * sizes[1] as f64 * self.mask[w];
                }
            }
            Work::Matrices { class, multiply_adds, sizes, masked } => {
                let product = multiply_adds as f64 * self.product[load.words as usize][class as usize];
                // operands are copied and packed
                s.online += product * if masked { 2.0 } else { 1.0 } + (3 * sizes[0] + sizes[1]) as f64 * self.word[w];
                if masked {
                    s.unpack = sizes[1] as f64 * self.mask[w];
                    s.deal = product + (2 * sizes[1]) as f64 * self.mask[w] + sizes[0] as f64 * (self.mask[w] + self.word[w]);
                }
            }
            Work::Multiply { words, times, masked } => {
                let pass = words as f64 * self.word[w];
                s.online += 2.0 * times as f64 * pass;
                if masked {
                    let powers = times.saturating_sub(1) as f64;
                    s.unpack = powers * words as f64 * self.mask[w];
                    s.deal = powers * (2.0 * words as f64 * self.mask[w] + pass);
                }
            }
            Work::Compare(elements) => s.add(&self.compare[w], elements, load),
            Work::Max(elements) => s.add(&self.max[w], elements, load),
            Work::Groups(elements) => s.add(&self.groups[w], elements, load),
            Work::Truncate(elements) => s.add(&self.truncate[w], elements, load),
            Work::Release(elements) => s.online += elements as f64 * self.release[w],
        }
        s.unpack_of_all = s.unpack * makers as f64;
        s
    }

    /// The offline half of a run whose steps take so long together.
    pub(crate) fn offline(&self, sum: Seconds, network: &Network) -> f64 {
        let slowest = sum.deal.max(sum.unpack).max(sum.transfer);
        let shared = (sum.deal + sum.unpack_of_all + 2.0 * sum.transfer) / self.cores;
        // endpoints agree on a run before there is anything to do, and whoever is early sleeps
        let start = 6.0 * (self.wake + network.delay());
        start + if network.is_shared() { slowest.max(shared) } else { slowest }
    }
}

impl Seconds {
    fn add(&mut self, phases: &Phases, elements: usize, load: &Load) {
        self.online += phases.online.at(elements, load.cost.sent);
        self.deal += phases.deal.at(elements, load.cost.corrections);
        self.unpack += phases.unpack.at(elements, load.cost.corrections);
    }

    /// All of it, one after the other: what choices between protocols compare.
    pub(crate) fn sum(self) -> f64 {
        self.online + self.deal + self.unpack + self.transfer
    }

    /// The time that a stage's offline work takes, if nothing else is under way.
    pub(crate) fn offline(self) -> f64 {
        self.deal.max(self.unpack).max(self.transfer)
    }
}

impl core::ops::AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        self.online += other.online;
        self.deal += other.deal;
        self.unpack += other.unpack;
        self.unpack_of_all += other.unpack_of_all;
        self.transfer += other.transfer;
    }
}
