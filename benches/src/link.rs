//! Links that are slower than loopback: what goes in comes out after a delay, and no faster than the line.
//!
//! Each call goes through a port of its own. A thread for each direction of each connection reads, and another writes each piece when its time has come: a queue behind a line of a
//! given rate, then the way. So several messages can be on their way at once, and both directions are independent, as on a real line.

use crate::cast::Endpoint;
use crate::options::Link;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use undertone::Network;

/// Bytes that are read at once: at 100 Mbit/s they take 1.3 ms.
const PIECE: usize = 16 << 10;

/// How long before its time a piece is looked after.
const EARLY: Duration = Duration::from_micros(300);

/// A port for each pair of an endpoint and an earlier one that it calls; none where links are loopback as it is.
pub fn open(link: Link, endpoints: &[Endpoint]) -> std::io::Result<Vec<(String, String, u16)>> {
    if link == Link::None {
        return Ok(vec![]);
    }
    let mut links = vec![];
    for (k, caller) in endpoints.iter().enumerate() {
        for called in &endpoints[..k] {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            links.push((caller.name.clone(), called.name.clone(), listener.local_addr()?.port()));
            let (network, port) = (link.network(), called.port);
            std::thread::Builder::new().name("line".into()).spawn(move || lines(&listener, port, &network))?;
        }
    }
    Ok(links)
}

/// Every connection that comes in, until this program ends.
fn lines(listener: &TcpListener, port: u16, network: &Network) {
    for caller in listener.incoming().map_while(Result::ok) {
        // whoever is called may not listen yet; the caller tries again
        let Ok(called) = TcpStream::connect(("127.0.0.1", port)) else { continue };
        let both = caller.try_clone().and_then(|c| Ok((c, called.try_clone()?)));
        let Ok((from, to)) = both else { continue };
        for (from, to) in [(from, called), (to, caller)] {
            let _ = to.set_nodelay(true); // a line without it is only slower
            let network = network.clone();
            // without a thread the connection ends, and its ends say so
            let _ = std::thread::Builder::new().name("line".into()).spawn(move || line(from, to, &network));
        }
    }
}

/// One direction.
fn line(mut from: TcpStream, to: TcpStream, network: &Network) {
    let (out, pieces) = channel();
    let Ok(_writer) = std::thread::Builder::new().name("line's end".into()).spawn(move || deliver(&pieces, to)) else { return };
    let delay = Duration::from_secs_f64(network.delay());
    let mut free = Instant::now();
    loop {
        let mut piece = vec![0; PIECE];
        match from.read(&mut piece) {
            Ok(0) | Err(_) => return, // the writer ends when it has written what is under way
            Ok(n) => piece.truncate(n),
        }
        free = free.max(Instant::now()) + Duration::from_secs_f64(network.transfer(piece.len() as u64));
        if out.send((free + delay, piece)).is_err() {
            return;
        }
    }
}

/// Writes each piece when its time has come.
fn deliver(pieces: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) {
    for (due, piece) in pieces {
        // the system wakes a thread some tens of microseconds late, which is much of a short delay
        let left = due.saturating_duration_since(Instant::now());
        std::thread::sleep(left.saturating_sub(EARLY));
        while Instant::now() < due {
            std::thread::yield_now();
        }
        if to.write_all(&piece).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write); // the other end may be gone already
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_delays_and_limits() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ends = [("far", port), ("near", 1)].map(|(name, port)| Endpoint { name: name.into(), port });
        let links = open(Link::Wan, &ends).unwrap();
        assert_eq!((links[0].0.as_str(), links[0].1.as_str(), links.len()), ("near", "far", 1));
        assert!(open(Link::None, &ends).unwrap().is_empty());

        let start = Instant::now();
        let mut near = TcpStream::connect(("127.0.0.1", links[0].2)).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        // 250 kB take 20 ms at 100 Mbit/s, and 20 ms on the way; the answer 20 ms more
        near.write_all(&vec![7; 250_000]).unwrap();
        let mut all = vec![0; 250_000];
        far.read_exact(&mut all).unwrap();
        assert!(all.iter().all(|b| *b == 7));
        let there = start.elapsed();
        assert!(there >= Duration::from_millis(40), "{there:?}");
        far.write_all(&[1]).unwrap();
        near.read_exact(&mut all[..1]).unwrap();
        let back = start.elapsed();
        assert!(back >= there + Duration::from_millis(20), "{there:?}, {back:?}");
    }
}
