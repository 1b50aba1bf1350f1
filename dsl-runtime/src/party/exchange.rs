//! A round among the parties: every message to everybody, or block by block through kings.

use super::Session;
use crate::error::Result;
use crate::protocol::Segment;
use crate::protocol::king::{Wires, add, block, block_length, cut, paste};

/// The memory of rounds through kings.
#[derive(Default)]
pub(super) struct Blocks {
    /// What goes to each king; this party's own place holds the block that it puts together.
    own: Vec<Vec<u8>>,
}

impl Session {
    /// One round of a protocol. Leaves this party's message in `own` and those of its peers in `self.peers`, or, where it goes through kings, the sum of all in `own` and
    /// nothing in `self.peers`; says how many simultaneous exchanges that took, and how many bytes this party sent.
    pub(super) fn round(&mut self, stage: &str, wires: Wires, message: &[Segment], own: &mut [u8]) -> Result<(u64, u64)> {
        if !wires.kings(message) {
            self.exchange(stage, own)?;
            return Ok((1, (own.len() * (wires.parties - 1)) as u64));
        }
        let me = self.seat()?.party;
        let blocks: Vec<_> = (0..wires.parties).map(|king| block(message, wires.parties, king)).collect();
        self.blocks.own.resize_with(wires.parties, Vec::new);
        for (block, out) in blocks.iter().zip(&mut self.blocks.own) {
            out.clear();
            cut(block, own, out);
        }
        let mine = block_length(&blocks[me]);
        let (links, peers, parts) = (&mut self.links, &mut self.peers, &mut self.blocks.own);
        links.exchange_each(&|king| &parts[king], &|_| mine, peers, stage)?;
        for peer in peers.iter() {
            add(&blocks[me], &mut parts[me], peer);
        }
        links.exchange_each(&|_| &parts[me], &|king| block_length(&blocks[king]), peers, stage)?;
        paste(&blocks[me], &parts[me], own);
        for (k, peer) in peers.iter_mut().enumerate() {
            paste(&blocks[k + usize::from(k >= me)], peer, own);
            peer.clear();
        }
        Ok((2, (own.len() - mine + (wires.parties - 1) * mine) as u64))
    }
}
