//! How messages are told apart on a connection: a header before each.
//!
//! ```text
//! length u32 | number u32 | crc32 of the message u32 | crc32 of the twelve bytes before u32
//! ```
//!
//! all little-endian. The number counts the messages of this direction of this connection from zero, so that a lost or repeated message shows. Under TLS, which
//! authenticates every byte, both checksums are absent; on plain connections they find what a cable or a fault test flips, the header's own at once, before a
//! wrong length is believed.

use crate::conn::Fault;

/// The length of a header with checksums.
pub(crate) const PLAIN: usize = 16;
/// The length of a header under TLS.
pub(crate) const SEALED: usize = 8;

/// What comes before a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the message.
    pub length: u32,
    /// How many messages went before it.
    pub number: u32,
    /// Checksum of the message; `None` under TLS.
    pub check: Option<u32>,
}

impl Header {
    /// Writes the header to the front of `out`; how long it is.
    pub fn write(&self, out: &mut [u8; PLAIN]) -> usize {
        out[..4].copy_from_slice(&self.length.to_le_bytes());
        out[4..8].copy_from_slice(&self.number.to_le_bytes());
        let Some(check) = self.check else { return SEALED };
        out[8..12].copy_from_slice(&check.to_le_bytes());
        let own = crc32fast::hash(&out[..12]);
        out[12..].copy_from_slice(&own.to_le_bytes());
        PLAIN
    }

    /// Reads a header of [`PLAIN`] or [`SEALED`] bytes, and compares it with the number that must come.
    pub fn read(bytes: &[u8], number: u32) -> Result<Self, Fault> {
        let word = |at: usize| bytes[at..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
        let check = match bytes.len() {
            SEALED => None,
            _ if crc32fast::hash(&bytes[..12]) != word(12) => return Err(Fault::Corrupt("what came is no header of a message".into())),
            _ => Some(word(8)),
        };
        let header = Self { length: word(0), number: word(4), check };
        if header.number != number {
            let what = if header.number < number { "repeated" } else { "lost" };
            return Err(Fault::Corrupt(format!("message {} came where {number} was due: a message was {what}", header.number)));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_and_every_flipped_bit_shows() {
        let plain = Header { length: 70_000, number: 5, check: Some(0xdead_beef) };
        let sealed = Header { check: None, ..plain };
        let mut bytes = [0; PLAIN];
        assert_eq!(sealed.write(&mut bytes), SEALED);
        assert_eq!(Header::read(&bytes[..SEALED], 5).ok(), Some(sealed));
        assert_eq!(plain.write(&mut bytes), PLAIN);
        assert_eq!(Header::read(&bytes, 5).ok(), Some(plain));
        for bit in 0..PLAIN * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Header::read(&flipped, 5), Err(Fault::Corrupt(_))), "bit {bit}");
        }
        for (due, what) in [(4, "lost"), (6, "repeated")] {
            let Err(Fault::Corrupt(text)) = Header::read(&bytes, due) else { panic!("number {due}") };
            assert!(text.contains(what) && text.contains("message 5 came"), "{text}");
        }
    }
}
