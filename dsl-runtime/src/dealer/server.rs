//! The dealer as a process: it waits for groups of parties and serves each on a thread of its own.

use super::service::{Limits, serve_limited};
use crate::config::DealerConfig;
use crate::error::{Error, Result};
use crate::net::{Link, Listener, NetError, Tcp};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How often a server looks whether it should stop, and whether there is room for another session.
const LOOK: Duration = Duration::from_millis(200);

/// A dealer that listens.
pub struct Server {
    config: DealerConfig,
    listener: Listener,
}

impl Server {
    /// Binds the dealer's port.
    ///
    /// # Errors
    /// As [`DealerConfig::check`], and when the port cannot be had.
    pub fn bind(config: &DealerConfig) -> Result<Self> {
        Ok(Self { config: config.clone(), listener: config.listener()? })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_address()
    }

    /// Serves sessions, as many at a time as the configuration allows, until `stop` is set and the sessions that run have ended. `tell` hears what happens, in words that
    /// hold no secret.
    ///
    /// # Errors
    /// When the listener fails. A session that fails is told, and the others go on.
    pub fn serve(&self, stop: &AtomicBool, tell: &(dyn Fn(&str) + Sync)) -> Result<()> {
        let (parties, limits) = (&self.config.participants.parties, &self.config.limits);
        let busy = AtomicUsize::new(0);
        let failed = |cause: NetError| Error::Connect { party: format!("the dealer on {}", self.address()), cause };
        std::thread::scope(|scope| {
            let mut number = 0u64;
            while !stop.load(Ordering::SeqCst) {
                if busy.load(Ordering::SeqCst) >= limits.sessions {
                    std::thread::sleep(LOOK);
                    continue;
                }
                let Some((_, links)) = self.listener.next_group(parties, self.config.timeouts.connect, LOOK).map_err(failed)? else {
                    continue;
                };
                number += 1;
                busy.fetch_add(1, Ordering::SeqCst);
                let busy = &busy;
                scope.spawn(move || {
                    tell(&format!("session {number} with {} has begun", parties.join(" and ")));
                    match self.session(links) {
                        Ok(()) => tell(&format!("session {number} has ended")),
                        Err(e) => tell(&format!("session {number} has failed: {e}")),
                    }
                    busy.fetch_sub(1, Ordering::SeqCst);
                });
            }
            Ok(())
        })
    }

    fn session(&self, links: Vec<Link>) -> Result<()> {
        let parties = links.len();
        let mut transport = Tcp::new(links.into_iter().map(Some).collect(), &self.config.timeouts.of_net());
        serve_limited(&mut transport, parties, &Limits::default())
    }
}

impl core::fmt::Debug for Server {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Server[{}]", self.address())
    }
}
