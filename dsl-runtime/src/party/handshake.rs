//! The two handshakes. *Connect*: version, place, generator, a nonce, and a seed for each pair of parties. *Run header*: what is run, on how many
//! samples, with which weights and which tape.

use super::links::Links;
use crate::entropy::{Entropy, Seed};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::topology::Topology;
use crate::wire::{LIMIT, VERSION, decode, encode, leading};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// The generator that all parties use.
const PRG: &str = "aes128-ctr";

/// The first message between two endpoints.
#[derive(Serialize, Deserialize)]
struct Hello {
    version: u32,
    endpoint: u32,
    parties: u32,
    clients: u32,
    prg: String,
    /// What this endpoint adds to the name of the session.
    nonce: [u8; 16],
    /// From the lower party to the higher one: the seed of their zero sharings.
    seed: Option<[u8; 16]>,
    /// Who deals.
    topology: String,
}

/// What all endpoints agree on before a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub plan: [u8; 32],
    /// The number of samples; the owner of the first input says it.
    pub batch: Option<u32>,
    /// How many runs this session has made.
    pub run: u64,
    /// The set of weights; their owner says it.
    pub set: Option<[u8; 16]>,
    /// Where the tapes come from; clients have none.
    pub dealing: Option<[u8; 16]>,
    /// The highest tape that this party has claimed.
    pub claimed: u64,
    /// Whether this party unpacks its tape as it runs: its peers then wait for that too, step by step.
    pub streams: bool,
}

/// What the headers of all endpoints say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Agreed {
    pub batch: usize,
    pub set: [u8; 16],
    /// No tape up to this one may be used.
    pub claimed: u64,
    /// Whether any party unpacks its tape as it runs.
    pub streams: bool,
}

/// Who takes part in a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub parties: usize,
    pub clients: usize,
    pub topology: Topology,
}

/// What the connect handshake leaves.
pub(super) struct Greeted {
    /// The seeds that this party has in common with each other one; none with clients.
    pub pairs: Vec<Option<Seed>>,
    /// The name of the session, from everybody's nonce.
    pub label: [u8; 16],
}

impl Table {
    /// The endpoints that `me` talks to: everybody else, but clients do not talk to each other, and nobody here to the dealer.
    pub(super) fn others(self, me: usize) -> impl Iterator<Item = usize> {
        let all = if me < self.parties { self.parties + 1 + self.clients } else { self.parties };
        (0..all).filter(move |e| *e != me && *e != self.parties)
    }
}

/// Greets everybody.
pub(super) fn connect(table: Table, links: &mut Links, entropy: &mut Entropy) -> Result<Greeted> {
    let me = links.me;
    let nonce = entropy.bytes()?;
    let mut pairs: Vec<Option<Seed>> = (0..table.parties).map(|_| None).collect();
    for other in table.others(me) {
        let seed = if me < other && other < table.parties { Some(entropy.seed()?) } else { None };
        let mut hello = Hello {
            version: VERSION,
            endpoint: me as u32,
            parties: table.parties as u32,
            clients: table.clients as u32,
            prg: PRG.into(),
            nonce,
            seed: seed.as_ref().map(|s| *s.bytes()),
            topology: table.topology.to_string(),
        };
        let mut bytes = encode(&hello);
        let sent = links.send(other, &bytes, "connect");
        bytes.zeroize();
        hello.seed.zeroize();
        sent?;
        if other < table.parties {
            pairs[other] = seed;
        }
    }
    let mut nonces = vec![nonce; table.parties];
    for other in table.others(me) {
        let mut bytes = Vec::new();
        links.receive_bytes(other, LIMIT, &mut bytes, "connect")?;
        let read = read(links, other, &bytes);
        bytes.zeroize();
        let mut hello = read?;
        check(table, links, other, &hello)?;
        if other < table.parties {
            nonces[other] = hello.nonce;
        }
        match (hello.seed, other < me && me < table.parties) {
            (Some(seed), true) => {
                pairs[other] = Some(Seed::from_bytes(seed));
                hello.seed.zeroize();
            }
            (None, false) => {}
            _ => return Err(links.differs(other, "seed: from the lower party here, none or one too many there".into())),
        }
    }
    let mut hasher = blake3::Hasher::new_derive_key("undertone 2026 session");
    for nonce in &nonces {
        hasher.update(nonce);
    }
    let mut label = [0; 16];
    label.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Ok(Greeted { pairs, label })
}

/// A greeting. One of another release may look different behind its version.
fn read(links: &Links, other: usize, bytes: &[u8]) -> Result<Hello> {
    decode(bytes).map_err(|message| match leading(bytes) {
        // versions count up from 1: what claims a much later one is no greeting at all
        Some(version) if version != VERSION && (1..VERSION + 30).contains(&version) => versions(links, other, version),
        _ => links.failed("connect", format!("{}: {message}", links.name(other))),
    })
}

fn versions(links: &Links, other: usize, theirs: u32) -> Error {
    links.differs(other, format!("protocol version: {VERSION} here, {theirs} there; use the same release everywhere"))
}

fn check(table: Table, links: &Links, other: usize, hello: &Hello) -> Result<()> {
    let differs = |what: &str, mine: String, theirs: String| Err(links.differs(other, format!("{what}: {mine} here, {theirs} there")));
    if hello.version != VERSION {
        return Err(versions(links, other, hello.version));
    }
    if hello.topology != table.topology.name() {
        let theirs: String = hello.topology.chars().filter(|c| !c.is_control()).take(60).collect();
        let message = format!("topology: `{}` here, `{theirs}` there; use the same deployment everywhere", table.topology);
        return Err(links.differs(other, message));
    }
    let place = |e: usize, p: usize, c: usize| format!("endpoint {e} of {p} parties and {c} clients");
    let theirs = (hello.endpoint as usize, hello.parties as usize, hello.clients as usize);
    if theirs != (other, table.parties, table.clients) {
        return differs("place", place(other, table.parties, table.clients), place(theirs.0, theirs.1, theirs.2));
    }
    if hello.prg != PRG {
        return differs("generator", PRG.to_owned(), hello.prg.clone());
    }
    Ok(())
}

/// Exchanges run headers with everybody.
pub(super) fn agree(table: Table, links: &mut Links, plan: &Plan, mine: &Header) -> Result<Agreed> {
    let (me, bytes) = (links.me, encode(mine));
    links.between_runs(|links| table.others(me).try_for_each(|other| links.send(other, &bytes, "run header")))?;
    let first = plan.inputs.first().map_or(0, |i| i.owner.endpoint(table.parties));
    let owner = plan.weights_owner.endpoint(table.parties);
    let say = |batch: &mut Option<u32>, set: &mut Option<[u8; 16]>, who: usize, header: &Header| {
        if who == first {
            *batch = header.batch;
        }
        if who == owner {
            *set = header.set;
        }
    };
    let (mut batch, mut set, mut claimed, mut streams) = (None, None, mine.claimed, mine.streams);
    say(&mut batch, &mut set, me, mine);
    let mut headers = vec![];
    for other in table.others(me) {
        let theirs: Header = links.between_runs(|links| links.receive(other, "run header"))?;
        if theirs.plan != mine.plan {
            return Err(first_difference(links, other, plan));
        }
        if theirs.run != mine.run {
            return Err(links.differs(other, format!("run {} here, run {} there: connect again", mine.run, theirs.run)));
        }
        if let (Some(mine), Some(theirs)) = (mine.dealing, theirs.dealing)
            && mine != theirs
        {
            return Err(links.differs(other, "the tapes are of different dealings: use one dealer, or tapes of one dealing".into()));
        }
        if theirs.dealing.is_some() && other < table.parties {
            // clients have no tapes, and no say in which are used
            claimed = claimed.max(theirs.claimed);
            streams |= theirs.streams;
        }
        say(&mut batch, &mut set, other, &theirs);
        headers.push((other, theirs));
    }
    if me > table.parties {
        // a client does not hear other clients: the parties tell it what all have agreed on
        for party in 0..table.parties {
            let (theirs, which): (u32, [u8; 16]) = links.receive(party, "run header")?;
            if batch.is_some_and(|b| b != theirs) || set.is_some_and(|s| s != which) {
                return Err(links.differs(party, format!("{theirs} samples, or other weights, are run there")));
            }
            (batch, set) = (Some(theirs), Some(which));
        }
    }
    let Some(batch) = batch.filter(|b| *b > 0) else {
        if first == me {
            return Err(Error::Input { name: "all".into(), message: "there are no samples".into() });
        }
        return Err(links.differs(first, "it gives no samples".into()));
    };
    // whoever owns a later input has counted its samples too
    for (other, header) in headers.iter().map(|(o, h)| (*o, h)).chain([(me, mine)]) {
        if let Some(theirs) = header.batch.filter(|b| *b != batch) {
            let name = plan.inputs.first().map_or("", |i| i.name.as_str());
            return Err(links.differs(other, format!("{batch} samples of `{name}`, but {theirs} of another input")));
        }
    }
    let Some(set) = set else { return Err(links.differs(owner, "the owner of the weights does not say which".into())) };
    for client in table.others(me).filter(|e| *e > table.parties) {
        links.send(client, &encode(&(batch, set)), "run header")?;
    }
    Ok(Agreed { batch: batch as usize, set, claimed, streams })
}

/// Which step of two plans differs first; the plan's error where the other side cannot say.
fn first_difference(links: &mut Links, other: usize, plan: &Plan) -> Error {
    let mine = plan.step_hashes();
    let theirs: Result<Vec<[u8; 32]>> = links
        .send(other, &encode(&(&plan.model, &mine)), "plan")
        .and_then(|()| links.receive::<(String, _)>(other, "plan"))
        .and_then(|(model, theirs): (String, Vec<[u8; 32]>)| {
            if model == plan.model {
                return Ok(theirs);
            }
            // the name is shown as data: it comes from outside
            let model: String = model.chars().filter(|c| !c.is_control()).take(60).collect();
            Err(links.differs(other, format!("`{}` is run here, `{model}` there", plan.model)))
        });
    let theirs = match theirs {
        Ok(theirs) => theirs,
        // it talks to one after the other, and leaves after the first whose plan is another one
        Err(Error::Gone { .. } | Error::Ended { .. }) => {
            return links.differs(other, "the plans differ, and it was gone before it said where: use the same model and settings".into());
        }
        Err(e) => return e,
    };
    let message = match mine.iter().zip(&theirs).position(|(a, b)| a != b) {
        Some(k) => format!("the plans differ first at step {k}, in stage `{}`: use the same model and settings", plan.stage_name(k)),
        None if mine.len() != theirs.len() => {
            format!("the plans have {} and {} steps and differ after step {}", mine.len(), theirs.len(), mine.len().min(theirs.len()))
        }
        None => "the plans have the same steps, but other settings, roles, weights or names".into(),
    };
    links.differs(other, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::trace;
    use crate::net::{Transport, network};
    use crate::party::{World, links};
    use crate::plan::Settings;
    use undertone_shape::Shape;

    const TABLE: Table = Table { parties: 2, clients: 0, topology: Topology::Dealer };

    fn hello() -> Hello {
        let (topology, prg) = ("dealer".into(), PRG.into());
        Hello { version: VERSION, endpoint: 1, parties: 2, clients: 0, prg, nonce: [4; 16], seed: None, topology }
    }

    /// The links of endpoint `me`, to which the other party has already said this.
    fn heard(me: usize, messages: &[Vec<u8>]) -> (Links, crate::net::Memory) {
        let mut network = network(2);
        let (mut peer, own) = (network.remove(1 - me), network.remove(0));
        for message in messages {
            peer.send(me, message).unwrap();
        }
        (Links::new(me, &links::names(2, 0), Box::new(own)), peer)
    }

    #[test]
    fn a_peer_of_another_version_place_or_generator_is_refused() {
        let greeted_with = |bytes: &[u8]| connect(TABLE, &mut heard(0, &[bytes.to_vec()]).0, &mut Entropy::seeded(1));
        let greeted = greeted_with(&encode(&hello())).unwrap();
        assert!(greeted.pairs[0].is_none() && greeted.pairs[1].is_some(), "party 0 draws the seed that it shares with party 1");
        let other = greeted_with(&encode(&Hello { nonce: [5; 16], ..hello() })).unwrap();
        assert_ne!(greeted.label, other.label, "every party has a say in the name of the session");
        for (peer, text) in [
            (Hello { version: VERSION + 1, ..hello() }, "protocol version: 3 here, 4 there"),
            (Hello { endpoint: 0, ..hello() }, "place: endpoint 1 of 2 parties and 0 clients here, endpoint 0 of"),
            (Hello { parties: 3, ..hello() }, "of 3 parties and 0 clients there"),
            (Hello { clients: 1, ..hello() }, "of 2 parties and 1 clients there"),
            (Hello { prg: "chacha".into(), ..hello() }, "generator: aes128-ctr here, chacha there"),
            (Hello { topology: "third-deals".into(), ..hello() }, "party 1: topology: `dealer` here, `third-deals` there"),
            (Hello { seed: Some([1; 16]), ..hello() }, "seed: from the lower party here"),
        ] {
            let error = greeted_with(&encode(&peer)).err().unwrap().to_string();
            assert!(error.contains(text), "`{text}` is not in: {error}");
        }
        for garbage in [&[][..], &[0xff; 40], &encode(&hello())[..5], &[encode(&hello()), vec![0]].concat()] {
            let error = greeted_with(garbage).err().unwrap().to_string();
            assert!(error.contains("party 0, connect: party 1: a message"), "{error}");
        }
    }

    #[test]
    fn run_headers_must_agree_and_owners_say_what_is_theirs() {
        let graph = trace("M", &[("x", Shape::new([4]))], |g, x| g.relu(x[0])).unwrap();
        let plan = Plan::new(&graph, &Settings::default()).unwrap();
        let header = |batch, set: Option<u8>| Header {
            plan: plan.hash(),
            batch,
            run: 1,
            set: set.map(|s| [s; 16]),
            dealing: Some([9; 16]),
            claimed: 3,
            streams: false,
        };
        let (client, server) = (header(Some(5), None), header(None, Some(7)));
        // the endpoint, its own header, and that of its peer
        let outcome = |me: usize, mine: &Header, theirs: &Header| {
            agree(TABLE, &mut heard(me, &[encode(theirs)]).0, &plan, mine).map_err(|e| e.to_string())
        };
        let agreed = Agreed { batch: 5, set: [7; 16], claimed: 3, streams: false };
        assert_eq!((outcome(1, &server, &client), outcome(0, &client, &server)), (Ok(agreed), Ok(agreed)));
        let with = |f: fn(&mut Header), base: &Header| {
            let mut header = base.clone();
            f(&mut header);
            header
        };
        assert_eq!(outcome(1, &server, &with(|h| h.claimed = 8, &client)).map(|a| a.claimed), Ok(8), "the higher claim counts");
        let one = Agreed { streams: true, ..agreed };
        assert_eq!(outcome(1, &server, &with(|h| h.streams = true, &client)), Ok(one), "one party that streams is enough");
        assert_eq!(outcome(1, &with(|h| h.streams = true, &server), &client), Ok(one));
        for (me, mine, theirs, text) in [
            (0, header(None, None), header(Some(5), Some(7)), "there are no samples"),
            (1, server.clone(), header(Some(0), None), "it gives no samples"),
            (0, client.clone(), header(Some(6), Some(7)), "5 samples of `x`, but 6 of another input"),
            (0, client.clone(), header(None, None), "the owner of the weights does not say which"),
            (1, server.clone(), with(|h| h.run = 2, &client), "run 1 here, run 2 there"),
            (1, server.clone(), with(|h| h.dealing = Some([8; 16]), &client), "the tapes are of different dealings"),
        ] {
            let error = outcome(me, &mine, &theirs).unwrap_err();
            assert!(error.contains(text), "`{text}` is not in: {error}");
        }
    }

    #[test]
    fn whoever_does_not_hear_where_a_plan_differs_hears_that_it_does() {
        let graph = trace("M", &[("x", Shape::new([4]))], |g, x| g.relu(x[0])).unwrap();
        let plan = Plan::new(&graph, &Settings { parties: 3, ..Settings::default() }).unwrap();
        let header =
            |plan: [u8; 32]| Header { plan, batch: Some(1), run: 1, set: Some([1; 16]), dealing: None, claimed: 0, streams: false };
        let (table, mine) = (Table { parties: 3, ..TABLE }, header(plan.hash()));
        let mut network = network(3);
        let (mut last, own, mut first) = (network.remove(2), network.remove(1), network.remove(0));
        first.send(1, &encode(&mine)).unwrap();
        last.send(1, &encode(&header([0; 32]))).unwrap();
        let error = std::thread::scope(|scope| {
            // party 2 has another plan: it talks about it with party 0, and leaves
            scope.spawn(move || last.receive(1, LIMIT, &mut Vec::new()).map(|()| drop(last)));
            agree(table, &mut Links::new(1, &links::names(3, 0), Box::new(own)), &plan, &mine).unwrap_err()
        });
        assert!(matches!(error, Error::Disagreement { .. }), "{error}");
        assert!(error.to_string().contains("party 2: the plans differ, and it was gone before it said where"), "{error}");
    }

    #[test]
    fn three_parties_of_which_one_has_another_plan_all_fail() {
        let plan_of = |size: usize| {
            let graph = trace("M", &[("x", Shape::new([size]))], |g, x| g.relu(x[0])).unwrap();
            Plan::new(&graph, &Settings { parties: 3, ..Settings::default() }).unwrap()
        };
        let (most, other) = (plan_of(4), plan_of(5));
        for odd in 0..3 {
            let error = World::parties(3)
                .execute(|session| {
                    let me = session.place().party();
                    let (plan, none) = (if me == Some(odd) { &other } else { &most }, crate::Weights::empty());
                    session.prepare(plan, (me == Some(1)).then_some(&none), (me == Some(0)).then_some(1)).map(|_| ())
                })
                .unwrap_err();
            assert!(error.to_string().contains("the plans differ"), "party {odd} has another plan: {error}");
        }
    }

    #[test]
    fn plans_that_differ_are_told_apart_by_model_and_by_step() {
        let graph = trace("M", &[("x", Shape::new([4]))], |g, x| g.relu(x[0])).unwrap();
        let plan = Plan::new(&graph, &Settings::default()).unwrap();
        let header = |plan: [u8; 32]| {
            encode(&Header { plan, batch: Some(1), run: 1, set: Some([1; 16]), dealing: None, claimed: 0, streams: false })
        };
        let mine = Header { plan: plan.hash(), batch: None, run: 1, set: Some([1; 16]), dealing: None, claimed: 0, streams: false };
        let other = |answer: Vec<u8>| agree(TABLE, &mut heard(1, &[header([0; 32]), answer]).0, &plan, &mine).unwrap_err().to_string();
        let mut hashes = plan.step_hashes();
        assert!(other(encode(&("N", &hashes))).contains("`M` is run here, `N` there"));
        assert!(other(encode(&("N\u{7}\n", &hashes))).contains("`M` is run here, `N` there"), "a name from outside is only a name");
        assert!(other(encode(&("M", &hashes))).contains("the same steps, but other settings"));
        hashes.pop();
        assert!(other(encode(&("M", &hashes))).contains("the plans have 3 and 2 steps"));
        hashes[1] = [0; 32];
        assert!(other(encode(&("M", &hashes))).contains("differ first at step 1"));
        assert!(other(vec![1, 2]).contains("a message"));
    }
}
