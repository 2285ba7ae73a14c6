//! RFC 8785 canonical JSON and the checksum over it.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The RFC 8785 text of a value: the one text that equal documents share.
pub fn canonical_json(value: &Value) -> String {
    // The crate fails only on what `Value` cannot hold (non-finite numbers, keys that are no strings).
    serde_json_canonicalizer::to_string(value).unwrap_or_default()
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
    use super::*;

    #[test]
    fn the_checksum_is_sha256_of_the_canonical_text() {
        let a: Value = serde_json::from_str(r#"{"b":1.0,"a":"चाय"}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":"चाय","b":1}"#).unwrap();
        assert_eq!(checksum(&a), checksum(&b));
        assert_eq!(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
