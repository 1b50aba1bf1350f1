//! Tapes on disk: a dealer that is not there while the parties run.
//!
//! [`deal`] writes one folder for each party; each is carried to its party over a confidential channel, and the dealer forgets everything. A party runs with its
//! [`Folder`] in place of a dealer.
//!
//! ```text
//! party-0/dealing     which plan, party, batch, how many tapes, and this party's seed; written last: without it the dealing was not finished
//! party-0/claimed     the highest tape that was ever claimed
//! party-0/lock        held while a session uses the folder
//! party-0/weights     a digest of the masked weights that were sent under these tapes' masks; from the first run on
//! party-1/000001.tape the corrections of tape 1; only the last party has such files
//! ```
//!
//! The parties before the last need nothing but their seed: nothing of theirs can be missing or truncated but `dealing` itself, which carries a checksum.
//!
//! **A tape is used once.** It is claimed by one durable write, before its first byte is read; from then on it is dead, whatever happens, and its file is deleted.
//! Before every run the parties tell each other the highest tape that they have claimed, and use one above all of them. So a folder that was restored from a backup
//! goes on where its peer is. What this does not cover: *all* parties restored at once, or a folder that runs in two places, each with a copy of its peer's;
//! then masks are used twice. Keep the folders out of backups.
//!
//! **A dealing serves one set of weights**, which one party keeps to itself. That party and its peers remember a digest of what was sent under the set's masks
//! and refuse anything else. The peers say what they remember before the owner says anything: one whose folder has lost that memory to a backup, and who comes with
//! other weights, reveals nothing about them. Where nobody remembers, but tapes were used, they are used no more.

mod dealing;
mod durable;
mod folder;
mod format;
#[cfg(test)]
mod tests;

pub use dealing::deal;
pub use folder::Folder;
