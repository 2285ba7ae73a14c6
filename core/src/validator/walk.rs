//! The engine: one pass over the text that checks while it reads.

mod checks;

use std::borrow::Cow;

use super::Violation;
use super::canonical::canonical;
use super::place::{Place, Segment};
use super::sentence;
use super::table::{ANY, Check, NEVER, NodeId, Program, kind};
use crate::json::{DEEPEST, Reader, Text};

/// How many faults are told of one document. A body of megabytes can have millions, and nobody reads them.
const MOST: usize = 1_000;

/// A walk that ends before the document does answers `None`: the reader says why it is not JSON, else the last
/// violation says why it was left.
struct Walk<'a> {
    program: &'a Program,
    reader: Reader<'a>,
    found: Vec<Violation>,
    /// What must not be there twice, of the objects and arrays around here: unknown names, and items in canonical form.
    once: Vec<Cow<'a, [u8]>>,
}

/// Holds a JSON text against a node of a program and answers everything that is wrong with it, and whether all of it
/// was read.
pub(super) fn walk(program: &Program, node: NodeId, reader: Reader<'_>) -> (Vec<Violation>, bool) {
    let mut walk = Walk { program, reader, found: Vec::new(), once: Vec::new() };
    let read = walk.document(node).is_some();
    if let Some(broken) = walk.reader.broken {
        // What was found before is doubtful when brackets do not match.
        let (line, column) = walk.reader.position(broken.at);
        let message = sentence::not_json(&broken, line, column);
        return (vec![Violation::of_document("not_json", message)], false);
    }
    (walk.found, read)
}

impl<'a> Walk<'a> {
    fn document(&mut self, node: NodeId) -> Option<()> {
        self.value(node, None, Segment::Root)?;
        if self.reader.at_end() { Some(()) } else { self.reader.stop("expected the end of the text") }
    }

    #[cold]
    fn say(
        &mut self,
        place: &Place<'_>,
        keyword: &'static str,
        code: &'static str,
        message: String,
    ) -> Option<()> {
        let (pointer, step) = (place.pointer(), place.step());
        self.found.push(Violation { pointer, keyword, code, message, step });
        if self.found.len() < MOST {
            return Some(());
        }
        let message = format!("There is more wrong than these {MOST}; correct them first.");
        self.found.push(Violation::of_document("too_many_errors", message));
        None
    }

    /// Reads one value, which stands at `segment` below `around`.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    fn value(&mut self, id: NodeId, around: Option<&Place<'_>>, segment: Segment<'_>) -> Option<()> {
        let node = self.program.node(id);
        let first = self.reader.next_token();
        let plain = if first == b'"' { self.reader.plain_string() } else { None };
        if plain.is_some_and(|text| node.easy.contains(text.len())) {
            return Some(());
        }
        let place = match around {
            Some(around) => around.at(segment, node),
            None => Place::root(node),
        };
        if id == NEVER {
            self.say(&place, "false", "not_allowed", sentence::not_allowed(&place))?;
        }
        let start = self.reader.at;
        let found = self.found.len();
        let is = match first {
            b'"' => {
                let text = match plain {
                    Some(text) => Text { bytes: Cow::Borrowed(text), plain: true, lone_surrogate: false },
                    None => self.reader.string()?,
                };
                if text.lone_surrogate {
                    self.say(&place, "json", "lone_surrogate", sentence::lone_surrogate(&place))?;
                }
                if node.kinds & kind::STRING != 0 {
                    self.check_text(&text, &place)?;
                }
                kind::STRING
            }
            b'{' => {
                self.object(&place)?;
                kind::OBJECT
            }
            b'[' => {
                self.array(&place)?;
                kind::ARRAY
            }
            b't' => self.reader.word("true").map(|()| kind::BOOLEAN)?,
            b'f' => self.reader.word("false").map(|()| kind::BOOLEAN)?,
            b'n' => self.reader.word("null").map(|()| kind::NULL)?,
            _ => self.number(&place)?,
        };
        if node.kinds & is == 0 {
            if id == NEVER {
                return Some(());
            }
            // Said first, before what is wrong within, and instead of what is wrong beside it.
            self.say(&place, "type", "wrong_type", sentence::wrong_type(self.program, &place))?;
            if let Some(said) = self.found.get_mut(found..) {
                said.rotate_right(1);
            }
        } else if is != kind::STRING {
            self.check_choice(start, &place)?;
        }
        Some(())
    }

    fn array(&mut self, place: &Place<'_>) -> Option<()> {
        if place.depth >= DEEPEST {
            return self.too_deep(place);
        }
        let node = place.node;
        let unique = node.checks.iter().any(|check| matches!(check, Check::UniqueItems));
        let forms = self.once.len();
        let mut count = 0_usize;
        let mut more = self.reader.opened(b']');
        while more {
            self.reader.next_token();
            let start = self.reader.at;
            self.value(node.items, Some(place), Segment::Item(count))?;
            if unique {
                self.once.extend(canonical(self.reader.since(start)).map(Cow::Owned));
            }
            count = count.wrapping_add(1);
            more = self.reader.another(b']', "expected a comma or the end of the list")?;
        }
        let repeated = unique && !self.repeated(forms).is_empty();
        for check in node.checks {
            match *check {
                Check::MinItems(least) if count < least => {
                    let message = sentence::too_few_items(place, count, least);
                    self.say(place, "minItems", "too_few_items", message)?;
                }
                Check::MaxItems(most) if count > most => {
                    let message = sentence::tail(place, &format!("has more than {most} items."));
                    self.say(place, "maxItems", "too_many_items", message)?;
                }
                Check::UniqueItems if repeated => {
                    let message = sentence::tail(place, "has the same item twice.");
                    self.say(place, "uniqueItems", "repeated", message)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    #[cfg_attr(gatehouse_small, optimize(speed))]
    fn object(&mut self, place: &Place<'_>) -> Option<()> {
        if place.depth >= DEEPEST {
            return self.too_deep(place);
        }
        let mut members = Members { seen: 0, expected: 0, others: self.once.len() };
        let mut more = self.reader.opened(b'}');
        while more {
            self.reader.next_token();
            // Most documents keep to the order of the schema.
            match place.node.properties.get(members.expected) {
                Some((name, child)) if self.reader.is_name(name) => {
                    self.reader.expect(b':', COLON)?;
                    self.known(place, members.expected, *child, name.as_bytes(), &mut members)?;
                }
                _ => self.member(place, &mut members)?,
            }
            more = self.reader.another(b'}', "expected a comma or the end of the object")?;
        }
        self.check_names(members, place)
    }

    /// Reads a member of any name.
    fn member(&mut self, place: &Place<'_>, members: &mut Members) -> Option<()> {
        let key = self.reader.string()?;
        let name = &*key.bytes;
        if key.lone_surrogate {
            let member = &place.at(Segment::Member(name), self.program.node(ANY));
            self.say(member, "json", "lone_surrogate", sentence::lone_surrogate(member))?;
        }
        self.reader.expect(b':', COLON)?;
        if let Some((number, child)) = place.node.property(name, members.expected) {
            return self.known(place, number, child, name, members);
        }
        let mut segment = Segment::Member(name);
        if place.node.other == NEVER {
            segment = Segment::Unknown(name);
            let member = &place.at(segment, self.program.node(ANY));
            let message = sentence::unknown_field(self.program, place.node, name);
            self.say(member, "additionalProperties", "unknown_field", message)?;
            self.value(ANY, Some(place), segment)?;
        } else {
            self.value(place.node.other, Some(place), segment)?;
        }
        self.once.push(key.bytes);
        Some(())
    }

    /// Reads the value of a member that the schema knows.
    #[inline(always)]
    #[cfg_attr(gatehouse_small, optimize(speed))]
    fn known(
        &mut self,
        place: &Place<'_>,
        number: usize,
        child: NodeId,
        name: &[u8],
        members: &mut Members,
    ) -> Option<()> {
        members.expected = number.wrapping_add(1);
        let bit = 1 << number;
        if members.seen & bit != 0 {
            let member = &place.at(Segment::Member(name), self.program.node(ANY));
            self.say(member, "json", "duplicate_key", sentence::duplicate_key(name))?;
        }
        members.seen |= bit;
        self.value(child, Some(place), Segment::Member(name))
    }

    /// After an object: what is there twice, and what is not there.
    fn check_names(&mut self, members: Members, place: &Place<'_>) -> Option<()> {
        let missing = place.node.required & !members.seen;
        if missing == 0 && self.once.len() == members.others {
            return Some(());
        }
        for name in self.repeated(members.others) {
            let member = &place.at(Segment::Member(&name), self.program.node(ANY));
            self.say(member, "json", "duplicate_key", sentence::duplicate_key(&name))?;
        }
        for (number, (name, child)) in place.node.properties.iter().enumerate() {
            if missing & (1 << number) != 0 {
                let member = &place.at(Segment::Member(name.as_bytes()), self.program.node(*child));
                self.say(member, "required", "required", sentence::tail(member, "is required."))?;
            }
        }
        Some(())
    }

    /// Takes away what was put there from `start` on, and answers what is there again, as often as it is.
    fn repeated(&mut self, start: usize) -> Vec<Cow<'a, [u8]>> {
        let mut once = self.once.split_off(start);
        // Sorting finds what is equal without hashing, which somebody could aim at.
        once.sort_unstable();
        once.reverse();
        let mut repeated = Vec::new();
        while let Some(one) = once.pop() {
            if once.last() == Some(&one) {
                repeated.push(one);
            }
        }
        repeated
    }

    #[cold]
    fn too_deep(&mut self, place: &Place<'_>) -> Option<()> {
        let message = format!("The document nests deeper than {DEEPEST} levels.");
        let (pointer, step) = (place.pointer(), place.step());
        self.found.push(Violation { pointer, keyword: "json", code: "too_deep", message, step });
        None
    }
}

const COLON: &str = "expected a colon";

/// The members of an object, as far as they were read.
struct Members {
    /// Bit `n` is set where member `n` of the schema was there.
    seen: u64,
    /// The member of the schema that follows the last one.
    expected: usize,
    /// Where the names that the schema does not know begin in [`Walk::once`].
    others: usize,
}
