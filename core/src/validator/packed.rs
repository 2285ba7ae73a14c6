//! Unpacks the tables from bytes when they are first needed.
//!
//! As Rust structs the tables would be mostly pointers and lengths, three times as large in the browser bundle. A
//! number is LEB128; texts and lists begin with their length. The schema compiler writes them
//! (`schema-compiler/src/emit.rs`), and a test of it holds the two together.

use super::table::{Check, Choice, Lengths, Node, NodeId, Pattern, Program};

/// Unpacks a program. Its data lives as long as the process. Bytes that the compiler did not write give a meaningless
/// program, without a panic.
pub fn unpack(bytes: &'static [u8]) -> Program {
    let mut packed = Packed(bytes);
    Program {
        nodes: packed.list(Packed::node),
        roots: packed.list(|packed| (packed.text(), packed.id())),
        patterns: packed.list(Packed::pattern),
    }
}

/// The bytes that are left to read.
struct Packed(&'static [u8]);

impl Packed {
    fn number(&mut self) -> usize {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let Some((byte, rest)) = self.0.split_first() else { break };
            self.0 = rest;
            number |= usize::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                break;
            }
        }
        number
    }

    fn bytes(&mut self) -> &'static [u8] {
        let length = self.number();
        let (bytes, rest) = self.0.split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        bytes
    }

    fn text(&mut self) -> &'static str {
        str::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> T) -> &'static [T] {
        let items: Vec<T> = (0..self.number()).map(|_| item(self)).collect();
        items.leak()
    }

    /// A number of a smaller type, in which every such number fits.
    fn small<T: TryFrom<usize> + Default>(&mut self) -> T {
        T::try_from(self.number()).unwrap_or_default()
    }

    fn id(&mut self) -> NodeId {
        self.small()
    }

    fn node(&mut self) -> Node {
        let (label, step, kinds) = (self.text(), self.text(), self.small());
        let plain_lengths = Lengths { least: self.small(), most: self.small() };
        let checks = self.list(Self::check);
        let members = self.list(|packed| (packed.text(), packed.id(), packed.number()));
        let required = members.iter().rev().fold(0, |bits, (.., is)| bits << 1 | *is as u64);
        let properties: Vec<_> = members.iter().map(|(name, id, _)| (*name, *id)).collect();
        let (other, items) = (self.id(), self.id());
        Node {
            label,
            step,
            kinds,
            plain_lengths,
            checks,
            properties: properties.leak(),
            required,
            other,
            items,
        }
    }

    fn check(&mut self) -> Check {
        match self.number() {
            0 => Check::MinLength(self.number()),
            1 => Check::MaxLength(self.number()),
            2 => Check::Pattern(self.number()),
            3 => Check::DateTime,
            4 => Check::Minimum(self.text()),
            5 => Check::Maximum(self.text()),
            6 => Check::ExclusiveMinimum(self.text()),
            7 => Check::ExclusiveMaximum(self.text()),
            8 => Check::MinItems(self.number()),
            9 => Check::MaxItems(self.number()),
            10 => Check::UniqueItems,
            11 => Check::OneOf(self.choice()),
            _ => Check::Const(self.choice()),
        }
    }

    fn choice(&mut self) -> Choice {
        Choice { texts: self.list(Self::text), others: self.list(Self::text) }
    }

    fn pattern(&mut self) -> Pattern {
        let (code, message, accepts_plain) = (self.text(), self.text(), self.number() != 0);
        let (classes, width) = (self.bytes(), self.number());
        // Packed as the state's number, which is one byte for most.
        let next = self.list(|packed| (packed.number() * width) as u16);
        let ends = self.list(|packed| packed.number() != 0);
        Pattern { code, message, accepts_plain, classes, width, next, ends }
    }
}
