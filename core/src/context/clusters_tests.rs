use std::fmt::Write as _;

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;

/// One character of each class that runs name, in the order of [`NAMED`].
const EXAMPLES: [char; 15] = [
    '\0',
    '\r',
    '\n',
    '\u{300}',
    '\u{200c}',
    '\u{94d}',
    '\u{200d}',
    '\u{903}',
    '\u{600}',
    '\u{1f1e6}',
    '\u{a9}',
    '\u{915}',
    '\u{1100}',
    '\u{1160}',
    '\u{11a8}',
];

/// Where the crate breaks a character among others: different for each class.
fn behaviour(character: char) -> Vec<usize> {
    let beside =
        ["a", "\r", "\n", "\u{300}", "\u{1f1e6}", "\u{a9}", "\u{915}", "\u{1100}", "\u{1160}", "\u{11a8}"];
    let mut texts: Vec<_> = beside
        .iter()
        .flat_map(|other| [format!("{other}{character}"), format!("{character}{other}")])
        .collect();
    texts.push(format!("\u{915}{character}\u{915}"));
    texts.push(format!("\u{915}{character}\u{94d}\u{915}"));
    texts.push(format!("\u{a9}{character}\u{a9}"));
    texts.push(format!("\u{a9}{character}\u{200d}\u{a9}"));
    texts.iter().map(|text| text.graphemes(true).count()).collect()
}

/// How many clusters a text has that a character stands in everywhere: another number than for `a` for all that are of a
/// class. A million characters are looked at, nearly all of which are not.
fn hint(character: char) -> usize {
    let c = character;
    format!("a{c}a\0\u{600}{c}\0\u{1f1e6}{c}\0\u{a9}\u{200d}{c}\0\u{915}\u{94d}{c}\0\u{1100}{c}\0\u{1160}{c}")
        .graphemes(true)
        .count()
}

/// The table as the crate has it. A newer Unicode in the crate fails here; `UPDATE=1` writes the table anew, and the
/// reducer's number must go up when a manifest could change by it.
#[test]
fn every_character_has_the_class_that_the_crate_gives_it() {
    let named: Vec<_> = EXAMPLES.iter().map(|example| behaviour(*example)).collect();
    for (at, one) in named.iter().enumerate() {
        assert!(!named[..at].contains(one), "{:?} is told apart from the others", NAMED[at]);
    }
    let others = [behaviour('a'), behaviour('\u{ac00}'), behaviour('\u{ac01}')];
    let quiet = hint('a');
    let mut runs: Vec<(u32, u32, usize)> = Vec::new();
    for character in char::MIN..=char::MAX {
        if hint(character) == quiet {
            assert_eq!(class(character), Other, "{character:?}");
            continue;
        }
        let found = behaviour(character);
        let Some(class) = named.iter().position(|one| *one == found) else {
            assert!(others.contains(&found), "{character:?} is of a class that is not known");
            assert_eq!(super::class(character), if found == others[1] { Lv } else { Lvt }, "{character:?}");
            continue;
        };
        let code = u32::from(character);
        match runs.last_mut() {
            Some((first, last, same)) if *same == class && *last + 1 == code && code - *first < 128 => {
                *last = code
            }
            _ => runs.push((code, code, class)),
        }
    }
    let mut table = "//! Generated from the crate unicode-segmentation by `UPDATE=1 cargo test --lib clusters`; do not edit.\n\n/// First character (21 bits), how many follow it (7 bits), and the place of their class (4 bits), in order.\n#[rustfmt::skip]\npub(super) static RUNS: &[u32] = &[".to_owned();
    for (number, (first, last, class)) in runs.iter().enumerate() {
        let run = first << 11 | (last - first) << 4 | u32::try_from(*class).unwrap();
        let _ = write!(table, "{}0x{run:x},", if number % 10 == 0 { "\n    " } else { " " });
    }
    table.push_str("\n];\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/context/cluster_classes.rs");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == table, "the crate has other classes: UPDATE=1");
    for (first, last, at) in runs {
        for character in (first..=last).filter_map(char::from_u32) {
            assert_eq!(class(character), NAMED[at], "{character:?}");
        }
    }
}

fn agree(text: &str) {
    let starts: Vec<_> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    for number in 0..=starts.len() {
        assert_eq!(start_of_cluster(text, number), starts.get(number).copied(), "{number} of {text:?}");
    }
}

/// Every text of four characters, one for each class.
#[test]
fn four_characters_of_any_classes_are_cut_as_the_crate_cuts_them() {
    let all: Vec<char> = EXAMPLES.into_iter().chain(['a', '\u{ac00}', '\u{ac01}']).collect();
    for a in &all {
        for b in &all {
            for c in &all {
                for d in &all {
                    agree(&String::from_iter([a, b, c, d]));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn long_texts_are_cut_as_the_crate_cuts_them(classes in prop::collection::vec(0..18_usize, 0..60)) {
        let of = |at: usize| EXAMPLES.get(at).copied().unwrap_or(['a', '\u{ac00}', '\u{ac01}'][at % 3]);
        agree(&classes.into_iter().map(of).collect::<String>());
    }

    #[test]
    fn any_text_is_cut_as_the_crate_cuts_it(text in ".{0,40}") {
        agree(&text);
    }
}
