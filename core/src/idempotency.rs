//! The form of an idempotency key.

/// The key in an `Idempotency-Key` header: 8 to 64 letters, digits, `-` or `_`. It may stand in double quotes, as the
/// draft of the IETF writes it (draft-ietf-httpapi-idempotency-key-header, section 2.1); with and without them it is the
/// same key. `None` for anything else.
pub fn parse_key(header: &str) -> Option<&str> {
    let header = header.trim();
    let key = header.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(header);
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ((8..=64).contains(&key.len()) && key.bytes().all(is_allowed)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::parse_key;

    #[test]
    fn a_key_with_and_without_quotes_is_the_same_key() {
        assert_eq!(parse_key("8e03978e-40d5-43dd"), Some("8e03978e-40d5-43dd"));
        assert_eq!(parse_key(" \"8e03978e-40d5-43dd\" "), Some("8e03978e-40d5-43dd"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(65);
        for header in [
            "",
            "short",
            "\"short\"",
            "\"12345678",
            "12345678\"",
            "1234 5678",
            "चाय-चाय-चाय",
            &long,
            "\"\"12345678\"\"",
        ] {
            assert_eq!(parse_key(header), None, "{header}");
        }
    }
}
