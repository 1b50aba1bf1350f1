//! The dealer as a process: a port where groups of parties call, and a session for each group.

use super::service::{Limits, Wait, serve_waiting};
use crate::config::DealerConfig;
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::net::{Label, Link, Listener, Tcp};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How often a server that waits looks whether it should stop.
const TICK: Duration = Duration::from_millis(100);

/// Serves every group of parties that calls, a bounded number of them at once. Nothing is remembered from one session to the next, and nothing is on the disk.
pub struct Server {
    config: DealerConfig,
    limits: Limits,
    listener: Listener,
}

impl Server {
    /// Binds the port of a configuration, with its limits; parties that call from now on wait to be served.
    ///
    /// # Errors
    /// [`Error::Config`], or [`Error::Connect`] when the port cannot be had.
    pub fn bind(config: &DealerConfig) -> Result<Self> {
        let listener = config.listener()?;
        Ok(Self { config: config.clone(), limits: config.limits.service(), listener })
    }

    /// The same server, spending no more than this on a session.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.listener.local_address()
    }

    /// Serves until `stop` is set, then ends all sessions between two requests. `log` hears a line of text for each session that starts or ends, with nothing secret in
    /// it; sessions call it from threads of their own.
    ///
    /// # Errors
    /// When it can listen no more. What happens in a session ends that session only.
    pub fn run(&self, stop: &AtomicBool, log: &(dyn Fn(&str) + Sync)) -> Result<()> {
        let names = &self.config.participants.parties;
        let failed = |cause| Error::Connect { party: self.config.name().unwrap_or("the dealer").to_owned(), cause };
        let (busy, mut number, mut told) = (AtomicUsize::new(0), 0u64, false);
        std::thread::scope(|scope| {
            while !stop.load(Ordering::SeqCst) {
                if busy.load(Ordering::SeqCst) >= self.config.limits.sessions {
                    if !told {
                        log(&format!("{} sessions are served: others wait until one ends", self.config.limits.sessions));
                        told = true;
                    }
                    std::thread::sleep(TICK);
                    continue;
                }
                let next = self.listener.next_group(names, self.config.timeouts.connect, TICK).map_err(failed);
                let Some((label, links)) = next.inspect_err(|_| stop.store(true, Ordering::SeqCst))? else { continue };
                (number, told) = (number + 1, false);
                busy.fetch_add(1, Ordering::SeqCst);
                let leave = Leave(&busy);
                let session = move || {
                    let _leave = leave;
                    self.session(number, &label, links, stop, log);
                };
                if let Err(e) = std::thread::Builder::new().name(format!("session {number}")).spawn_scoped(scope, session) {
                    log(&format!("session {number} is refused: no thread for it: {e}"));
                }
            }
            Ok(())
        })
    }

    fn session(&self, number: u64, label: &Label, links: Vec<Link>, stop: &AtomicBool, log: &(dyn Fn(&str) + Sync)) {
        let called = u32::from_be_bytes([label[0], label[1], label[2], label[3]]);
        log(&format!("session {number} ({called:08x}) starts: {}", self.config.participants.parties.join(", ")));
        let (parties, timeouts) = (links.len(), self.config.timeouts);
        let mut transport = Tcp::new(links.into_iter().map(Some).collect(), &timeouts.of_net());
        let wait = Wait { idle: timeouts.idle, reader: Some(timeouts.prepare), stop: Some(stop) };
        match serve_waiting(&mut transport, parties, &mut Entropy::System, &mut |_| {}, &self.limits, &wait) {
            Ok(served) => {
                // links know endpoints by number only
                let names = self.config.participants.parties.iter().enumerate();
                let why = names.fold(served.why, |why, (k, name)| why.replace(&format!("endpoint {k} "), &format!("`{name}` ")));
                log(&format!("session {number} ends: {} tapes, {why}", served.tapes));
            }
            Err(e) => log(&format!("session {number} fails: {e}")),
        }
    }
}

/// Counts a session that is over, however it ended.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl core::fmt::Debug for Server {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Server[{}]", self.local_address())
    }
}
