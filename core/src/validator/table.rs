//! Compiled schemas: nodes that the validator follows while it reads a text.
//!
//! The schema compiler writes the tables. It merges everything that applies at one place of a document into one node,
//! references included, so that the validator is always at exactly one node.

use crate::json::bytes_equal;

/// A node's index in [`Program::nodes`].
pub type NodeId = u16;

/// The node of a schema that accepts everything.
pub const ANY: NodeId = 0;
/// The node of a schema that accepts nothing.
pub const NEVER: NodeId = 1;

/// Kinds of value, as bits. A number is [`INTEGER`] when it has no fraction, however it is written.
pub mod kind {
    /// `null`
    pub const NULL: u8 = 1;
    /// `true` or `false`
    pub const BOOLEAN: u8 = 2;
    /// An object.
    pub const OBJECT: u8 = 4;
    /// An array.
    pub const ARRAY: u8 = 8;
    /// A number without a fraction; `1.0` and `1e3` are such.
    pub const INTEGER: u8 = 16;
    /// A number with a fraction.
    pub const FRACTION: u8 = 32;
    /// A text.
    pub const STRING: u8 = 64;
    /// Every kind.
    pub const ALL: u8 = 127;
}

/// Compiled schemas. All data lives as long as the process.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The nodes, [`ANY`] and [`NEVER`] first.
    pub nodes: &'static [Node],
    /// The schemas by name.
    pub roots: &'static [(&'static str, NodeId)],
    /// The patterns.
    pub patterns: &'static [Pattern],
}

/// What one place of a document must be.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// What a form calls it; empty where the schema has no title.
    pub label: &'static str,
    /// The onboarding step that it belongs to, or empty.
    pub step: &'static str,
    /// The kinds that it may be.
    pub kinds: u8,
    /// The lengths at which every text of printable ASCII is valid, so that it needs no further check.
    pub plain_lengths: Lengths,
    /// The other rules, each for its own kind of value.
    pub checks: &'static [Check],
    /// Known members in the order of the schema: at most 64.
    pub properties: &'static [(&'static str, NodeId)],
    /// Bit `n` is set when member `n` is required.
    pub required: u64,
    /// The node of any other member.
    pub other: NodeId,
    /// The node of each item.
    pub items: NodeId,
}

/// Lengths of texts in characters.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// The fewest.
    pub least: u32,
    /// The most.
    pub most: u32,
}

impl Lengths {
    /// Whether a text may have this length.
    #[inline]
    pub(super) fn contains(self, length: usize) -> bool {
        length >= self.least as usize && length <= self.most as usize
    }
}

/// One rule.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// The fewest characters.
    MinLength(usize),
    /// The most characters.
    MaxLength(usize),
    /// A pattern that the text must match, by its index in [`Program::patterns`].
    Pattern(usize),
    /// An RFC 3339 date and time.
    DateTime,
    /// The smallest number, as it stands in the schema.
    Minimum(&'static str),
    /// The largest number.
    Maximum(&'static str),
    /// What a number must be above.
    ExclusiveMinimum(&'static str),
    /// What a number must be below.
    ExclusiveMaximum(&'static str),
    /// The fewest items.
    MinItems(usize),
    /// The most items.
    MaxItems(usize),
    /// No item twice.
    UniqueItems,
    /// One of these values.
    OneOf(Choice),
    /// This value.
    Const(Choice),
}

/// Values to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Those that are texts.
    pub texts: &'static [&'static str],
    /// The others, each in the form that [`super::canonical`] gives.
    pub others: &'static [&'static str],
}

/// A regular expression as an automaton over UTF-8 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// The code of the violation when it does not match.
    pub code: &'static str,
    /// The message of that violation, as the end of a sentence that begins with the label.
    pub message: &'static str,
    /// Whether it matches every text of printable ASCII characters, so that such a text need not be searched.
    pub accepts_plain: bool,
    /// The class of each byte.
    pub classes: &'static [u8],
    /// The number of classes.
    pub width: usize,
    /// The row of the next state, by row and class. A row begins at a multiple of the width: the first row is the state
    /// that can no longer match, the second the state that has matched, the third the start.
    pub next: &'static [u16],
    /// Whether the pattern matches when the text ends in a state, by the state's number.
    pub ends: &'static [bool],
}

impl Program {
    /// The node with this id. An unknown id, which compiled tables do not have, accepts nothing.
    #[inline]
    pub(super) fn node(&self, id: NodeId) -> &'static Node {
        static REFUSES: Node = Node {
            label: "",
            step: "",
            kinds: 0,
            plain_lengths: Lengths { least: 1, most: 0 },
            checks: &[],
            properties: &[],
            required: 0,
            other: NEVER,
            items: NEVER,
        };
        self.nodes.get(usize::from(id)).unwrap_or(&REFUSES)
    }

    /// The schema with this name.
    pub fn root(&self, name: &str) -> Option<NodeId> {
        self.roots.iter().find(|(root, _)| *root == name).map(|(_, node)| *node)
    }
}

impl Node {
    /// The index and node of the member with this name. Most documents have the order of the schema, so the search
    /// begins at `expected`.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub(super) fn property(&self, name: &[u8], expected: usize) -> Option<(usize, NodeId)> {
        let numbered = || self.properties.iter().enumerate();
        let mut found = numbered().skip(expected).chain(numbered().take(expected));
        found
            .find(|(_, (known, _))| bytes_equal(known.as_bytes(), name))
            .map(|(number, (_, node))| (number, *node))
    }
}

impl Pattern {
    /// Whether the pattern matches `text`. Reads each byte once.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let mut row = 2 * self.width;
        for &byte in text {
            let class = self.classes.get(usize::from(byte)).map_or(0, |class| usize::from(*class));
            row = self.next.get(row.wrapping_add(class)).map_or(0, |next| usize::from(*next));
            if row <= self.width {
                return row == self.width;
            }
        }
        self.ends.get(row / self.width).is_some_and(|end| *end)
    }
}
