use super::*;
use crate::tokens::exact;

fn pieces(text: &str) -> Vec<&str> {
    Pieces::new(exact(), text).collect()
}

#[test]
fn words_take_one_sign_before_them_and_numbers_none() {
    assert_eq!(pieces("Tea for 12345 (us)"), ["Tea", " for", " ", "123", "45", " (", "us", ")"]);
    assert_eq!(pieces("(us) \u{a0}x"), ["(us", ")", " ", "\u{a0}x"]);
}

#[test]
fn contractions_are_pieces_whatever_their_case() {
    assert_eq!(pieces("we'll it'S 'Ve 'x"), ["we", "'ll", " it", "'S", " '", "Ve", " '", "x"]);
    assert_eq!(pieces("'resort'la'"), ["'re", "sort", "'la", "'"]);
}

#[test]
fn signs_take_a_space_before_them_and_line_breaks_after() {
    assert_eq!(pieces("a !?\r\n\nb\t!"), ["a", " !?\r\n\n", "b", "\t", "!"]);
}

#[test]
fn spaces_end_after_a_line_break_or_before_their_last() {
    assert_eq!(pieces("a   b"), ["a", "  ", " b"]);
    assert_eq!(pieces("a \n \n  b"), ["a", " \n \n", " ", " b"]);
    assert_eq!(pieces("a  "), ["a", "  "]);
    assert_eq!(pieces("a  7"), ["a", " ", " ", "7"]);
}

#[test]
fn marks_of_indian_scripts_are_signs() {
    assert_eq!(pieces("हिंदी"), ["ह", "िं", "द", "ी"]);
    assert_eq!(pieces(""), [""; 0]);
}
