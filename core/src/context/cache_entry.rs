//! The format of a manifest in the cache: a document with a checksum, compressed in the cold tier, with TTLs that do
//! not all end at once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sha256_hex;

/// Decompressing stops at this many bytes. No manifest comes near it.
const MAX_BYTES: usize = 1 << 20;
/// zlib's default level; a higher one makes manifests no smaller.
const LEVEL: u8 = 6;
/// The most that jitter takes off a TTL, in percent.
const JITTER_PERCENT: u32 = 10;

/// Puts the SHA-256 of ETag and document in front of them: `<sha256>\n<etag>\n<document>`, so that a changed byte of
/// either is noticed. The manifest's own checksum does not do that: it covers the content, not version and times.
pub fn wrap_document(etag: &str, document: &str) -> String {
    let body = format!("{etag}\n{document}");
    format!("{}\n{body}", sha256_hex(&body))
}

/// The document of a cache entry; `None` when its checksum is wrong or it has another ETag.
pub fn unwrap_document(text: &str, etag: &str) -> Option<String> {
    let (digest, body) = text.split_once('\n')?;
    let (entry_etag, document) = body.split_once('\n')?;
    (entry_etag == etag && sha256_hex(body) == digest).then(|| document.to_owned())
}

/// Compresses an entry for the cold tier: deflate (RFC 1951), in base64 because Upstash answers in JSON.
pub fn compress(entry: &str) -> String {
    STANDARD.encode(miniz_oxide::deflate::compress_to_vec(entry.as_bytes(), LEVEL))
}

/// The entry that was compressed; `None` when it cannot be read.
pub fn decompress(compressed: &str) -> Option<String> {
    let bytes = STANDARD.decode(compressed).ok()?;
    let text = miniz_oxide::inflate::decompress_to_vec_with_limit(&bytes, MAX_BYTES).ok()?;
    String::from_utf8(text).ok()
}

/// `ttl_ms` shortened by up to a tenth, so that entries written in the same minute do not expire in the same minute.
/// Key and ETag alone decide how much, so that one manifest always gets the same TTL.
pub fn ttl_with_jitter(ttl_ms: u32, key: &str, etag: &str) -> u32 {
    let digest = sha256_hex(format!("{key}\n{etag}"));
    let share = digest.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default();
    let most = u64::from(ttl_ms) * u64::from(JITTER_PERCENT) / 100;
    let reduction = most * u64::from(share) / 0xffff;
    ttl_ms - u32::try_from(reduction).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_flipped_bit_passes() {
        let entry = wrap_document("\"e\"", r#"{"version":3,"content":{"a":"चाय"}}"#);
        assert!(unwrap_document(&entry, "\"e\"").is_some());
        assert_eq!(unwrap_document(&entry, "\"other\""), None, "another version's document");
        for at in 0..entry.len() * 8 {
            let mut bytes = entry.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            assert_eq!(unwrap_document(&String::from_utf8_lossy(&bytes), "\"e\""), None, "bit {at}");
        }
    }

    #[test]
    fn a_flipped_byte_of_the_cold_tier_is_found_or_changes_nothing() {
        let entry =
            wrap_document("\"e\"", &format!("{{\"content\":\"{}\"}}", "founders drink tea ".repeat(40)));
        let compressed = compress(&entry);
        assert!(compressed.len() * 2 < entry.len(), "{} of {}", compressed.len(), entry.len());
        for at in 0..compressed.len() {
            let mut bytes = compressed.clone().into_bytes();
            bytes[at] ^= 1;
            let read =
                decompress(&String::from_utf8_lossy(&bytes)).and_then(|text| unwrap_document(&text, "\"e\""));
            assert!(read.is_none_or(|document| wrap_document("\"e\"", &document) == entry), "byte {at}");
        }
    }

    #[test]
    fn a_decompression_bomb_is_not_read() {
        let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b'a'; MAX_BYTES + 1], LEVEL);
        assert_eq!(decompress(&STANDARD.encode(bomb)), None);
    }

    #[test]
    fn ttls_are_spread_over_a_tenth() {
        let ttls: Vec<u32> =
            (0..500).map(|n| ttl_with_jitter(3_600_000, &format!("bcm:{n}:tier0"), "e")).collect();
        let (least, most) = (ttls.iter().min().unwrap(), ttls.iter().max().unwrap());
        assert!(*least >= 3_240_000 && *most <= 3_600_000);
        assert!(most - least > 300_000, "from {least} to {most}");
        assert_ne!(ttl_with_jitter(3_600_000, "k", "e"), ttl_with_jitter(3_600_000, "k", "f"));
        assert_eq!(ttl_with_jitter(u32::MAX, "k", "e"), ttl_with_jitter(u32::MAX, "k", "e"));
    }

    proptest! {
        #[test]
        fn a_compressed_entry_is_read_back(etag in "\"[a-f0-9]{32}\"", document in "\\PC{0,400}") {
            let read = decompress(&compress(&wrap_document(&etag, &document))).and_then(|text| unwrap_document(&text, &etag));
            prop_assert_eq!(read, Some(document));
        }
    }
}
