//! Reads private keys in PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The DER bytes of a PKCS#8 key in PEM; `None` for any other text. Line breaks may be written as `\n`, as in Google's
/// JSON key file.
pub fn pkcs8_der(pem: &str) -> Option<Vec<u8>> {
    let text = pem.replace("\\n", "\n");
    let inside =
        text.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?.strip_suffix("-----END PRIVATE KEY-----")?;
    let body: String = inside.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_either_kind_of_line_break() {
        for pem in [
            "-----BEGIN PRIVATE KEY-----\nAQ\nID\n-----END PRIVATE KEY-----\n",
            r"-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n",
        ] {
            assert_eq!(pkcs8_der(pem), Some(vec![1, 2, 3]), "{pem}");
        }
        for wrong in [
            "",
            "AQID",
            "-----BEGIN RSA PRIVATE KEY-----\nAQID\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
        ] {
            assert_eq!(pkcs8_der(wrong), None, "{wrong}");
        }
    }
}
