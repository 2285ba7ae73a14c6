//! Tables as the bytes that core's validator unpacks (`core/src/validator/packed.rs`), in Rust source.

use gatehouse_core::validator::{Check, Choice, Node, Pattern, Program};

/// The source of `core/src/validator/tables.rs`: a line for each node and pattern.
pub fn rust_source(program: &Program) -> String {
    let mut out = String::from(
        "//! Generated from core/schema by `npm run codegen`; do not edit.\n\n\
         /// The schemas of `core/schema`, compiled and packed.\n\
         pub static TABLES: &[u8] = b\"\\\n",
    );
    for part in parts(program) {
        // After a line that goes on, white space would be left out: a space is written as its number there.
        let text = part.escape_ascii().to_string();
        let text = text.strip_prefix(' ').map_or(text.clone(), |rest| format!("\\x20{rest}"));
        out.push_str(&format!("{text}\\\n"));
    }
    out.push_str("\";\n");
    out
}

/// The packed program, a part for each line.
fn parts(program: &Program) -> Vec<Vec<u8>> {
    let mut parts = vec![Part::default().number(program.nodes.len()).0];
    parts.extend(program.nodes.iter().map(|node| Part::default().node(node).0));
    let roots = Part::default().list(program.roots, |part, (name, id)| part.text(name).number((*id).into()));
    parts.push(roots.number(program.patterns.len()).0);
    parts.extend(program.patterns.iter().map(|pattern| Part::default().pattern(pattern).0));
    parts
}

#[derive(Default)]
struct Part(Vec<u8>);

impl Part {
    /// LEB128: seven bits a byte, the lowest first.
    fn number(mut self, mut number: usize) -> Self {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut part = self.number(bytes.len());
        part.0.extend_from_slice(bytes);
        part
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    fn list<T>(self, items: &[T], item: impl Fn(Self, &T) -> Self) -> Self {
        let part = self.number(items.len());
        items.iter().fold(part, item)
    }

    fn node(self, node: &Node) -> Self {
        let part = self.text(node.label).text(node.step).number(node.kinds.into());
        let part = part.number(node.plain_lengths.least as usize).number(node.plain_lengths.most as usize);
        let mut part = part.list(node.checks, Self::check).number(node.properties.len());
        for (number, (name, id)) in node.properties.iter().enumerate() {
            part = part.text(name).number((*id).into()).number((node.required >> number & 1) as usize);
        }
        part.number(node.other.into()).number(node.items.into())
    }

    fn check(self, check: &Check) -> Self {
        match check {
            Check::MinLength(least) => self.number(0).number(*least),
            Check::MaxLength(most) => self.number(1).number(*most),
            Check::Pattern(number) => self.number(2).number(*number),
            Check::DateTime => self.number(3),
            Check::Minimum(bound) => self.number(4).text(bound),
            Check::Maximum(bound) => self.number(5).text(bound),
            Check::ExclusiveMinimum(bound) => self.number(6).text(bound),
            Check::ExclusiveMaximum(bound) => self.number(7).text(bound),
            Check::MinItems(least) => self.number(8).number(*least),
            Check::MaxItems(most) => self.number(9).number(*most),
            Check::UniqueItems => self.number(10),
            Check::OneOf(choice) => self.number(11).choice(choice),
            Check::Const(choice) => self.number(12).choice(choice),
        }
    }

    fn choice(self, choice: &Choice) -> Self {
        let texts = |part: Self, texts: &[&str]| part.list(texts, |part, text| part.text(text));
        texts(texts(self, choice.texts), choice.others)
    }

    fn pattern(self, pattern: &Pattern) -> Self {
        let part = self.text(pattern.code).text(pattern.message).number(pattern.accepts_plain.into());
        let part = part.bytes(pattern.classes).number(pattern.width);
        let part = part.list(pattern.next, |part, row| part.number(usize::from(*row) / pattern.width));
        part.list(pattern.ends, |part, end| part.number((*end).into()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gatehouse_core::validator::{PROGRAM, unpack};

    use super::*;
    use crate::{Schemas, compile};

    #[test]
    fn what_is_unpacked_is_what_was_compiled() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let program = compile(&Schemas::read(&root).unwrap().0).unwrap();
        let again = unpack(parts(&program).concat().leak());
        assert_eq!(format!("{again:?}"), format!("{program:?}"));
        // Core's own tables are these.
        assert_eq!(format!("{:?}", *PROGRAM), format!("{program:?}"));
        // Cut off anywhere, they mean something else and nothing breaks.
        let bytes: &'static [u8] = parts(&program).concat().leak();
        for end in (0..bytes.len()).step_by(97) {
            assert_ne!(format!("{:?}", unpack(&bytes[..end])), format!("{program:?}"));
        }
    }
}
