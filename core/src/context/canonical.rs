//! The checksum over a content's RFC 8785 text.

use sha2::{Digest, Sha256};

use crate::json::Json;

/// Lower-case hex SHA-256 of bytes, or of a text's UTF-8.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    let digest = Sha256::digest(bytes.as_ref());
    let digits = digest.iter().flat_map(|byte| [byte / 16, byte % 16]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// The checksum of a manifest's content: SHA-256 over its canonical text.
pub fn checksum(content: &Json) -> String {
    sha256_hex(content.canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_crate_writes(value in any_json()) {
            prop_assert_eq!(Json::from(&value).canonical(), serde_json_canonicalizer::to_string(&value).unwrap());
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
        let a = Json::read(r#"{"b":1.0,"a":"चाय"}"#).unwrap();
        let b = Json::read(r#"{"a":"चाय","b":1}"#).unwrap();
        assert_eq!(checksum(&a), checksum(&b));
        assert_eq!(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
