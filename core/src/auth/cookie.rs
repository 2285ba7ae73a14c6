//! The session cookie that `@supabase/ssr` writes: JSON, usually as base64url, cut into chunks when it is long.
//! A broken cookie counts as absent, as in that library.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// A longer `Cookie` header is not read. Browsers keep theirs under 4 KB a cookie.
const MAX_HEADER_BYTES: usize = 65_536;
/// More chunks are refused: ten hold 31 KB, more than any session.
const MAX_CHUNKS: usize = 10;

#[derive(Deserialize)]
struct SessionCookie {
    access_token: String,
}

/// The cookie's name for a project: `sb-<first label of its host>-auth-token`.
pub fn cookie_name(supabase_url: &str) -> String {
    let host = supabase_url.split_once("://").map_or(supabase_url, |(_, rest)| rest);
    format!("sb-{}-auth-token", host.split(['.', ':', '/']).next().unwrap_or_default())
}

/// The access token in a `Cookie` header, not verified.
pub fn cookie_token(header: &str, name: &str) -> Option<String> {
    if header.len() > MAX_HEADER_BYTES {
        return None;
    }
    let text = session_text(header, name)?;
    let json = match text.strip_prefix("base64-") {
        Some(encoded) => URL_SAFE_NO_PAD.decode(encoded).ok()?,
        None => text.into_bytes(),
    };
    // Serde would also read an array into the struct.
    let object = json.trim_ascii_start().starts_with(b"{");
    let stored: SessionCookie = object.then(|| serde_json::from_slice(&json).ok()).flatten()?;
    Some(stored.access_token).filter(|token| !token.is_empty())
}

/// The cookie under its own name, or else its chunks `.0`, `.1` … up to the first gap.
fn session_text(header: &str, name: &str) -> Option<String> {
    if let Some(whole) = value(header, name) {
        return Some(whole);
    }
    let mut text = String::new();
    for index in 0..=MAX_CHUNKS {
        match value(header, &format!("{name}.{index}")) {
            Some(_) if index == MAX_CHUNKS => return None,
            Some(chunk) => text.push_str(&chunk),
            None => break,
        }
    }
    Some(text).filter(|text| !text.is_empty())
}

/// The first cookie of this name that is not empty, decoded as the `cookie` package does.
fn value(header: &str, name: &str) -> Option<String> {
    let raw = header
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| known.trim() == name)
        .map(|(_, value)| value.trim())?;
    let raw = raw.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(raw);
    Some(percent_decoded(raw).unwrap_or_else(|| raw.to_owned())).filter(|value| !value.is_empty())
}

/// Percent-decoding (RFC 3986, section 2.1); `None` for a broken escape or what is not UTF-8 then.
fn percent_decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let hex = piece.get(..2).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(piece.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
