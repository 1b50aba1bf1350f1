//! Being called: a port at which later endpoints connect. Strangers get a short time, little memory and no attention of those who have proved who they are.

use crate::conn::{Conn, Fault};
use crate::dial::Link;
use crate::identity::{Identity, explain, valid_for};
use crate::pool::Pool;
use crate::preamble::{Answer, LONGEST, Preamble};
use crate::socket::Wait;
use crate::tls::Session;
use crate::{Label, NetError, check_name};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a caller may take to prove who it is and to say what it wants.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Callers that have not said yet who they are. One more, and the one that is at it longest has to go: an honest one needs milliseconds.
const STRANGERS: usize = 64;
/// How often somebody who waits looks at the clock.
const TICK: Duration = Duration::from_millis(100);

/// A port at which this endpoint is called. It listens from the moment it is made: who calls before [`Listener::accept`] waits.
pub struct Listener {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// One at a time looks who has called.
    turn: Mutex<()>,
}

struct Shared {
    identity: Identity,
    handshake: Duration,
    pool: Mutex<Pool>,
    changed: Condvar,
    strangers: Mutex<VecDeque<(u64, TcpStream)>>,
    threads: AtomicUsize,
    closed: AtomicBool,
}

impl Listener {
    /// Listens on `address` (`host:port`; port 0 lets the system choose).
    ///
    /// # Errors
    /// When the address is none, is in use, or (without TLS) can be reached from other machines.
    pub fn bind(address: &str, identity: &Identity) -> Result<Self, NetError> {
        Self::bind_with(address, identity, HANDSHAKE)
    }

    /// As [`Listener::bind`]; callers get this long to prove who they are.
    ///
    /// # Errors
    /// As [`Listener::bind`].
    pub fn bind_with(address: &str, identity: &Identity, handshake: Duration) -> Result<Self, NetError> {
        let wrong = |e: std::io::Error| NetError::Listen {
            address: address.to_owned(),
            message: match e.kind() {
                ErrorKind::AddrInUse => "the address is in use: is this endpoint running already, or another program there?".into(),
                ErrorKind::AddrNotAvailable => "this machine has no such address".into(),
                ErrorKind::InvalidInput => "this is no address; write HOST:PORT".into(),
                _ => e.to_string(),
            },
        };
        let addresses: Vec<SocketAddr> = address.to_socket_addrs().map_err(wrong)?.collect();
        if identity.tls().is_none() && addresses.iter().any(|a| !a.ip().to_canonical().is_loopback()) {
            return Err(NetError::NotLoopback { address: address.to_owned() });
        }
        let listener = TcpListener::bind(&*addresses).map_err(wrong)?;
        let local = listener.local_addr().map_err(wrong)?;
        let shared = Arc::new(Shared {
            identity: identity.clone(),
            handshake,
            pool: Mutex::default(),
            changed: Condvar::new(),
            strangers: Mutex::default(),
            threads: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        });
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new().name("listener".into()).spawn(move || of_thread.serve(&listener)).map_err(wrong)?;
        Ok(Self { address: local, shared, thread: Some(thread), turn: Mutex::new(()) })
    }

    /// Where it listens, with the port that the system chose.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// The links to all of `names`, in their order, once all have called for the session of this label. Until then nobody is answered; who calls in another name, or for
    /// another session, is refused.
    ///
    /// # Errors
    /// When somebody has not called in time; all are named, and those who have called are told. When two names are the same, and when this endpoint
    /// listens no more.
    pub fn accept(&self, names: &[String], label: &Label, timeout: Duration) -> Result<Vec<Link>, NetError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        distinct(names)?;
        let until = Wait::new(timeout, Duration::ZERO).until;
        let mut pool = self.shared.pool();
        loop {
            self.is_listening()?;
            pool.sweep(self.shared.handshake);
            pool.refuse(|call| {
                if !names.iter().any(|name| name == call.from) {
                    return Some(unexpected(names));
                }
                (call.label != label).then(|| {
                    "this endpoint is in another session: the labels differ; compare topology, parties and clients in both deployments"
                        .to_owned()
                })
            });
            if let Some(links) = pool.take(names, label) {
                return Ok(links);
            }
            if Instant::now() >= until {
                let missing: Vec<String> = names.iter().filter(|name| !pool.has(name, label)).cloned().collect();
                let turned_away = pool.take_notes();
                pool.refuse(|_| Some(format!("{} did not call in time", missing.join(", "))));
                pool.take_notes();
                return Err(NetError::Missing { names: missing, address: self.address, seconds: timeout.as_secs(), turned_away });
            }
            pool = self.shared.wait(pool, until);
        }
    }

    /// The next set of links to all of `names`, in their order, under whichever label they have called; `None` if there is none within `wait`. Many sessions can be under
    /// way at the same time. A set that is not whole `hold` after its first call is refused.
    ///
    /// # Errors
    /// When two names are the same, and when this endpoint listens no more.
    pub fn next_group(&self, names: &[String], hold: Duration, wait: Duration) -> Result<Option<(Label, Vec<Link>)>, NetError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        distinct(names)?;
        let until = Wait::new(wait, Duration::ZERO).until;
        let mut pool = self.shared.pool();
        loop {
            self.is_listening()?;
            pool.sweep(self.shared.handshake);
            pool.refuse(|call| (!names.iter().any(|name| name == call.from)).then(|| unexpected(names)));
            for label in pool.labels() {
                if let Some(links) = pool.take(names, &label) {
                    return Ok(Some((label, links)));
                }
            }
            while let Some(label) = pool.overdue(hold) {
                let missing: Vec<&str> = names.iter().filter(|name| !pool.has(name, &label)).map(String::as_str).collect();
                let reason = format!("{} did not call within {} s", missing.join(", "), hold.as_secs());
                pool.refuse(|call| (call.whole && *call.label == label).then(|| reason.clone()));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            pool = self.shared.wait(pool, until);
        }
    }
}

impl Listener {
    /// Nobody would ever come if the thread had died.
    fn is_listening(&self) -> Result<(), NetError> {
        match &self.thread {
            Some(thread) if !thread.is_finished() => Ok(()),
            _ => Err(NetError::Listen { address: self.address.to_string(), message: "its thread has ended; bind it again".into() }),
        }
    }
}

fn distinct(names: &[String]) -> Result<(), NetError> {
    for (k, name) in names.iter().enumerate() {
        check_name(name)?;
        if names[..k].contains(name) {
            return Err(NetError::Name { name: name.clone(), message: "two endpoints have it".into() });
        }
    }
    Ok(())
}

fn unexpected(names: &[String]) -> String {
    format!("it is not among those that are expected here: {}", names.join(", "))
}

impl Drop for Listener {
    /// Stops listening, and ends all that wait for an answer.
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // the thread sits in `accept`, out of which only a call gets it
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let woken = TcpStream::connect_timeout(&SocketAddr::new(ip, self.address.port()), Duration::from_millis(500)).is_ok();
        if let (Some(thread), true) = (self.thread.take(), woken) {
            let _ = thread.join();
        }
        self.shared.pool().clear();
    }
}

/// The place of a caller among the strangers; it is free again however the thread ends.
struct Stranger {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.shared.strangers().retain(|(number, _)| *number != self.number);
        self.shared.threads.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until somebody has called, or it is time to look at the clock.
    fn wait<'a>(&self, pool: MutexGuard<'a, Pool>, until: Instant) -> MutexGuard<'a, Pool> {
        let left = until.saturating_duration_since(Instant::now()).min(TICK);
        self.changed.wait_timeout(pool, left).unwrap_or_else(PoisonError::into_inner).0
    }

    fn serve(self: &Arc<Self>, listener: &TcpListener) {
        for (number, stream) in (0..).zip(listener.incoming()) {
            if self.closed.load(Ordering::SeqCst) {
                return;
            }
            match stream {
                Ok(stream) => self.admit(number, stream),
                Err(_) => std::thread::sleep(TICK), // out of descriptors, perhaps: some become free
            }
        }
    }

    /// A thread for each caller, a bounded number of them.
    fn admit(self: &Arc<Self>, number: u64, stream: TcpStream) {
        let Ok(handle) = stream.try_clone() else { return };
        {
            let mut strangers = self.strangers();
            if strangers.len() >= STRANGERS {
                let oldest = strangers.pop_front();
                let _ = oldest.map(|(_, stream)| stream.shutdown(std::net::Shutdown::Both));
            }
            strangers.push_back((number, handle));
        }
        // those that had to go need a moment to notice
        let full = self.threads.fetch_add(1, Ordering::SeqCst) >= 2 * STRANGERS;
        let stranger = Stranger { shared: self.clone(), number };
        if !full {
            // without a thread, the caller is gone as it would be if there were too many
            let _ = std::thread::Builder::new().name("caller".into()).spawn(move || stranger.shared.greet(stream));
        }
    }

    fn strangers(&self) -> MutexGuard<'_, VecDeque<(u64, TcpStream)>> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who calls, and what for: it waits in the pool from then on, or is told why not.
    fn greet(&self, stream: TcpStream) {
        let Ok(address) = stream.peer_addr() else { return };
        if let Err(why) = self.hear(stream, address) {
            self.pool().note(format!("{address}: {why}"));
        }
    }

    fn hear(&self, stream: TcpStream, address: SocketAddr) -> Result<(), String> {
        let wait = Wait::new(self.handshake, Duration::ZERO);
        let tls = self.identity.tls();
        if tls.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err("plain TCP from another machine".into());
        }
        let describe = |fault| match fault {
            Fault::Closed => "it closed the connection before it said who it is".into(),
            Fault::Stalled => format!("it did not say who it is within {} s", self.handshake.as_secs_f32()),
            Fault::Tls(e) => explain(&e, "this endpoint"),
            Fault::Corrupt(what) => what,
            Fault::Length { found, .. } => format!("it starts with a message of {found} bytes, which is too long to say who it is"),
        };
        let session = tls.map(Session::server).transpose().map_err(|e| explain(&e, "this endpoint"))?;
        let mut conn = Conn::new(stream, session, &wait).map_err(describe)?;
        let mut bytes = Vec::new();
        let preamble = match conn.receive(LONGEST, &mut bytes, &wait) {
            Ok(()) => Preamble::decode(&bytes).and_then(|preamble| self.check(&preamble, &conn).map(|()| preamble)),
            // a session of TLS in which something went wrong says no more
            Err(fault) if tls.is_some() => return Err(describe(fault)),
            Err(fault) => Err(describe(fault)),
        };
        let refused = match preamble {
            Err(reason) => (conn, Answer::Refused(reason)),
            Ok(_) if self.closed.load(Ordering::SeqCst) => return Ok(()),
            Ok(preamble) => {
                let mut pool = self.pool();
                pool.sweep(self.handshake); // nobody else may be looking
                match pool.put(preamble, conn) {
                    Ok(()) => {
                        self.changed.notify_all();
                        return Ok(());
                    }
                    Err(refused) => refused,
                }
            }
        };
        let (mut conn, answer) = refused;
        let _ = answer.tell(&mut conn); // a stranger that does not listen
        let (Answer::Refused(reason) | Answer::Later(reason)) = answer else { return Ok(()) };
        Err(reason)
    }

    /// Whether the caller means this endpoint and may use the name that it gives.
    fn check(&self, preamble: &Preamble, conn: &Conn) -> Result<(), String> {
        let own = self.identity.name();
        if preamble.to != own {
            return Err(format!("`{}` was called, but this is `{own}`; compare the addresses", preamble.to));
        }
        if preamble.from == own {
            return Err(format!("the caller has the name of this endpoint, `{own}`"));
        }
        if let Some(session) = conn.session() {
            let certificate = session.peer_certificate().ok_or("it shows no certificate")?;
            valid_for(certificate, &preamble.from).map_err(|e| explain(&e, &preamble.from))?;
        }
        Ok(())
    }
}
