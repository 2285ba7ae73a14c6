//! The validator's engine: reads the text once and checks it on the way.

mod checks;

use std::borrow::Cow;

use super::Violation;
use super::canonical::canonical;
use super::place::{Place, Segment};
use super::sentence;
use super::table::{ANY, Check, NEVER, NodeId, Program, kind};
use crate::json::{MAX_DEPTH, Reader, Text};

/// The most violations that are reported. A body of megabytes can have millions, and nobody reads them.
const MAX_VIOLATIONS: usize = 1_000;

/// One validation. A function returns `None` to stop before the end of the document: then the reader has a syntax
/// error, or the last violation says why.
struct Walk<'a> {
    program: &'a Program,
    reader: Reader<'a>,
    violations: Vec<Violation>,
    /// What must be unique in the current objects and arrays: unknown names, and items in canonical form.
    must_be_unique: Vec<Cow<'a, [u8]>>,
}

/// Validates a JSON text against a node of a program: the violations, and whether all of the text was read.
pub(super) fn walk(program: &Program, node: NodeId, reader: Reader<'_>) -> (Vec<Violation>, bool) {
    let mut walk = Walk { program, reader, violations: Vec::new(), must_be_unique: Vec::new() };
    let read = walk.document(node).is_some();
    if let Some(broken) = walk.reader.error {
        // Violations found before are unreliable when brackets do not match.
        let (line, column) = walk.reader.position(broken.at);
        let message = sentence::not_json(&broken, line, column);
        return (vec![Violation::of_document("not_json", message)], false);
    }
    (walk.violations, read)
}

impl<'a> Walk<'a> {
    fn document(&mut self, node: NodeId) -> Option<()> {
        self.value(node, None, Segment::Root)?;
        if self.reader.is_at_end() { Some(()) } else { self.reader.fail("expected the end of the text") }
    }

    #[cold]
    fn report(
        &mut self,
        place: &Place<'_>,
        keyword: &'static str,
        code: &'static str,
        message: String,
    ) -> Option<()> {
        let (pointer, step) = (place.pointer(), place.step());
        self.violations.push(Violation { pointer, keyword, code, message, step });
        if self.violations.len() < MAX_VIOLATIONS {
            return Some(());
        }
        let message = format!("There is more wrong than these {MAX_VIOLATIONS}; correct them first.");
        self.violations.push(Violation::of_document("too_many_errors", message));
        None
    }

    /// Reads one value, at `segment` below `around`.
    #[cfg_attr(gatehouse_small, optimize(speed))]
    fn value(&mut self, id: NodeId, around: Option<&Place<'_>>, segment: Segment<'_>) -> Option<()> {
        let node = self.program.node(id);
        let first = self.reader.next_token();
        let plain = if first == b'"' { self.reader.plain_string() } else { None };
        if plain.is_some_and(|text| node.plain_lengths.contains(text.len())) {
            return Some(());
        }
        let place = match around {
            Some(around) => around.at(segment, node),
            None => Place::root(node),
        };
        if id == NEVER {
            self.report(&place, "false", "not_allowed", sentence::not_allowed(&place))?;
        }
        let start = self.reader.at;
        let first_inside = self.violations.len();
        let is = match first {
            b'"' => {
                let text = match plain {
                    Some(text) => Text { bytes: Cow::Borrowed(text), plain: true, lone_surrogate: false },
                    None => self.reader.string()?,
                };
                if text.lone_surrogate {
                    self.report(&place, "json", "lone_surrogate", sentence::lone_surrogate(&place))?;
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
            b't' => self.reader.literal("true").map(|()| kind::BOOLEAN)?,
            b'f' => self.reader.literal("false").map(|()| kind::BOOLEAN)?,
            b'n' => self.reader.literal("null").map(|()| kind::NULL)?,
            _ => self.number(&place)?,
        };
        if node.kinds & is == 0 {
            if id == NEVER {
                return Some(());
            }
            // Reported before the violations inside of the value, and instead of other checks of the value itself.
            self.report(&place, "type", "wrong_type", sentence::wrong_type(self.program, &place))?;
            if let Some(reported) = self.violations.get_mut(first_inside..) {
                reported.rotate_right(1);
            }
        } else if is != kind::STRING {
            self.check_choice(start, &place)?;
        }
        Some(())
    }

    fn array(&mut self, place: &Place<'_>) -> Option<()> {
        if place.depth >= MAX_DEPTH {
            return self.too_deep(place);
        }
        let node = place.node;
        let unique = node.checks.iter().any(|check| matches!(check, Check::UniqueItems));
        let forms = self.must_be_unique.len();
        let mut count = 0_usize;
        let mut more = self.reader.open(b']');
        while more {
            self.reader.next_token();
            let start = self.reader.at;
            self.value(node.items, Some(place), Segment::Item(count))?;
            if unique {
                self.must_be_unique.extend(canonical(self.reader.slice_from(start)).map(Cow::Owned));
            }
            count = count.wrapping_add(1);
            more = self.reader.next_item(b']', "expected a comma or the end of the list")?;
        }
        let repeated = unique && !self.repeated(forms).is_empty();
        for check in node.checks {
            match *check {
                Check::MinItems(least) if count < least => {
                    let message = sentence::too_few_items(place, count, least);
                    self.report(place, "minItems", "too_few_items", message)?;
                }
                Check::MaxItems(most) if count > most => {
                    let message = sentence::with_label(place, &format!("has more than {most} items."));
                    self.report(place, "maxItems", "too_many_items", message)?;
                }
                Check::UniqueItems if repeated => {
                    let message = sentence::with_label(place, "has the same item twice.");
                    self.report(place, "uniqueItems", "repeated", message)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    #[cfg_attr(gatehouse_small, optimize(speed))]
    fn object(&mut self, place: &Place<'_>) -> Option<()> {
        if place.depth >= MAX_DEPTH {
            return self.too_deep(place);
        }
        let mut members = MemberState { seen: 0, expected: 0, others: self.must_be_unique.len() };
        let mut more = self.reader.open(b'}');
        while more {
            self.reader.next_token();
            // Most documents have the order of the schema.
            match place.node.properties.get(members.expected) {
                Some((name, child)) if self.reader.skip_name(name) => {
                    self.reader.expect(b':', COLON)?;
                    self.known(place, members.expected, *child, name.as_bytes(), &mut members)?;
                }
                _ => self.member(place, &mut members)?,
            }
            more = self.reader.next_item(b'}', "expected a comma or the end of the object")?;
        }
        self.check_names(members, place)
    }

    /// Reads a member of any name.
    fn member(&mut self, place: &Place<'_>, members: &mut MemberState) -> Option<()> {
        let key = self.reader.string()?;
        let name = &*key.bytes;
        if key.lone_surrogate {
            let member = &place.at(Segment::Member(name), self.program.node(ANY));
            self.report(member, "json", "lone_surrogate", sentence::lone_surrogate(member))?;
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
            self.report(member, "additionalProperties", "unknown_field", message)?;
            self.value(ANY, Some(place), segment)?;
        } else {
            self.value(place.node.other, Some(place), segment)?;
        }
        self.must_be_unique.push(key.bytes);
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
        members: &mut MemberState,
    ) -> Option<()> {
        members.expected = number.wrapping_add(1);
        let bit = 1 << number;
        if members.seen & bit != 0 {
            let member = &place.at(Segment::Member(name), self.program.node(ANY));
            self.report(member, "json", "duplicate_key", sentence::duplicate_key(name))?;
        }
        members.seen |= bit;
        self.value(child, Some(place), Segment::Member(name))
    }

    /// After an object: reports duplicate and missing names.
    fn check_names(&mut self, members: MemberState, place: &Place<'_>) -> Option<()> {
        let missing = place.node.required & !members.seen;
        if missing == 0 && self.must_be_unique.len() == members.others {
            return Some(());
        }
        for name in self.repeated(members.others) {
            let member = &place.at(Segment::Member(&name), self.program.node(ANY));
            self.report(member, "json", "duplicate_key", sentence::duplicate_key(&name))?;
        }
        for (number, (name, child)) in place.node.properties.iter().enumerate() {
            if missing & (1 << number) != 0 {
                let member = &place.at(Segment::Member(name.as_bytes()), self.program.node(*child));
                self.report(member, "required", "required", sentence::with_label(member, "is required."))?;
            }
        }
        Some(())
    }

    /// Removes the entries from `start` on, and returns those that repeat an earlier one, each as often as it does.
    fn repeated(&mut self, start: usize) -> Vec<Cow<'a, [u8]>> {
        let mut entries = self.must_be_unique.split_off(start);
        // Sorting, because an attacker could cause hash collisions.
        entries.sort_unstable();
        entries.reverse();
        let mut repeated = Vec::new();
        while let Some(one) = entries.pop() {
            if entries.last() == Some(&one) {
                repeated.push(one);
            }
        }
        repeated
    }

    #[cold]
    fn too_deep(&mut self, place: &Place<'_>) -> Option<()> {
        let message = format!("The document nests deeper than {MAX_DEPTH} levels.");
        let (pointer, step) = (place.pointer(), place.step());
        self.violations.push(Violation { pointer, keyword: "json", code: "too_deep", message, step });
        None
    }
}

const COLON: &str = "expected a colon";

/// Which members of an object were read so far.
struct MemberState {
    /// Bit `n` is set when member `n` of the schema was read.
    seen: u64,
    /// The member of the schema that follows the last one.
    expected: usize,
    /// Where this object's unknown names begin in [`Walk::must_be_unique`].
    others: usize,
}
