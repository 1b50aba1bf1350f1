//! The first message on a connection: who calls whom, for which session, and which of the two connections of a pair this is; and the answer to it.

use crate::conn::{Conn, Fault};
use crate::error::printable;
use crate::socket::Wait;
use crate::{Label, check_name};

/// What every preamble starts with.
const MAGIC: &[u8; 8] = b"undertn\n";
/// The version of everything below: preamble, frames, answers.
const VERSION: u16 = 1;
/// No preamble is longer: two names and what has a fixed length.
pub(crate) const LONGEST: usize = 8 + 2 + 1 + 16 + 8 + 2 * (1 + 253);
/// No answer is longer.
const LONGEST_ANSWER: usize = 1 + 1200;

/// Which way messages go on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From who dials to who was dialed.
    Out,
    /// The other way.
    In,
}

/// Who calls, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preamble {
    pub direction: Direction,
    pub label: Label,
    /// Drawn for each dialing: the two connections of it have the same.
    pub attempt: [u8; 8],
    pub from: String,
    pub to: String,
}

impl Preamble {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.push(u8::from(self.direction == Direction::In));
        bytes.extend(self.label);
        bytes.extend(self.attempt);
        for name in [&self.from, &self.to] {
            bytes.push(name.len() as u8); // names have at most 253 letters
            bytes.extend(name.as_bytes());
        }
        bytes
    }

    /// What a stranger sent, or why it is none that can be answered otherwise.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = bytes;
        if take(&mut rest).ok() != Some(*MAGIC) {
            return Err("this is no endpoint of Undertone that calls".into());
        }
        let version = u16::from_le_bytes(take(&mut rest)?);
        if version != VERSION {
            return Err(format!(
                "the caller speaks version {version} of the connection, this endpoint version {VERSION}; use the same release everywhere"
            ));
        }
        let direction = match take(&mut rest)? {
            [0] => Direction::Out,
            [1] => Direction::In,
            [other] => return Err(format!("there is no direction {other}")),
        };
        let (label, attempt) = (take(&mut rest)?, take(&mut rest)?);
        let (from, to) = (name(&mut rest)?, name(&mut rest)?);
        if rest.is_empty() { Ok(Self { direction, label, attempt, from, to }) } else { Err("bytes after the names".into()) }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or("it ends too early")?;
    *rest = tail;
    Ok(*head)
}

fn name(rest: &mut &[u8]) -> Result<String, String> {
    let [len] = take(rest)?;
    let (head, tail) = rest.split_at_checked(len as usize).ok_or("it ends in a name")?;
    *rest = tail;
    let name = str::from_utf8(head).map_err(|_| "a name that is no text")?;
    check_name(name).map_err(|e| e.to_string())?;
    Ok(name.to_owned())
}

/// What is said to a preamble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The connection stands, and messages may follow.
    Accepted,
    /// No, and asking again does not help.
    Refused(String),
    /// Not now.
    Later(String),
}

impl Answer {
    /// Tells it, if the socket takes it at once: nobody waits for a stranger.
    pub fn tell(&self, conn: &mut Conn) -> Result<(), Fault> {
        let (code, reason) = match self {
            Answer::Accepted => (0, ""),
            Answer::Refused(reason) => (1, reason.as_str()),
            Answer::Later(reason) => (2, reason.as_str()),
        };
        let mut bytes = vec![code];
        bytes.extend(printable(reason).as_bytes());
        conn.send(&bytes, &Wait::new(std::time::Duration::ZERO, std::time::Duration::ZERO))
    }

    /// Waits for it.
    pub fn hear(conn: &mut Conn, wait: &Wait) -> Result<Self, Fault> {
        let mut bytes = Vec::new();
        conn.receive(LONGEST_ANSWER, &mut bytes, wait)?;
        let Some((code, reason)) = bytes.split_first() else { return Err(Fault::Corrupt("an empty answer".into())) };
        let reason = printable(&String::from_utf8_lossy(reason));
        match code {
            0 => Ok(Answer::Accepted),
            1 => Ok(Answer::Refused(reason)),
            2 => Ok(Answer::Later(reason)),
            _ => Err(Fault::Corrupt("an answer that is none".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preamble() -> Preamble {
        Preamble { direction: Direction::In, label: [3; 16], attempt: [4; 8], from: "speaker".into(), to: "dealer".into() }
    }

    #[test]
    fn preambles_come_back() {
        let longest = Preamble { from: format!("{}a", "ab.".repeat(84)), to: "b".repeat(63), direction: Direction::Out, ..preamble() };
        for one in [preamble(), longest] {
            assert!(one.encode().len() <= LONGEST);
            assert_eq!(Preamble::decode(&one.encode()), Ok(one));
        }
    }

    #[test]
    fn what_is_no_preamble_is_refused_with_a_reason() {
        let good = preamble().encode();
        for len in 0..good.len() {
            assert!(Preamble::decode(&good[..len]).is_err(), "{len} bytes of it");
        }
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Preamble::decode(&bytes).unwrap_err()
        };
        assert!(with(0, b'G').contains("no endpoint of Undertone"));
        assert!(with(8, 9).contains("version 9"));
        assert!(with(10, 2).contains("no direction 2"));
        assert!(with(36, b'S').contains("lower-case"));
        assert!(with(36, 0xff).contains("no text"));
        assert!(with(35, 200).contains("ends in a name"));
        assert!(Preamble::decode(&[good.as_slice(), b"x"].concat()).unwrap_err().contains("after the names"));
    }
}
