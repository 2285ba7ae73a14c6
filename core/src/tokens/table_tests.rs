use super::*;
use crate::tokens::{at_most, exact};

#[test]
fn both_files_decode_and_only_the_whole_one_is_exact() {
    assert!(exact().is_exact());
    assert!(!at_most().is_exact());
    assert!(at_most().merges > 10_000, "{}", at_most().merges);
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    let file = include_bytes!("cl100k_at_most.table");
    for length in (0..file.len()).step_by(997) {
        assert!(Table::decode(&file[..length]).is_none(), "{length}");
    }
}

#[test]
fn classes_are_those_of_unicode() {
    let of_space = ['\t', '\n', '\u{b}', '\r', ' ', '\u{85}', '\u{a0}', '\u{2028}', '\u{3000}'];
    for character in of_space {
        assert_eq!(exact().class(character), Class::Space, "{character:?}");
    }
    for character in ['a', 'Z', 'é', 'क', 'ம', 'ଓ', 'ﷲ', '漢', '\u{3134a}'] {
        assert_eq!(exact().class(character), Class::Letter, "{character:?}");
    }
    for character in ['7', '٣', '०', '௧', '½', 'Ⅻ'] {
        assert_eq!(exact().class(character), Class::Number, "{character:?}");
    }
    for character in ['!', '₹', 'ि', '\u{200d}', '\u{feff}', '😀', '\u{10ffff}'] {
        assert_eq!(exact().class(character), Class::Other, "{character:?}");
    }
}

#[test]
fn a_table_without_merges_counts_bytes() {
    let table = Table::default();
    assert_eq!(table.merged(0, 0), None);
    assert_eq!(crate::tokens::Counter::new(&table).count("tea\0\0!"), 6);
}
