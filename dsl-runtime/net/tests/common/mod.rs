//! Endpoints that are connected over loopback, and a line between two of them that a test can spoil.
#![allow(dead_code)] // each test uses its part

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::scope;
use std::time::Duration;
use undertone_net::{Identity, Label, Link, Listener, Security, Tcp, Timeouts, certs, dial};

pub const LABEL: Label = [7; 16];
pub const SOON: Duration = Duration::from_millis(300);
pub const LONG: Duration = Duration::from_secs(20);
/// For tests in which something must time out.
pub const IMPATIENT: Timeouts = Timeouts { connect: LONG, message: SOON, spin: Duration::from_micros(20) };
pub const PATIENT: Timeouts = Timeouts { connect: LONG, message: LONG, spin: Duration::from_micros(20) };

/// A folder that goes away with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("undertone-net-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn tls(folder: &Path, name: &str) -> Security {
    Security::tls(&folder.join("ca.pem"), &folder.join(format!("{name}.pem")), &folder.join(format!("{name}.key"))).unwrap()
}

/// Endpoints of these names: with TLS and one CA, or plain.
pub fn identities(names: &[&str], secure: bool) -> Vec<Identity> {
    if !secure {
        return names.iter().map(|name| Identity::new(name, Security::Loopback).unwrap()).collect();
    }
    let folder = Folder::new();
    certs::write(&folder.0, names).unwrap();
    names.iter().map(|name| Identity::new(name, tls(&folder.0, name)).unwrap()).collect()
}

pub fn listen(identity: &Identity) -> Listener {
    Listener::bind("127.0.0.1:0", identity).unwrap()
}

pub fn address(listener: &Listener) -> String {
    listener.local_address().to_string()
}

pub fn own(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Connects `b`, who dials `through`, to `a`, who listens.
pub fn link(a: &Listener, b: &Identity, a_name: &str, through: &str) -> (Link, Link) {
    scope(|scope| {
        let there = scope.spawn(|| dial(b, a_name, through, &LABEL, LONG).unwrap());
        let here = a.accept(&own(&[b.name()]), &LABEL, LONG).unwrap().remove(0);
        (here, there.join().unwrap())
    })
}

/// All these parties, connected with each other: party 0 first.
pub fn parties(count: usize, secure: bool, timeouts: Timeouts) -> Vec<Tcp> {
    let names: Vec<String> = (0..count).map(|k| format!("party{k}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = identities(&names, secure);
    let listeners: Vec<Listener> = all.iter().map(listen).collect();
    let addresses: Vec<String> = listeners.iter().map(address).collect();
    scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|me| {
                let (all, listeners, addresses, names) = (&all, &listeners, &addresses, &names);
                scope.spawn(move || {
                    let mut links: Vec<Option<Link>> =
                        (0..me).map(|k| Some(dial(&all[me], names[k], &addresses[k], &LABEL, LONG).unwrap())).collect();
                    links.push(None);
                    links.extend(listeners[me].accept(&own(&names[me + 1..]), &LABEL, LONG).unwrap().into_iter().map(Some));
                    Tcp::new(links, &timeouts)
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    })
}

/// Bytes that are easy to make and hard to guess.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

/// What happens to the bytes on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Pass,
    /// One bit of this byte of what comes next.
    Flip(usize),
    /// What comes next arrives twice.
    Repeat,
    /// What comes next never arrives.
    Swallow,
    /// One byte each 20 ms.
    Trickle,
    /// This many bytes pass, and then the line is cut.
    Cut(usize),
}

/// A line: who connects to its address gets through to another one, through what the test sets.
pub struct Spoiled {
    pub address: String,
    state: Arc<Mutex<Line>>,
}

impl Spoiled {
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(Line::Pass));
        let all = state.clone();
        std::thread::spawn(move || {
            for from in listener.incoming() {
                let (Ok(from), Ok(to)) = (from, TcpStream::connect(target)) else { return };
                for (mut from, mut to) in [(from.try_clone().unwrap(), to.try_clone().unwrap()), (to, from)] {
                    let state = all.clone();
                    to.set_nodelay(true).unwrap();
                    std::thread::spawn(move || {
                        forward(&mut from, &mut to, &state);
                        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    });
                }
            }
        });
        Self { address, state }
    }

    pub fn set(&self, line: Line) {
        *self.state.lock().unwrap() = line;
    }
}

fn forward(from: &mut TcpStream, to: &mut TcpStream, state: &Mutex<Line>) -> Option<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = from.read(&mut buffer).ok().filter(|n| *n > 0)?;
        let bytes = &mut buffer[..n];
        let line = {
            let mut state = state.lock().unwrap();
            match (*state, n) {
                (Line::Flip(at), n) if at >= n => {
                    *state = Line::Flip(at - n);
                    Line::Pass
                }
                (Line::Flip(_) | Line::Repeat | Line::Swallow, _) => return_to_pass(&mut state),
                (Line::Cut(at), n) if at >= n => {
                    *state = Line::Cut(at - n);
                    Line::Pass
                }
                (line, _) => line,
            }
        };
        match line {
            Line::Flip(at) if at < n => bytes[at] ^= 0x10,
            Line::Repeat => to.write_all(bytes).ok()?,
            Line::Swallow => continue,
            Line::Cut(at) => {
                to.write_all(&bytes[..at]).ok()?;
                return None;
            }
            Line::Trickle => {
                for byte in bytes.iter() {
                    to.write_all(&[*byte]).ok()?;
                    std::thread::sleep(Duration::from_millis(20));
                }
                continue;
            }
            Line::Pass | Line::Flip(_) => {}
        }
        to.write_all(bytes).ok()?;
    }
}

fn return_to_pass(state: &mut Line) -> Line {
    std::mem::replace(state, Line::Pass)
}
