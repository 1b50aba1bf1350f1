//! Somebody on the line: a proxy that passes on what two endpoints send, with one change.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to what is sent, once. Bytes and frames are counted over all connections in one direction, from who dials to who was dialed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    None,
    /// One bit of the byte with this number is another one.
    Flip(usize),
    /// Nothing after this byte comes through, but no connection ends.
    Swallow(usize),
    /// All connections end after this byte.
    Cut(usize),
    /// The frame of this number comes twice. Plain connections only.
    Repeat(usize),
    /// The frame of this number says that it has 2^31 bytes, with a checksum that is right. Plain connections only.
    Oversize(usize),
}

/// A proxy before one address.
pub struct Proxy {
    pub address: String,
    state: Arc<State>,
}

struct State {
    target: String,
    change: Change,
    /// Bytes so far, and frames so far, in the direction that is changed.
    bytes: AtomicUsize,
    frames: AtomicUsize,
    /// Whether the change concerns what comes back from who was dialed.
    back: bool,
    open: Mutex<Vec<TcpStream>>,
}

/// Bytes before the message of a frame on a plain connection.
const HEAD: usize = 16;

impl Proxy {
    /// A proxy before `target`; `back` is the direction from there to who dials.
    pub fn new(target: &str, change: Change, back: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (bytes, frames) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let state = Arc::new(State { target: target.to_owned(), change, bytes, frames, back, open: Mutex::default() });
        let of_thread = state.clone();
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let state = of_thread.clone();
                std::thread::spawn(move || state.connect(&caller));
            }
        });
        Self { address, state }
    }

    /// Bytes that went through in the direction that is changed.
    pub fn bytes(&self) -> usize {
        self.state.bytes.load(Ordering::SeqCst)
    }
}

impl State {
    fn connect(self: &Arc<Self>, caller: &TcpStream) {
        let Ok(target) = TcpStream::connect(&self.target) else { return };
        for stream in [caller, &target] {
            stream.set_nodelay(true).unwrap();
            self.open.lock().unwrap().push(stream.try_clone().unwrap());
        }
        let (from, to) = (target.try_clone().unwrap(), caller.try_clone().unwrap());
        let state = self.clone();
        let back = std::thread::spawn(move || state.pass(&from, &to, true));
        self.pass(caller, &target, false);
        let _ = back.join();
    }

    fn pass(&self, mut from: &TcpStream, to: &TcpStream, back: bool) {
        let mut bytes = vec![0; 1 << 16];
        let by_frame = matches!(self.change, Change::Repeat(_) | Change::Oversize(_));
        let mut rest: Vec<u8> = vec![];
        while let Ok(n @ 1..) = from.read(&mut bytes) {
            let passed = if back != self.back {
                write(to, &bytes[..n])
            } else if by_frame {
                rest.extend_from_slice(&bytes[..n]);
                self.frames(&mut rest, to)
            } else {
                self.bytes_to(&mut bytes[..n], to)
            };
            if !passed {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    fn bytes_to(&self, bytes: &mut [u8], to: &TcpStream) -> bool {
        let start = self.bytes.fetch_add(bytes.len(), Ordering::SeqCst);
        let within = |at: usize| (start..start + bytes.len()).contains(&at);
        match self.change {
            Change::Flip(at) if within(at) => bytes[at - start] ^= 1 << (at % 8),
            Change::Swallow(at) if start + bytes.len() > at => return write(to, &bytes[..at.saturating_sub(start)]),
            Change::Cut(at) if start + bytes.len() > at => {
                let _ = write(to, &bytes[..at.saturating_sub(start)]);
                self.open.lock().unwrap().iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
                return false;
            }
            _ => {}
        }
        write(to, bytes)
    }

    /// Passes on whole frames.
    fn frames(&self, rest: &mut Vec<u8>, to: &TcpStream) -> bool {
        while let Some(head) = rest.first_chunk::<HEAD>() {
            let length = u32::from_le_bytes(*head.first_chunk().unwrap()) as usize;
            if rest.len() < HEAD + length {
                break;
            }
            let mut frame: Vec<u8> = rest.drain(..HEAD + length).collect();
            let number = self.frames.fetch_add(1, Ordering::SeqCst);
            if self.change == Change::Oversize(number) {
                frame[..4].copy_from_slice(&(1u32 << 31).to_le_bytes());
                let check = crc32(&frame[..12]);
                frame[12..HEAD].copy_from_slice(&check.to_le_bytes());
            }
            let times = if self.change == Change::Repeat(number) { 2 } else { 1 };
            if !(0..times).all(|_| write(to, &frame)) {
                return false;
            }
        }
        true
    }
}

fn write(mut to: &TcpStream, bytes: &[u8]) -> bool {
    to.write_all(bytes).is_ok()
}

/// The checksum of frames, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }))
}
