//! Estimates the tokens of a text for a language model, without a tokenizer.
//!
//! cl100k splits a text into words, groups of three digits and runs of punctuation; a frequent word is one token and a
//! rare one several. How frequent a word is, is estimated from its pairs of letters and its ending (`letter_pairs.rs`);
//! everything else has a fixed weight. Fitted, in `tests/contract/token_counts`, to one half of `documents.json` and to
//! `rare_words.json`, rounded up, judged on the other half and on `unseen.json`.

use super::letter_pairs::{ENDINGS, LETTER_PAIRS};

/// The hard limit of a manifest's content, in cl100k tokens.
pub const BUDGET_TOKENS: u32 = 1_200;
/// The reducer's target, below the limit by more than the estimate's error.
pub const TARGET_TOKENS: u32 = 1_160;

/// A word costs more than its letters' fit, in thousandths: the fit lies in the middle, the estimate above it.
const WORD: i64 = 1_080;
/// A word whose letters cost more than this looks rare, and the more certainly the more it exceeds it.
const RARE_FROM: i64 = 1_700;
/// By how much it exceeds it when it is certain, and what a rare word costs more: the fit is to frequent words first.
const RARE: (i64, i64) = (700, 1_000);
/// What a capital at the start of a word adds: ` tea` is one token, ` Tea` often two.
const CAPITAL: u64 = 380;
/// Two capitals and more, as in codes and short names: for the run, and for each.
const CAPITALS: (u64, u64) = (900, 400);
/// A word that follows no space, as in addresses and codes.
const GLUED: u64 = 200;
/// The first sign of a run of punctuation, and each further one.
const SIGNS: (u64, u64) = (700, 150);

/// Estimates the cl100k tokens of a text; rather too high than too low.
pub fn estimate_tokens(text: &str) -> u32 {
    u32::try_from(milli_tokens(text).div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// The estimate in thousandths of a token, in one pass.
pub(super) fn milli_tokens(text: &str) -> u64 {
    let mut rest = text;
    let mut before = ' ';
    let mut cost = 0;
    while let Some(first) = rest.chars().next() {
        let (taken, price) = match first {
            'a'..='z' | 'A'..='Z' => letters(rest, before),
            '0'..='9' => digits(rest, before),
            ' ' | '\n' | '\r' | '\t' => (1, if before.is_ascii_whitespace() { 300 } else { 0 }),
            '\0'..='\x7f' if is_sign(before) => (1, SIGNS.1),
            // After a digit, as in dates and prices, a sign joins nothing.
            '\0'..='\x7f' if before.is_ascii_digit() => (1, 1_000),
            '\0'..='\x7f' => (1, SIGNS.0),
            other => (other.len_utf8(), weight(other)),
        };
        cost += price;
        before = first;
        rest = rest.get(taken..).unwrap_or_default();
    }
    cost
}

fn is_sign(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_ascii_control()
}

/// Capitals, then the word that begins with the last of them or after them: its length in bytes, and its cost.
fn letters(text: &str, before: char) -> (usize, u64) {
    let bytes = text.as_bytes();
    let capitals = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let small = bytes.iter().skip(capitals).take_while(|byte| byte.is_ascii_lowercase()).count();
    let many = u64::try_from(capitals).unwrap_or(u64::MAX);
    let (head, mut price) = match capitals {
        0 => (0, 0),
        1 => (0, CAPITAL),
        _ => (capitals, CAPITALS.0 + CAPITALS.1 * many),
    };
    if before != ' ' {
        price += GLUED;
    }
    let end = capitals + small;
    if end > head {
        price += word(bytes.iter().skip(head).take(end - head));
    }
    (end, price)
}

/// A word costs a token at least.
fn word<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    let price = |table: &[[i16; 27]; 27], from: usize, to: usize| {
        table.get(from).and_then(|row| row.get(to)).map_or(0, |weight| i64::from(*weight))
    };
    let (mut before, mut last, mut sum) = (0, 0, 0);
    for byte in bytes {
        let letter = usize::from(byte.to_ascii_lowercase().saturating_sub(b'a')) + 1;
        sum += price(&LETTER_PAIRS, last, letter);
        (before, last) = (last, letter);
    }
    sum += price(&LETTER_PAIRS, last, 0) + price(&ENDINGS, before, last);
    let rare = (sum - RARE_FROM).clamp(0, RARE.0) * RARE.1 / RARE.0;
    u64::try_from((sum * WORD / 1_000 + rare).max(WORD)).unwrap_or_default()
}

/// A token for each three digits, and one for a space before them, which joins words but not numbers.
fn digits(text: &str, before: char) -> (usize, u64) {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    let groups = u64::try_from(count.div_ceil(3)).unwrap_or(u64::MAX);
    (count, groups * 1_000 + if before == ' ' { 1_000 } else { 0 })
}

/// What a character outside ASCII costs.
fn weight(c: char) -> u64 {
    match c {
        // Accents and letters of European languages.
        '\u{80}'..='\u{24f}' => 900,
        '\u{600}'..='\u{6ff}' => 1_600,
        '\u{900}'..='\u{97f}' => 1_380,
        '\u{b80}'..='\u{bff}' => 1_720,
        // Odia: nearly a token for each byte.
        '\u{b00}'..='\u{b7f}' => 2_950,
        // The other scripts of India; the vocabulary has few of their letters.
        '\u{980}'..='\u{d7f}' => 2_050,
        // What joins the parts of an emoji or chooses its look.
        '\u{200d}' | '\u{fe0f}' => 1_750,
        '\u{2000}'..='\u{206f}' => 1_000,
        '\u{2070}'..='\u{2bff}' => 2_050,
        '\u{3000}'..='\u{9fff}' => 2_000,
        '\u{1f000}'..='\u{1faff}' => 3_200,
        // A script that was not measured costs at most its bytes: a token holds at least one.
        c => u64::try_from(c.len_utf8()).unwrap_or(4) * 1_000,
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
