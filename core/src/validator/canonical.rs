//! A canonical text of a value, to compare values without building trees.

use std::borrow::Cow;

use crate::json::{Decimal, MAX_DEPTH, Reader};

/// The canonical form of a JSON text: the same for equal values (`1` and `1.0`, members in any order), different for
/// others. The form is not JSON. `None` for a text that is not JSON or nests too deeply.
pub fn canonical(json: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(&mut Reader::from_bytes(json), &mut out, 0)?;
    Some(out)
}

fn write(reader: &mut Reader<'_>, out: &mut Vec<u8>, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match reader.next_token() {
        b'"' => string(&reader.string()?.bytes, out),
        b'[' => {
            out.push(b'[');
            let mut more = reader.open(b']');
            while more {
                write(reader, out, depth + 1)?;
                out.push(b',');
                more = reader.next_item(b']', "expected a comma")?;
            }
            out.push(b']');
        }
        b'{' => {
            let mut members = Vec::new();
            let mut more = reader.open(b'}');
            while more {
                reader.next_token();
                let mut member = Vec::new();
                string(&reader.string()?.bytes, &mut member);
                reader.expect(b':', "expected a colon")?;
                write(reader, &mut member, depth + 1)?;
                members.push(Cow::<[u8]>::Owned(member));
                more = reader.next_item(b'}', "expected a comma")?;
            }
            members.sort_unstable();
            out.push(b'{');
            for member in members {
                out.extend_from_slice(&member);
                out.push(b',');
            }
            out.push(b'}');
        }
        b't' => reader.literal("true").map(|()| out.push(b't'))?,
        b'f' => reader.literal("false").map(|()| out.push(b'f'))?,
        b'n' => reader.literal("null").map(|()| out.push(b'n'))?,
        _ => {
            let text = reader.number()?;
            match Decimal::read(text) {
                Some(number) => out.extend_from_slice(number.canonical().as_bytes()),
                None => out.extend_from_slice(text),
            }
        }
    }
    Some(())
}

/// With its length in front, so that two texts side by side are never ambiguous.
fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.len().to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    fn canonical(json: &str) -> Option<Vec<u8>> {
        super::canonical(json.as_bytes())
    }

    #[test]
    fn equal_values_and_only_those_have_one_form() {
        let equal = [
            ("1", "1.0"),
            (r#"{"a":1,"b":[2]}"#, r#" { "b" : [2e0] , "a" : 1 } "#),
            (r#""\u0061""#, r#""a""#),
        ];
        for (a, b) in equal {
            assert_eq!(canonical(a), canonical(b), "{a} {b}");
            assert!(canonical(a).is_some());
        }
        let different = [
            ("1", "true"),
            ("0", "false"),
            (r#""1""#, "1"),
            ("[1,2]", "[12]"),
            (r#"["a,","b"]"#, r#"["a",",b"]"#),
            ("{}", "[]"),
            ("null", "{}"),
            ("[[1],2]", "[1,[2]]"),
        ];
        for (a, b) in different {
            assert_ne!(canonical(a), canonical(b), "{a} {b}");
        }
        assert_eq!(canonical("[1"), None);
    }
}
