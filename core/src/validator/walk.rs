//! The engine: one pass over the text that checks while it reads.

use std::borrow::Cow;

use super::Violation;
use super::canonical::canonical;
use super::format;
use super::number::Decimal;
use super::place::{Place, Segment};
use super::reader::{Broken, Reader, Text};
use super::sentence;
use super::table::{ANY, Check, Choice, NEVER, Node, NodeId, Program, kind};

/// How deep a document may nest.
pub(super) const DEEPEST: usize = 64;
/// How many faults are told of one document. A body of megabytes can have millions, and nobody reads them.
const MOST: usize = 1_000;

/// Why a walk ends before the document does.
enum Stop {
    /// It is not JSON.
    Broken(Broken),
    /// It nests too deeply, or enough has been said. The last violation says so.
    Said,
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

struct Walk<'a> {
    program: &'a Program,
    reader: Reader<'a>,
    found: Vec<Violation>,
}

/// Holds a JSON text against a node of a program and answers everything that is wrong with it.
pub(super) fn walk(program: &Program, node: NodeId, text: &str) -> Vec<Violation> {
    let mut walk = Walk { program, reader: Reader::new(text), found: Vec::new() };
    let result = walk.document(node);
    if let Err(Stop::Broken(broken)) = result {
        // What was found before is doubtful when brackets do not match.
        let (line, column) = walk.reader.position(broken.at);
        return vec![Violation::new(
            &Place::root(),
            "json",
            "not_json",
            sentence::not_json(&broken, line, column),
        )];
    }
    walk.found
}

impl<'a> Walk<'a> {
    fn document(&mut self, node: NodeId) -> Result<(), Stop> {
        self.value(node, &Place::root())?;
        if self.reader.at_end() { Ok(()) } else { Ok(self.reader.broken("expected the end of the text")?) }
    }

    fn say(
        &mut self,
        place: &Place<'_>,
        keyword: &'static str,
        code: &'static str,
        message: String,
    ) -> Result<(), Stop> {
        self.found.push(Violation::new(place, keyword, code, message));
        if self.found.len() < MOST {
            return Ok(());
        }
        let message = format!("There is more wrong than these {MOST}; correct them first.");
        self.found.push(Violation::new(&Place::root(), "json", "too_many_errors", message));
        Err(Stop::Said)
    }

    /// Reads one value. `place` is where it stands.
    fn value(&mut self, id: NodeId, place: &Place<'_>) -> Result<(), Stop> {
        let program = self.program;
        let node = program.node(id);
        let place = &place.called(node);
        if id == NEVER {
            self.say(place, "false", "not_allowed", sentence::not_allowed(place))?;
            return self.value(ANY, place);
        }
        let first = self.reader.next_token();
        let start = self.reader.at;
        let found = self.found.len();
        let is = match first {
            b'"' => {
                let text = self.reader.string()?;
                if text.lone_surrogate {
                    self.say(place, "json", "lone_surrogate", sentence::lone_surrogate(place))?;
                }
                if node.kinds & kind::STRING != 0 {
                    self.check_text(node, &text, place)?;
                }
                kind::STRING
            }
            b'{' => {
                self.object(node, place)?;
                kind::OBJECT
            }
            b'[' => {
                self.array(node, place)?;
                kind::ARRAY
            }
            b't' => self.reader.word("true").map(|()| kind::BOOLEAN)?,
            b'f' => self.reader.word("false").map(|()| kind::BOOLEAN)?,
            b'n' => self.reader.word("null").map(|()| kind::NULL)?,
            _ => self.number(node, place)?,
        };
        if node.kinds & is == 0 {
            // Said first, before what is wrong within, and instead of what is wrong beside it.
            self.say(place, "type", "wrong_type", sentence::wrong_type(program, node, place))?;
            if let Some(said) = self.found.get_mut(found..) {
                said.rotate_right(1);
            }
        } else if is != kind::STRING {
            self.check_choice(node, start, place)?;
        }
        Ok(())
    }

    fn check_text(&mut self, node: &Node, read: &Text<'_>, place: &Place<'_>) -> Result<(), Stop> {
        let text = &*read.text;
        for check in node.checks {
            match *check {
                // A character has at least one byte, so few bytes need no counting.
                Check::MaxLength(most) if text.len() > most => {
                    let count = text.chars().count();
                    if count > most {
                        self.say(
                            place,
                            "maxLength",
                            "too_long",
                            sentence::too_long(place, text, count, most),
                        )?;
                    }
                }
                Check::MinLength(least) if text.len() < least.saturating_mul(4) => {
                    let count = text.chars().count();
                    if count < least {
                        self.say(place, "minLength", "too_short", sentence::too_short(place, count, least))?;
                    }
                }
                Check::Pattern(number) => {
                    let pattern = self
                        .program
                        .patterns
                        .get(number)
                        .filter(|pattern| !(read.plain && pattern.takes_plain));
                    if let Some(pattern) = pattern.filter(|pattern| !pattern.found_in(text)) {
                        self.say(place, "pattern", pattern.code, sentence::tail(place, pattern.message))?;
                    }
                }
                Check::DateTime if !format::is_date_time(text) => {
                    self.say(place, "format", "not_a_time", sentence::not_a_time(place))?;
                }
                Check::OneOf(choice) if !choice.texts.contains(&text) => {
                    self.say(place, "enum", "not_one_of", sentence::not_one_of(place, &choice, Some(text)))?;
                }
                Check::Const(choice) if !choice.texts.contains(&text) => {
                    self.say(place, "const", "not_the_value", sentence::not_one_of(place, &choice, None))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether what is no text is among the values that are allowed.
    fn check_choice(&mut self, node: &Node, start: usize, place: &Place<'_>) -> Result<(), Stop> {
        let among = |choice: &Choice, json: &str| {
            canonical(json).is_some_and(|form| choice.others.contains(&form.as_str()))
        };
        for check in node.checks {
            match check {
                Check::OneOf(choice) if !among(choice, self.reader.since(start)) => {
                    self.say(place, "enum", "not_one_of", sentence::not_one_of(place, choice, None))?;
                }
                Check::Const(choice) if !among(choice, self.reader.since(start)) => {
                    self.say(place, "const", "not_the_value", sentence::not_one_of(place, choice, None))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn number(&mut self, node: &Node, place: &Place<'_>) -> Result<u8, Stop> {
        let text = self.reader.number()?;
        let Some(number) = Decimal::read(text) else {
            self.say(place, "json", "number_out_of_range", sentence::out_of_range(place))?;
            return Ok(kind::INTEGER | kind::FRACTION);
        };
        for check in node.checks {
            let (keyword, bound, holds): (_, _, fn(&Decimal<'_>, &Decimal<'_>) -> bool) = match *check {
                Check::Minimum(bound) => ("minimum", bound, |number, bound| number >= bound),
                Check::Maximum(bound) => ("maximum", bound, |number, bound| number <= bound),
                Check::ExclusiveMinimum(bound) => ("exclusiveMinimum", bound, |number, bound| number > bound),
                Check::ExclusiveMaximum(bound) => ("exclusiveMaximum", bound, |number, bound| number < bound),
                _ => continue,
            };
            if Decimal::read(bound).is_some_and(|limit| !holds(&number, &limit)) {
                let (code, message) = sentence::bound(place, keyword, bound);
                self.say(place, keyword, code, message)?;
            }
        }
        Ok(if number.is_integer() { kind::INTEGER } else { kind::FRACTION })
    }

    fn array(&mut self, node: &Node, place: &Place<'_>) -> Result<(), Stop> {
        self.deeper(place)?;
        let unique = node.checks.iter().any(|check| matches!(check, Check::UniqueItems));
        let mut forms = Vec::new();
        let mut count = 0;
        self.reader.at += 1;
        let mut more = self.reader.next_token() != b']';
        if !more {
            self.reader.at += 1;
        }
        while more {
            self.reader.next_token();
            let start = self.reader.at;
            self.value(node.items, &place.at(Segment::Item(count)))?;
            if unique {
                forms.extend(canonical(self.reader.since(start)));
            }
            count += 1;
            more = self.reader.another(b']', "expected a comma or the end of the list")?;
        }
        // Sorting finds what is equal without hashing, which somebody could aim at.
        forms.sort_unstable();
        let repeated = forms.windows(2).any(|pair| matches!(pair, [one, other] if one == other));
        for check in node.checks {
            match *check {
                Check::MinItems(least) if count < least => {
                    self.say(
                        place,
                        "minItems",
                        "too_few_items",
                        sentence::too_few_items(place, count, least),
                    )?;
                }
                Check::MaxItems(most) if count > most => {
                    self.say(
                        place,
                        "maxItems",
                        "too_many_items",
                        sentence::tail(place, &format!("has more than {most} items.")),
                    )?;
                }
                Check::UniqueItems if repeated => {
                    self.say(
                        place,
                        "uniqueItems",
                        "repeated",
                        sentence::tail(place, "has the same item twice."),
                    )?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn object(&mut self, node: &Node, place: &Place<'_>) -> Result<(), Stop> {
        self.deeper(place)?;
        let (mut seen, mut expected): (u64, usize) = (0, 0);
        let mut others = Vec::new();
        self.reader.at += 1;
        let mut more = self.reader.next_token() != b'}';
        if !more {
            self.reader.at += 1;
        }
        while more {
            self.reader.next_token();
            let key = self.reader.string()?;
            let member = &place.at(Segment::Member(&key.text));
            if key.lone_surrogate {
                self.say(member, "json", "lone_surrogate", sentence::lone_surrogate(member))?;
            }
            self.reader.expect(b':', "expected a colon")?;
            match node.property(&key.text, expected) {
                Some((number, child)) => {
                    expected = number + 1;
                    if seen & (1 << number) != 0 {
                        self.say(member, "json", "duplicate_key", sentence::duplicate_key(&key.text))?;
                    }
                    seen |= 1 << number;
                    self.value(child, member)?;
                }
                None if node.other == NEVER => {
                    // It belongs to no step, whatever is around it.
                    let member = &member.without_step();
                    self.say(
                        member,
                        "additionalProperties",
                        "unknown_field",
                        sentence::unknown_field(self.program, node, &key.text),
                    )?;
                    self.value(ANY, member)?;
                    others.push(key.text.clone());
                }
                None => {
                    self.value(node.other, member)?;
                    others.push(key.text.clone());
                }
            }
            more = self.reader.another(b'}', "expected a comma or the end of the object")?;
        }
        self.check_names(node, seen, others, place)
    }

    /// After an object: what is there twice, and what is not there.
    fn check_names(
        &mut self,
        node: &Node,
        seen: u64,
        mut others: Vec<Cow<'_, str>>,
        place: &Place<'_>,
    ) -> Result<(), Stop> {
        others.sort_unstable();
        for pair in others.windows(2) {
            if let [one, other] = pair
                && one == other
            {
                let member = &place.at(Segment::Member(one));
                self.say(member, "json", "duplicate_key", sentence::duplicate_key(one))?;
            }
        }
        if node.required & !seen == 0 {
            return Ok(());
        }
        for (number, (name, child)) in node.properties.iter().enumerate() {
            if node.required & !seen & (1 << number) != 0 {
                let member = &place.at(Segment::Member(name)).called(self.program.node(*child));
                self.say(member, "required", "required", sentence::tail(member, "is required."))?;
            }
        }
        Ok(())
    }

    fn deeper(&mut self, place: &Place<'_>) -> Result<(), Stop> {
        if place.depth < DEEPEST {
            return Ok(());
        }
        let message = format!("The document nests deeper than {DEEPEST} levels.");
        self.found.push(Violation::new(place, "json", "too_deep", message));
        Err(Stop::Said)
    }
}
