//! How many tokens a text costs a language model, estimated without a tokenizer.

/// The hard limit of a manifest's content, in cl100k tokens.
pub const BUDGET_TOKENS: u32 = 1_200;
/// What the reducer aims at, so that the estimate's error cannot break the limit.
pub const TARGET_TOKENS: u32 = 1_160;

/// Estimates the cl100k tokens of a text, rather too many than too few.
///
/// Each character adds a weight in thousandths of a token. The weights lie above the means seen with a real
/// cl100k tokenizer on English, ten Indian scripts, emoji, addresses and JSON; `wasm-client/npm/test` holds
/// the estimate against that tokenizer.
pub fn estimate_tokens(text: &str) -> u32 {
    u32::try_from(milli_tokens(text).div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// The estimate in thousandths of a token. It is additive: a text costs what its parts cost.
pub(super) fn milli_tokens(text: &str) -> u64 {
    text.chars().map(|c| u64::from(weight(c))).sum()
}

fn weight(c: char) -> u32 {
    match c {
        // A space joins the word after it.
        ' ' => 100,
        // Common English words cost half of this; names, Hinglish and abbreviations cost all of it.
        'a'..='z' => 410,
        'A'..='Z' => 600,
        '0'..='9' => 740,
        '\0'..='\x7f' => 780,
        '\u{80}'..='\u{24f}' => 1_350,
        // Devanagari has merges in cl100k's vocabulary; the other measured scripts have few.
        '\u{900}'..='\u{97f}' => 1_300,
        '\u{980}'..='\u{aff}' | '\u{b80}'..='\u{d7f}' | '\u{2000}'..='\u{2bff}' | '\u{3000}'..='\u{9fff}' => {
            2_000
        }
        '\u{1f300}'..='\u{1faff}' => 3_200,
        // A script that was not measured costs at most its bytes: a token holds at least one.
        c => u32::try_from(c.len_utf8()).unwrap_or(4).saturating_mul(1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True counts of a cl100k tokenizer for the same texts.
    #[test]
    fn the_estimate_never_falls_short_on_known_texts() {
        let known = [
            (
                "Single-estate Assam tea shipped within ten days of plucking. Founders cannot tell how old the tea is.",
                24,
            ),
            (
                "हम असम के एक ही बागान की चाय तोड़ने के दस दिन के भीतर भेजते हैं। ग्राहक को पता नहीं चलता कि चाय कितनी पुरानी है।",
                105,
            ),
            ("நாங்கள் அசாமின் ஒரே தோட்டத்தின் தேயிலையை பறித்த பத்து நாட்களுக்குள் அனுப்புகிறோம்.", 111),
            ("మేము అస్సాం టీని పది రోజుల్లో పంపుతాము.", 67),
            ("🍵☕️🌱🚀👩‍🌾", 20),
            (
                "Chai bilkul taaza milti hai, das din ke andar ghar tak; purani chai kabhi nahi bhejte, yeh hamara vaada hai.",
                40,
            ),
            (
                "Vahdam, Teabox, Chaayos, Udyan, Goodricke, Makaibari, Wagh Bakri, Tulsi Ayurveda Pvt Ltd, Bengaluru, Thiruvananthapuram",
                46,
            ),
            ("ଆମେ ଆସାମର ଗୋଟିଏ ବଗିଚାର ଚା ଦଶ ଦିନ ମଧ୍ୟରେ ପଠାଉ।", 109),
            ("1234567890 ₹12,30,000 38% 2026-02-01", 20),
        ];
        for (text, tokens) in known {
            let estimate = estimate_tokens(text);
            assert!(estimate >= tokens, "{text}: {estimate} < {tokens}");
        }
    }
}
