//! Who has called and waits for an answer. A call is answered when everybody that the session needs has called, so that who is answered can start at once; who gives up
//! while waiting is noticed before a set is taken for whole.

use crate::Label;
use crate::conn::Conn;
use crate::dial::Link;
use crate::preamble::{Answer, Direction, Preamble};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Calls that wait at the same time, from all endpoints and from one.
const MOST: usize = 256;
const MOST_OF_ONE: usize = 32;
/// Notes that are kept of callers that were turned away.
const NOTES: usize = 4;

/// One call: both of its connections, as soon as they are there.
struct Call {
    from: String,
    label: Label,
    attempt: [u8; 8],
    /// When its first connection came, or, for a whole one, its second.
    since: Instant,
    outgoing: Option<Conn>,
    incoming: Option<Conn>,
}

/// The calls that wait.
#[derive(Default)]
pub(crate) struct Pool {
    calls: Vec<Call>,
    notes: VecDeque<String>,
}

impl Call {
    fn is_whole(&self) -> bool {
        self.outgoing.is_some() && self.incoming.is_some()
    }

    fn is_of(&self, label: &Label, name: &str) -> bool {
        self.label == *label && self.from == name
    }

    /// Whether nothing is known that speaks against its being there.
    fn is_alive(&self) -> bool {
        [&self.outgoing, &self.incoming].into_iter().flatten().all(Conn::is_quiet)
    }

    fn tell(&mut self, answer: &Answer) {
        for conn in [&mut self.outgoing, &mut self.incoming].into_iter().flatten() {
            let _ = answer.tell(conn); // who is gone needs no answer; who is not will see the end of the connection
        }
    }
}

impl Pool {
    /// Adds a connection. Its call, once whole, takes the place of earlier ones of the same endpoint and session: those were given up, or come from a process that
    /// should not be there.
    ///
    /// # Errors
    /// The connection, and what to answer.
    pub fn put(&mut self, preamble: Preamble, conn: Conn) -> Result<(), (Conn, Answer)> {
        let Preamble { direction, label, attempt, from, .. } = preamble;
        let at = match self.calls.iter().position(|c| c.attempt == attempt && c.is_of(&label, &from)) {
            Some(at) => at,
            None if self.calls.len() >= MOST || self.calls.iter().filter(|c| c.from == from).count() >= MOST_OF_ONE => {
                return Err((conn, Answer::Later("too many callers are waiting".into())));
            }
            None => {
                self.calls.push(Call { from: from.clone(), label, attempt, since: Instant::now(), outgoing: None, incoming: None });
                self.calls.len() - 1
            }
        };
        let call = &mut self.calls[at];
        let place = match direction {
            Direction::Out => &mut call.incoming,
            Direction::In => &mut call.outgoing,
        };
        if place.is_some() {
            return Err((conn, Answer::Refused("this connection was made before".into())));
        }
        *place = Some(conn);
        if call.is_whole() {
            call.since = Instant::now();
            self.refuse(|c| {
                let older = c.attempt != attempt && c.is_of(&label, &from);
                older.then(|| "a newer call in the same name takes the place of this one; is the program running twice?".to_owned())
            });
        }
        Ok(())
    }

    /// Forgets calls whose second connection does not come, and those that were given up.
    pub fn sweep(&mut self, half: Duration) {
        self.calls.retain(|c| c.is_alive() && (c.is_whole() || c.since.elapsed() < half));
    }

    /// Answers no to the calls for which there is a reason, and forgets them.
    pub fn refuse(&mut self, mut reason: impl FnMut(&Refusable<'_>) -> Option<String>) {
        let mut notes = Vec::new();
        self.calls.retain_mut(|call| {
            let view = Refusable { from: &call.from, label: &call.label, attempt: call.attempt, whole: call.is_whole() };
            let Some(reason) = reason(&view) else { return true };
            notes.push(format!("`{}`: {reason}", call.from));
            call.tell(&Answer::Refused(reason));
            false
        });
        for text in notes {
            self.note(text);
        }
    }

    /// The links to all of these, accepted, if all of them wait under this label.
    pub fn take(&mut self, names: &[String], label: &Label) -> Option<Vec<Link>> {
        if names.iter().any(|name| !self.has(name, label)) {
            return None;
        }
        let mut links = Vec::new();
        for name in names {
            let at = self.calls.iter().position(|c| c.is_whole() && c.is_of(label, name))?;
            let mut call = self.calls.swap_remove(at);
            call.tell(&Answer::Accepted);
            links.push(Link { peer: call.from, outgoing: call.outgoing?, incoming: call.incoming? });
        }
        Some(links)
    }

    /// Whether this endpoint has called for this session.
    pub fn has(&self, name: &str, label: &Label) -> bool {
        self.calls.iter().any(|c| c.is_whole() && c.is_of(label, name))
    }

    /// The sessions that somebody waits for, who waits longest first.
    pub fn labels(&self) -> Vec<Label> {
        let mut whole: Vec<&Call> = self.calls.iter().filter(|c| c.is_whole()).collect();
        whole.sort_by_key(|c| c.since);
        let mut labels = Vec::new();
        for call in whole {
            if !labels.contains(&call.label) {
                labels.push(call.label);
            }
        }
        labels
    }

    /// The label under which somebody waits for longer than this.
    pub fn overdue(&self, hold: Duration) -> Option<Label> {
        self.calls.iter().find(|c| c.is_whole() && c.since.elapsed() >= hold).map(|c| c.label)
    }

    /// Keeps a note of a caller that was turned away.
    pub fn note(&mut self, text: String) {
        if self.notes.len() == NOTES {
            self.notes.pop_front();
        }
        self.notes.push_back(text);
    }

    /// The notes so far.
    pub fn take_notes(&mut self) -> Vec<String> {
        self.notes.drain(..).collect()
    }

    /// Ends all that wait.
    pub fn clear(&mut self) {
        self.calls.clear();
    }
}

/// What a reason to refuse a call may depend on.
pub(crate) struct Refusable<'a> {
    pub from: &'a str,
    pub label: &'a Label,
    attempt: [u8; 8],
    pub whole: bool,
}

impl Refusable<'_> {
    fn is_of(&self, label: &Label, name: &str) -> bool {
        self.label == label && self.from == name
    }
}
