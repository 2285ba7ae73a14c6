//! The format of ids. Postgres makes the ids; one from outside is checked before any call is made with it.

/// Whether a text is a UUID (RFC 9562 section 4), in upper or lower case. PostgREST answers other texts with a 400.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_form_of_a_uuid_passes() {
        assert!(is_uuid("0b7c3a52-8f4e-4c1d-9a6b-2e5d7f901234"));
        assert!(is_uuid("0B7C3A52-8F4E-4C1D-9A6B-2E5D7F901234"));
        for wrong in [
            "",
            "0b7c3a528f4e4c1d9a6b2e5d7f901234",
            "0b7c3a52-8f4e-4c1d-9a6b-2e5d7f90123",
            "0b7c3a52-8f4e-4c1d-9a6b-2e5d7f90123g",
            "0b7c3a52-8f4e-4c1d-9a6b02e5d7f901234",
            "{b7c3a52-8f4e-4c1d-9a6b-2e5d7f90123}",
        ] {
            assert!(!is_uuid(wrong), "{wrong}");
        }
    }
}
