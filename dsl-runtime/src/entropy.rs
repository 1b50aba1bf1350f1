//! Where keys come from: the operating system. Fixed randomness exists for tests alone.

use crate::error::{Error, Result};
use rand::TryRng;
use rand::rngs::SysRng;
use undertone_ring::prg::Key;
use zeroize::Zeroize;

/// A source of keys.
pub(crate) enum Entropy {
    /// The operating system.
    System,
    /// A seed, for tests that must repeat themselves.
    #[cfg(any(test, feature = "test-util"))]
    Seeded(Box<rand::rngs::StdRng>),
}

/// 16 secret bytes from which keys are derived; wiped when dropped, never printed.
#[derive(Clone)]
pub(crate) struct Seed([u8; 16]);

impl Entropy {
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) fn seeded(seed: u64) -> Self {
        use rand::SeedableRng;
        Entropy::Seeded(Box::new(rand::rngs::StdRng::seed_from_u64(seed)))
    }

    /// Fresh bytes.
    pub(crate) fn bytes(&mut self) -> Result<[u8; 16]> {
        let mut bytes = [0; 16];
        match self {
            Entropy::System => SysRng.try_fill_bytes(&mut bytes).map_err(|e| Error::Randomness(e.to_string()))?,
            #[cfg(any(test, feature = "test-util"))]
            Entropy::Seeded(rng) => rand::RngExt::fill(rng.as_mut(), &mut bytes),
        }
        Ok(bytes)
    }

    /// A fresh seed.
    pub(crate) fn seed(&mut self) -> Result<Seed> {
        self.bytes().map(Seed)
    }
}

impl Seed {
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The key for one purpose and one id: BLAKE3 in key derivation mode over seed and id, the purpose being its context.
    pub(crate) fn key(&self, purpose: Purpose, id: &[u8; 16]) -> Key {
        let mut hasher = blake3::Hasher::new_derive_key(purpose.context());
        hasher.update(&self.0).update(id);
        let mut full = *hasher.finalize().as_bytes();
        let mut key = [0; 16];
        key.copy_from_slice(&full[..16]);
        full.zeroize();
        Key::from_bytes(key)
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What a key is for: keys of different purposes never meet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// A tape; the id is the tape's.
    Tape,
    /// The masks of a set of weights; the id is the set's.
    Weights,
    /// A client's values as a party expands them; the seed serves one such sharing.
    Share,
    /// The zero sharings of a run; the seed is that of a pair of parties, the id the run's number.
    Zero,
}

impl Purpose {
    const fn context(self) -> &'static str {
        match self {
            Purpose::Tape => "undertone 2026 tape key",
            Purpose::Weights => "undertone 2026 weight mask key",
            Purpose::Share => "undertone 2026 share key",
            Purpose::Zero => "undertone 2026 zero sharing key",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_seed_purpose_and_id() {
        let (a, b) = (Seed::from_bytes([1; 16]), Seed::from_bytes([2; 16]));
        let keys = [
            a.key(Purpose::Tape, &[0; 16]),
            a.key(Purpose::Tape, &[1; 16]),
            a.key(Purpose::Weights, &[0; 16]),
            a.key(Purpose::Zero, &[0; 16]),
            b.key(Purpose::Tape, &[0; 16]),
        ];
        let distinct: std::collections::HashSet<_> = keys.iter().map(Key::bytes).collect();
        assert_eq!(distinct.len(), keys.len());
        assert_eq!(a.key(Purpose::Tape, &[1; 16]).bytes(), keys[1].bytes());
    }

    #[test]
    fn the_system_gives_fresh_bytes_each_time() {
        let mut system = Entropy::System;
        assert_ne!(system.bytes().unwrap(), system.bytes().unwrap());
    }
}
