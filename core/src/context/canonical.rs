//! RFC 8785 canonical JSON and the checksum over it.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The RFC 8785 text of a value: the one text that equal documents share.
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// Texts and members are written here, because a manifest is nothing else and is written again for every item that has to
/// go; numbers, whose form is intricate, by the crate.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        // The crate fails only on what `Value` cannot hold, a number that is not finite.
        number @ Value::Number(_) => {
            out.push_str(&serde_json_canonicalizer::to_string(number).unwrap_or_default())
        }
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            // Section 3.2.3: by UTF-16 code units, which is another order than that of the characters.
            sorted.sort_unstable_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            out.push('{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
    }
}

/// Section 3.2.2.2: escaped is only what JSON demands, in its shortest form.
fn write_text(text: &str, out: &mut String) {
    let mut rest = text;
    out.push('"');
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = after.chars();
        match chars.next() {
            Some('\u{8}') => out.push_str("\\b"),
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\r') => out.push_str("\\r"),
            Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Some(control) => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Lower-case hex SHA-256 of bytes, or of a text's UTF-8.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    let digest = Sha256::digest(bytes.as_ref());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksum of a manifest's content: SHA-256 over its canonical text.
pub fn checksum(content: &Value) -> String {
    sha256_hex(canonical_json(content))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_crate_writes(value in any_json()) {
            prop_assert_eq!(canonical_json(&value), serde_json_canonicalizer::to_string(&value).unwrap());
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let text = || {
            proptest::string::string_regex(
                "[\\x00-\\x7f\u{80}\u{20ac}\u{e000}\u{fb33}\u{10000}\u{1f600}]{0,6}",
            )
            .unwrap()
        };
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::hash_map(text(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn the_checksum_is_sha256_of_the_canonical_text() {
        let a: Value = serde_json::from_str(r#"{"b":1.0,"a":"चाय"}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":"चाय","b":1}"#).unwrap();
        assert_eq!(checksum(&a), checksum(&b));
        assert_eq!(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
