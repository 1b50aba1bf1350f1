//! The standard's vector through the counter, and all paths against each other.

use super::*;
use proptest::prelude::*;

/// Every path of this machine.
fn paths(key: [u8; 16]) -> Vec<(&'static str, Prg)> {
    let mut all = vec![("portable", Prg::portable(&Key::from_bytes(key))), ("widest", Prg::new(&Key::from_bytes(key)))];
    #[cfg(target_arch = "x86_64")]
    for (name, width) in [("aes-ni", hardware::Width::One), ("vaes", hardware::Width::Two)] {
        all.extend(hardware::Aes::new(&key).map(|aes| (name, Prg::of(Cipher::Hardware(aes.narrow(width))))));
    }
    all
}

/// FIPS 197, appendix C.1: the plaintext is a counter block like any other.
#[test]
fn fips_197() {
    let plain: [u8; 16] = std::array::from_fn(|i| (i * 0x11) as u8);
    let word = |at: usize| u32::from_le_bytes(plain[at..at + 4].try_into().unwrap());
    let block = u64::from(word(0)) | u64::from(word(4)) << 32;
    let at = Counter { step: word(8), field: word(12) };
    for (name, prg) in paths(std::array::from_fn(|i| i as u8)) {
        let mut out = [0; 16];
        prg.fill_at(at, block, &mut out);
        assert_eq!(u128::from_be_bytes(out), 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a, "{name}");
    }
}

proptest! {
    #[test]
    fn paths_agree_at_any_place_and_length(key: [u8; 16], step: u32, field: u32, first in 0u64..1 << 40, len in 0usize..1100) {
        let at = Counter { step, field };
        let mut want = vec![0; len];
        for (i, chunk) in want.chunks_mut(16).enumerate() {
            // Block by block through the software cipher: no batching at all.
            let mut block = Array::from(counter_block(u64::from(step) | u64::from(field) << 32, first + i as u64));
            aes::Aes128Enc::new(&Array::from(key)).encrypt_block(&mut block);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        for (name, prg) in paths(key) {
            let mut out = vec![0; len];
            prg.fill_at(at, first, &mut out);
            prop_assert_eq!(&out, &want, "{}", name);
            let mut more = vec![7u8, 8];
            prg.append(at, first, len, &mut more);
            prop_assert_eq!(&more[..2], &[7, 8]);
            prop_assert_eq!(&more[2..], &want, "{}", name);
        }
    }
}

#[test]
fn streams_differ_and_repeat() {
    let prg = Prg::new(&Key::from_bytes([3; 16]));
    let read = |step, field| {
        let mut out = [0u64; 40];
        prg.words(Counter { step, field }, &mut out);
        out
    };
    assert_eq!(read(1, 2), read(1, 2));
    assert_ne!(read(1, 2), read(2, 1));
    assert_ne!(read(1, 2), read(1, 3));
    let mut tail = [0u64; 10];
    prg.fill_at(Counter { step: 1, field: 2 }, 15, as_bytes_mut(&mut tail));
    assert_eq!(tail, read(1, 2)[30..]);
}

#[test]
fn the_last_block_is_reached_and_not_passed() {
    for (name, prg) in paths([9; 16]) {
        let mut out = [0; 16];
        let at = Counter { step: 0, field: 0 };
        prg.fill_at(at, u64::MAX - 1, &mut out);
        assert_ne!(out, [0; 16], "{name}");
        let past = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| prg.fill_at(at, u64::MAX - 1, &mut [0; 17])));
        assert!(past.is_err(), "{name}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let key = Key::from_bytes([0xab; 16]);
    assert_eq!(format!("{key:?} {:?}", Prg::new(&key)), "Key(..) Prg(..)");
}

#[test]
fn a_generator_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Prg>();
}

#[cfg(feature = "audit")]
#[test]
fn audit_records_every_request() {
    let log = Log::default();
    let mut prg = Prg::new(&Key::from_bytes([1; 16]));
    prg.audit(log.clone());
    let mut twin = Prg::portable(&Key::from_bytes([1; 16]));
    twin.audit(log.clone());
    let at = Counter { step: 4, field: 5 };
    prg.fill(at, &mut [0; 33]);
    prg.fill(at, &mut []);
    twin.fill_at(at, 7, &mut [0; 16]);
    let log = log.lock().unwrap();
    let of = |first_block, blocks| Request { key_fingerprint: log[0].key_fingerprint, counter: at, first_block, blocks };
    assert_eq!(*log, [of(0, 3), of(7, 1)]);
}
