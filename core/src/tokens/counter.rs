//! Counts tokens: byte-pair encoding of each piece of a text.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::pieces::Pieces;
use super::table::Table;

/// A piece of at most so many bytes is searched for its next merge from end to end. For longer ones a heap is faster, and
/// keeps a run of 200,000 equal letters from taking quadratic time.
const SHORT_PIECE: usize = 96;
/// The longest token of cl100k, 128 spaces, in bytes.
const LONGEST_TOKEN: usize = 128;

/// Counts the tokens of texts by one table. Keeps its working memory, so use one counter for many texts.
#[derive(Debug)]
pub struct Counter<'t> {
    table: &'t Table,
    parts: Vec<Part>,
    queue: BinaryHeap<Reverse<(u32, usize)>>,
}

/// A token of a piece that is being encoded.
#[derive(Debug, Clone, Copy)]
struct Part {
    token: u32,
    /// What it merges into with the next part; [`NOTHING`] if they do not merge.
    merged: u32,
    /// Used for long pieces: the places of the parts before and after.
    before: usize,
    after: usize,
}

const NOTHING: u32 = u32::MAX;

impl<'t> Counter<'t> {
    /// A counter by `table`.
    #[must_use]
    pub fn new(table: &'t Table) -> Self {
        Self { table, parts: Vec::new(), queue: BinaryHeap::new() }
    }

    /// The table that it counts by.
    #[must_use]
    pub fn table(&self) -> &'t Table {
        self.table
    }

    /// The tokens of a text: exact with [`super::exact`], and with [`super::at_most`] never too few.
    pub fn count(&mut self, text: &str) -> u32 {
        self.count_up_to(text, u32::MAX).unwrap_or(u32::MAX)
    }

    /// The tokens of a text, or `None` as soon as there are more than `limit`. Costs no more than counting `limit` tokens.
    pub fn count_up_to(&mut self, text: &str, limit: u32) -> Option<u32> {
        let mut left = limit;
        for piece in Pieces::new(self.table, text) {
            let least = u32::try_from(piece.len().div_ceil(LONGEST_TOKEN)).ok()?;
            if least > left {
                return None;
            }
            left = left.checked_sub(self.count_piece(piece.as_bytes()))?;
        }
        Some(limit - left)
    }

    fn count_piece(&mut self, piece: &[u8]) -> u32 {
        let count = match piece.len() {
            length @ 0..=1 => length,
            2..=SHORT_PIECE => self.merge_short(piece),
            _ => self.merge_long(piece),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn split(&mut self, piece: &[u8]) {
        let next = piece.iter().skip(1).copied().map(Some).chain([None]);
        let table = self.table;
        self.parts.clear();
        self.parts.extend(piece.iter().zip(next).enumerate().map(|(at, (byte, next))| Part {
            token: u32::from(*byte),
            merged: next.and_then(|next| table.merged(u32::from(*byte), u32::from(next))).unwrap_or(NOTHING),
            before: at.wrapping_sub(1),
            after: at + 1,
        }));
    }

    fn merge_short(&mut self, piece: &[u8]) -> usize {
        self.split(piece);
        loop {
            let merges = self.parts.iter().map(|part| part.merged).enumerate();
            // The first of several equal ones, as in `aaa`.
            let Some((at, token)) = merges.min_by_key(|(_, merged)| *merged) else { return 0 };
            if token == NOTHING {
                return self.parts.len();
            }
            let after = self.parts.get(at + 2).map_or(NOTHING, |next| self.merged(token, next.token));
            if let Some(part) = self.parts.get_mut(at) {
                (part.token, part.merged) = (token, after);
            }
            self.parts.remove(at + 1);
            if let Some(before) =
                at.checked_sub(1).and_then(|before| self.parts.get(before).map(|part| (before, part.token)))
            {
                let merged = self.merged(before.1, token);
                if let Some(part) = self.parts.get_mut(before.0) {
                    part.merged = merged;
                }
            }
        }
    }

    fn merge_long(&mut self, piece: &[u8]) -> usize {
        self.split(piece);
        let mut count = self.parts.len();
        let merges = self.parts.iter().map(|part| part.merged).enumerate();
        self.queue.extend(
            merges.filter(|(_, merged)| *merged != NOTHING).map(|(at, merged)| Reverse((merged, at))),
        );
        while let Some(Reverse((token, at))) = self.queue.pop() {
            // An entry of an earlier state. A part that was merged into another has no merge any more.
            let Some(part) = self.parts.get(at).copied().filter(|part| part.merged == token) else {
                continue;
            };
            let Some(gone) = self.parts.get_mut(part.after) else { continue };
            gone.merged = NOTHING;
            let after = gone.after;
            count -= 1;
            if let Some(part) = self.parts.get_mut(at) {
                (part.token, part.after) = (token, after);
            }
            let next = self.parts.get_mut(after).map(|next| {
                next.before = at;
                next.token
            });
            self.set_merge(at, token, next);
            if let Some(before) = self.parts.get(part.before).map(|before| before.token) {
                self.set_merge(part.before, before, Some(token));
            }
        }
        count
    }

    /// Records what the part at a place merges into with the next one.
    fn set_merge(&mut self, at: usize, token: u32, next: Option<u32>) {
        let merged = next.map_or(NOTHING, |next| self.merged(token, next));
        if let Some(part) = self.parts.get_mut(at) {
            part.merged = merged;
        }
        if merged != NOTHING {
            self.queue.push(Reverse((merged, at)));
        }
    }

    fn merged(&self, left: u32, right: u32) -> u32 {
        self.table.merged(left, right).unwrap_or(NOTHING)
    }
}

#[cfg(test)]
#[path = "counter_tests.rs"]
mod tests;
