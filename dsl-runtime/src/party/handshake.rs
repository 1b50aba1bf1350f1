//! The two handshakes. *Connect*: version, place, generator and word size, and a seed for each pair of parties. *Run header*: what is run, on how many samples, with
//! which weights and which tape.

use super::CLIENT;
use crate::entropy::Seed;
use crate::error::{Error, Result};
use crate::net::{LinkError, Transport};
use crate::plan::Plan;
use crate::protocol::Seat;
use crate::wire::{LIMIT, VERSION, decode, encode};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// The generator that all parties use.
const PRG: &str = "aes128-ctr";

/// The first message between two parties.
#[derive(Serialize, Deserialize)]
struct Hello {
    version: u32,
    party: u32,
    parties: u32,
    prg: String,
    word_bits: u32,
    /// From the lower party to the higher one: the seed of their zero sharings.
    seed: Option<[u8; 16]>,
}

/// What the parties agree on before a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub plan: [u8; 32],
    /// The number of samples, from the owner of the inputs.
    pub batch: Option<u32>,
    /// How many runs this session has made.
    pub run: u64,
    pub set: [u8; 16],
}

/// Greets every peer; returns the seeds that this party has in common with each of them.
pub(super) fn connect(seat: Seat, transport: &mut dyn Transport, mut fresh: impl FnMut() -> Result<Seed>) -> Result<Vec<Option<Seed>>> {
    let mut pairs: Vec<Option<Seed>> = vec![];
    for peer in 0..seat.parties {
        let seed = if peer > seat.party { Some(fresh()?) } else { None };
        if peer != seat.party {
            let mut hello = Hello {
                version: VERSION,
                party: seat.party as u32,
                parties: seat.parties as u32,
                prg: PRG.into(),
                word_bits: 64,
                seed: seed.as_ref().map(|s| *s.bytes()),
            };
            let mut bytes = encode(&hello);
            let sent = transport.send(peer, &bytes).map_err(|e| link(seat, "connect", e));
            bytes.zeroize();
            hello.seed.zeroize();
            sent?;
        }
        pairs.push(seed);
    }
    for peer in (0..seat.parties).filter(|p| *p != seat.party) {
        let mut hello: Hello = receive(seat, transport, peer, "connect")?;
        let differs = |what: &str, mine: String, theirs: String| {
            Err(Error::Disagreement { party: seat.party, peer, message: format!("{what}: {mine} here, {theirs} there") })
        };
        if hello.version != VERSION {
            return differs("protocol version", VERSION.to_string(), hello.version.to_string());
        }
        if (hello.party, hello.parties) != (peer as u32, seat.parties as u32) {
            return differs("place", format!("{peer} of {}", seat.parties), format!("{} of {}", hello.party, hello.parties));
        }
        if hello.prg != PRG || hello.word_bits != 64 {
            return differs("generator and words", format!("{PRG}, 64 bits"), format!("{}, {} bits", hello.prg, hello.word_bits));
        }
        match (hello.seed, peer < seat.party) {
            (Some(seed), true) => {
                pairs[peer] = Some(Seed::from_bytes(seed));
                hello.seed.zeroize();
            }
            (None, false) => {}
            _ => return differs("seed", "from the lower party".into(), "none or one too many".into()),
        }
    }
    Ok(pairs)
}

/// Exchanges the hashes of a plan.
pub(super) fn same_plan(seat: Seat, transport: &mut dyn Transport, plan: &Plan) -> Result<()> {
    let mine = plan.hash();
    for peer in (0..seat.parties).filter(|p| *p != seat.party) {
        transport.send(peer, &mine).map_err(|e| link(seat, "plan", e))?;
    }
    for peer in (0..seat.parties).filter(|p| *p != seat.party) {
        let theirs: [u8; 32] = receive(seat, transport, peer, "plan")?;
        if theirs != mine {
            return Err(Error::Disagreement { party: seat.party, peer, message: first_difference(seat, transport, peer, plan)? });
        }
    }
    Ok(())
}

/// Exchanges run headers; returns the number of samples.
pub(super) fn agree(seat: Seat, transport: &mut dyn Transport, plan: &Plan, mine: &Header) -> Result<usize> {
    let mut batch = mine.batch;
    let bytes = encode(mine);
    for peer in (0..seat.parties).filter(|p| *p != seat.party) {
        transport.send(peer, &bytes).map_err(|e| link(seat, "run header", e))?;
    }
    for peer in (0..seat.parties).filter(|p| *p != seat.party) {
        let theirs: Header = receive(seat, transport, peer, "run header")?;
        let differs = |message: String| Err(Error::Disagreement { party: seat.party, peer, message });
        if theirs.plan != mine.plan {
            return differs(format!("they run another plan than that of `{}`", plan.model));
        }
        if theirs.set != mine.set {
            return differs("they use another set of weights: share the weights again".into());
        }
        if theirs.run != mine.run {
            return differs(format!("run {} here, run {} there: connect again", mine.run, theirs.run));
        }
        match (batch, theirs.batch) {
            (Some(a), Some(b)) if a != b => return differs(format!("{a} samples here, {b} there")),
            (None, Some(b)) if peer == CLIENT => batch = Some(b),
            _ => {}
        }
    }
    match batch {
        Some(b) if b > 0 => Ok(b as usize),
        _ => Err(Error::Input { name: "all".into(), message: "there are no samples".into() }),
    }
}

/// Which step of two plans differs first.
fn first_difference(seat: Seat, transport: &mut dyn Transport, peer: usize, plan: &Plan) -> Result<String> {
    let mine = plan.step_hashes();
    transport.send(peer, &encode(&mine)).map_err(|e| link(seat, "run header", e))?;
    let theirs: Vec<[u8; 32]> = receive(seat, transport, peer, "run header")?;
    Ok(match mine.iter().zip(&theirs).position(|(a, b)| a != b) {
        Some(k) => format!("the plans differ first at step {k}, in stage `{}`: use the same model and settings", plan.stage_name(k)),
        None if mine.len() != theirs.len() => {
            format!("the plans have {} and {} steps and differ after step {}", mine.len(), theirs.len(), mine.len().min(theirs.len()))
        }
        None => "the plans have the same steps, but other settings, weights or names".into(),
    })
}

/// Receives a message of agreed type.
pub(super) fn receive<T: for<'a> Deserialize<'a>>(seat: Seat, transport: &mut dyn Transport, from: usize, during: &str) -> Result<T> {
    let mut bytes = Vec::new();
    transport.receive(from, LIMIT, &mut bytes).map_err(|e| link(seat, during, e))?;
    let decoded = decode(&bytes);
    bytes.zeroize(); // a handshake may hold a seed
    decoded.map_err(|message| Error::Peer { party: seat.party, during: during.to_owned(), message: format!("endpoint {from}: {message}") })
}

/// A failed link as an error of this party.
#[allow(clippy::needless_pass_by_value, reason = "the last step of map_err")]
pub(super) fn link(seat: Seat, during: &str, e: LinkError) -> Error {
    let (party, during, message) = (seat.party, during.to_owned(), e.to_string());
    match e {
        LinkError::Closed(_) | LinkError::Stalled { .. } => Error::Gone { party, during, message },
        LinkError::Length { .. } | LinkError::Corrupt { .. } | LinkError::Unknown(_) => Error::Peer { party, during, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::graph::trace;
    use crate::net::network;
    use crate::plan::Settings;
    use undertone_shape::Shape;

    const SEAT: Seat = Seat { party: 0, parties: 2 };

    fn hello() -> Hello {
        Hello { version: VERSION, party: 1, parties: 2, prg: PRG.into(), word_bits: 64, seed: None }
    }

    /// What party 0 says to a peer that greets with this.
    fn greeted_with(bytes: &[u8]) -> Result<Vec<Option<Seed>>> {
        let mut links = network(2);
        let (mut peer, mut own) = (links.remove(1), links.remove(0));
        peer.send(0, bytes).unwrap();
        let mut entropy = Entropy::seeded(1);
        connect(SEAT, &mut own, || entropy.seed())
    }

    #[test]
    fn a_peer_of_another_version_place_generator_or_word_is_refused() {
        let pairs = greeted_with(&encode(&hello())).unwrap();
        assert!(pairs[0].is_none() && pairs[1].is_some(), "party 0 draws the seed that it shares with party 1");
        for (peer, text) in [
            (Hello { version: VERSION + 1, ..hello() }, "protocol version: 1 here, 2 there"),
            (Hello { party: 0, ..hello() }, "place: 1 of 2 here, 0 of 2 there"),
            (Hello { parties: 3, ..hello() }, "place: 1 of 2 here, 1 of 3 there"),
            (Hello { prg: "chacha".into(), ..hello() }, "generator and words: aes128-ctr, 64 bits here, chacha, 64 bits there"),
            (Hello { word_bits: 32, ..hello() }, "generator and words"),
            (Hello { seed: Some([1; 16]), ..hello() }, "seed: from the lower party here"),
        ] {
            let error = greeted_with(&encode(&peer)).err().unwrap().to_string();
            assert!(error.contains(text), "`{text}` is not in: {error}");
        }
        for garbage in [&[][..], &[0xff; 40], &encode(&hello())[..5], &[encode(&hello()), vec![0]].concat()] {
            let error = greeted_with(garbage).err().unwrap().to_string();
            assert!(error.contains("connect: endpoint 1: a message"), "{error}");
        }
    }

    #[test]
    fn run_headers_must_agree_and_the_client_says_how_many_samples_there_are() {
        let graph = trace("M", &[("x", Shape::new([4]))], |g, x| g.relu(x[0])).unwrap();
        let plan = Plan::new(&graph, &Settings::default()).unwrap();
        let header = |batch| Header { plan: plan.hash(), batch, run: 1, set: [7; 16] };
        // the seat, its own header, and that of its peer
        let outcome = |party: usize, mine: Header, theirs: Header| {
            let mut links = network(2);
            let (mut peer, mut own) = (links.remove(1 - party), links.remove(0));
            peer.send(party, &encode(&theirs)).unwrap();
            agree(Seat { party, parties: 2 }, &mut own, &plan, &mine).map_err(|e| e.to_string())
        };
        assert_eq!(outcome(1, header(None), header(Some(5))), Ok(5), "the server follows the client");
        assert_eq!(outcome(0, header(Some(5)), header(None)), Ok(5));
        assert!(outcome(0, header(None), header(Some(5))).unwrap_err().contains("no samples"), "the server does not say how many");
        assert!(outcome(0, header(Some(5)), header(Some(6))).unwrap_err().contains("5 samples here, 6 there"));
        assert!(outcome(1, header(None), header(Some(0))).unwrap_err().contains("no samples"));
        let other = |f: fn(&mut Header)| {
            let mut h = header(Some(5));
            f(&mut h);
            outcome(1, header(None), h).unwrap_err()
        };
        assert!(other(|h| h.run = 2).contains("run 1 here, run 2 there"));
        assert!(other(|h| h.set = [8; 16]).contains("another set of weights"));
        assert!(other(|h| h.plan = [0; 32]).contains("another plan than that of `M`"));
    }
}
