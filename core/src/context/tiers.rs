//! How a manifest is kept in the cache: a text that proves itself, small in the cold tier, with lives that do not all
//! end at once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sha256_hex;

/// No manifest comes near this many bytes: what inflates beyond it is not ours.
const MOST_BYTES: usize = 1 << 20;
/// zlib's default: beyond it a manifest gets no smaller.
const LEVEL: u8 = 6;
/// The part of a life that jitter may take away, in percent.
const JITTER_PERCENT: u32 = 10;

/// ETag and document under one digest, so that no byte of either can change unseen: `<sha256>\n<etag>\n<document>`.
/// The content's own checksum covers the content alone; version and times stand beside it.
pub fn seal(etag: &str, document: &str) -> String {
    let sealed = format!("{etag}\n{document}");
    format!("{}\n{sealed}", sha256_hex(&sealed))
}

/// The document that was sealed; `None` when a byte changed, or when it is not the one that this ETag names.
pub fn unseal(text: &str, etag: &str) -> Option<String> {
    let (digest, sealed) = text.split_once('\n')?;
    let (own, document) = sealed.split_once('\n')?;
    (own == etag && sha256_hex(sealed) == digest).then(|| document.to_owned())
}

/// The form of the cold tier: deflated (RFC 1951), in base64 because Redis answers in JSON.
pub fn pack(sealed: &str) -> String {
    STANDARD.encode(miniz_oxide::deflate::compress_to_vec(sealed.as_bytes(), LEVEL))
}

/// The text that was packed; `None` when it cannot be read.
pub fn unpack(packed: &str) -> Option<String> {
    let bytes = STANDARD.decode(packed).ok()?;
    let text = miniz_oxide::inflate::decompress_to_vec_with_limit(&bytes, MOST_BYTES).ok()?;
    String::from_utf8(text).ok()
}

/// A life of `ttl_ms` made up to a tenth shorter, by key and ETag alone: what was kept in the same minute must not
/// expire in the same minute, and the same manifest always lives as long.
pub fn jittered(ttl_ms: u32, key: &str, etag: &str) -> u32 {
    let digest = sha256_hex(format!("{key}\n{etag}"));
    let share = digest.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default();
    let most = u64::from(ttl_ms) * u64::from(JITTER_PERCENT) / 100;
    let less = most * u64::from(share) / 0xffff;
    ttl_ms - u32::try_from(less).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_flipped_bit_passes() {
        let sealed = seal("\"e\"", r#"{"version":3,"content":{"a":"चाय"}}"#);
        assert!(unseal(&sealed, "\"e\"").is_some());
        assert_eq!(unseal(&sealed, "\"other\""), None, "another version's document");
        for at in 0..sealed.len() * 8 {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            assert_eq!(unseal(&String::from_utf8_lossy(&bytes), "\"e\""), None, "bit {at}");
        }
    }

    #[test]
    fn a_flipped_byte_of_the_cold_tier_is_found_or_changes_nothing() {
        let sealed = seal("\"e\"", &format!("{{\"content\":\"{}\"}}", "founders drink tea ".repeat(40)));
        let packed = pack(&sealed);
        assert!(packed.len() * 2 < sealed.len(), "{} of {}", packed.len(), sealed.len());
        for at in 0..packed.len() {
            let mut bytes = packed.clone().into_bytes();
            bytes[at] ^= 1;
            let read = unpack(&String::from_utf8_lossy(&bytes)).and_then(|text| unseal(&text, "\"e\""));
            assert!(read.is_none_or(|document| seal("\"e\"", &document) == sealed), "byte {at}");
        }
    }

    #[test]
    fn what_inflates_without_end_is_not_read() {
        let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b'a'; MOST_BYTES + 1], LEVEL);
        assert_eq!(unpack(&STANDARD.encode(bomb)), None);
    }

    #[test]
    fn lives_are_spread_over_a_tenth() {
        let lives: Vec<u32> = (0..500).map(|n| jittered(3_600_000, &format!("bcm:{n}:tier0"), "e")).collect();
        let (least, most) = (lives.iter().min().unwrap(), lives.iter().max().unwrap());
        assert!(*least >= 3_240_000 && *most <= 3_600_000);
        assert!(most - least > 300_000, "from {least} to {most}");
        assert_ne!(jittered(3_600_000, "k", "e"), jittered(3_600_000, "k", "f"));
        assert_eq!(jittered(u32::MAX, "k", "e"), jittered(u32::MAX, "k", "e"));
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(etag in "\"[a-f0-9]{32}\"", document in "\\PC{0,400}") {
            let read = unpack(&pack(&seal(&etag, &document))).and_then(|text| unseal(&text, &etag));
            prop_assert_eq!(read, Some(document));
        }
    }
}
