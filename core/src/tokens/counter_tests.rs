use super::*;
use crate::tokens::{at_most, exact};

fn tokens(text: &str) -> u32 {
    Counter::new(exact()).count(text)
}

/// Counts of OpenAI's own tokenizer.
#[test]
fn texts_have_the_tokens_of_cl100k() {
    let cases = [
        ("", 0),
        ("a", 1),
        ("tiktoken is great!", 6),
        ("<|endoftext|>", 7),
        ("a'\u{17f} b", 5),
        (" \u{85}x", 4),
        // JavaScript takes U+FEFF for a space; cl100k does not.
        ("x \u{feff}y", 3),
        ("x\u{feff}\u{feff}!", 4),
        (" \u{200b}x", 2),
    ];
    for (text, expected) in cases {
        assert_eq!(tokens(text), expected, "{text:?}");
    }
}

#[test]
fn short_and_long_pieces_are_merged_alike() {
    let word = "Donaudampfschifffahrtsgesellschaftskapitän";
    let pieces = [word.repeat(2), "io".repeat(40), "=-".repeat(45), "𝔄𝔟".repeat(9), "कि".repeat(20)];
    for table in [exact(), at_most()] {
        let mut counter = Counter::new(table);
        for piece in
            pieces.iter().map(String::as_bytes).flat_map(|piece| (2..piece.len()).map(|end| &piece[..end]))
        {
            assert_eq!(counter.merge_short(piece), counter.merge_long(piece), "{piece:?}");
        }
    }
}

#[test]
fn a_long_run_is_counted_in_time() {
    assert_eq!(tokens(&"a".repeat(200_000)), 25_000);
    assert_eq!(tokens(&" ".repeat(12_800)), 100);
}

#[test]
fn counting_ends_at_the_limit() {
    let mut counter = Counter::new(exact());
    assert_eq!(counter.count_up_to("one two three", 3), Some(3));
    assert_eq!(counter.count_up_to("one two three", 2), None);
    assert_eq!(counter.count_up_to("", 0), Some(0));
    assert_eq!(counter.count_up_to(&"a".repeat(10_000), 78), None);
}
