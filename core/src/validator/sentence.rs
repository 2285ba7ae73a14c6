//! The messages under a form's input, each with the label and, where it helps, what to do.

use super::place::{Place, shorten_name};
use super::table::{Choice, Node, Program, kind};
use crate::json::SyntaxError;

/// The most characters of a text that a message quotes.
const QUOTED: usize = 24;

/// Appends a word to a list in a sentence, with `between` before it unless it is the first.
pub fn append_to_list(listed: &mut String, between: &str, word: &str) {
    if !listed.is_empty() {
        listed.push_str(between);
    }
    listed.push_str(word);
}

/// A sentence that begins with the label.
pub(super) fn with_label(place: &Place<'_>, rest: &str) -> String {
    format!("{} {rest}", place.label())
}

pub(super) fn not_json(error: &SyntaxError, line: usize, column: usize) -> String {
    format!("The text is not JSON: {} at line {line}, column {column}.", error.expected)
}

pub(super) fn not_allowed(place: &Place<'_>) -> String {
    with_label(place, "is not allowed here; remove it.")
}

pub(super) fn lone_surrogate(place: &Place<'_>) -> String {
    with_label(place, "has a broken character (a lone surrogate); retype it.")
}

pub(super) fn out_of_range(place: &Place<'_>) -> String {
    with_label(place, "is a number too large to hold.")
}

pub(super) fn not_a_time(place: &Place<'_>) -> String {
    with_label(place, "must be a date and time such as 2026-02-01T06:30:00Z.")
}

pub(super) fn duplicate_key(name: &[u8]) -> String {
    format!("“{}” appears twice; keep one.", shorten_name(name))
}

pub(super) fn wrong_type(program: &Program, place: &Place<'_>) -> String {
    let node = place.node;
    let list = if program.node(node.items).kinds == kind::STRING { "a list of texts" } else { "a list" };
    if place.is_item() && node.kinds == kind::STRING {
        return with_label(place, "must be a list of texts.");
    }
    let names = [
        (kind::STRING, "text"),
        (kind::INTEGER | kind::FRACTION, "a number"),
        (kind::INTEGER, "a whole number"),
        (kind::BOOLEAN, "true or false"),
        (kind::ARRAY, list),
        (kind::OBJECT, "an object"),
        (kind::NULL, "null"),
    ];
    let mut left = node.kinds;
    let mut words = String::new();
    for (bits, name) in names {
        if left & bits == bits {
            left &= !bits;
            append_to_list(&mut words, " or ", name);
        }
    }
    with_label(place, &format!("must be {words}."))
}

pub(super) fn too_long(place: &Place<'_>, text: &str, count: usize, most: usize) -> String {
    let label = place.label();
    let which = if place.is_item() {
        let start: String = text.chars().take(QUOTED).collect();
        format!("{label}: the item beginning “{start}”")
    } else {
        label.to_owned()
    };
    format!("{which} has {count} characters; the most is {most}.")
}

pub(super) fn too_short(place: &Place<'_>, count: usize, least: usize) -> String {
    match (count, place.is_item()) {
        (0, false) => with_label(place, "must not be empty."),
        (0, true) => with_label(place, "has an empty item; remove it."),
        _ => with_label(place, &format!("has {count} characters; the least is {least}.")),
    }
}

pub(super) fn too_few_items(place: &Place<'_>, count: usize, least: usize) -> String {
    match count {
        0 => with_label(place, "must have an item."),
        _ => with_label(place, &format!("has {count} items; the least is {least}.")),
    }
}

pub(super) fn bound(place: &Place<'_>, keyword: &str, bound: &str) -> (&'static str, String) {
    let (code, words) = match keyword {
        "minimum" => ("too_small", "at least"),
        "maximum" => ("too_large", "at most"),
        "exclusiveMinimum" => ("too_small", "more than"),
        _ => ("too_large", "less than"),
    };
    (code, with_label(place, &format!("must be {words} {bound}.")))
}

pub(super) fn not_one_of(place: &Place<'_>, choice: &Choice, text: Option<&str>) -> String {
    let meant = text.and_then(|text| nearest(text, &mut choice.texts.iter().copied()));
    let mut listed = String::new();
    choice.texts.iter().for_each(|text| append_to_list(&mut listed, ", ", &format!("“{text}”")));
    choice.others.iter().for_each(|other| append_to_list(&mut listed, ", ", other));
    let one_of = if choice.texts.len() + choice.others.len() == 1 { "" } else { "one of " };
    match meant {
        Some(meant) => with_label(place, &format!("must be {one_of}{listed}; did you mean “{meant}”?")),
        None => with_label(place, &format!("must be {one_of}{listed}.")),
    }
}

pub(super) fn unknown_field(program: &Program, node: &Node, name: &[u8]) -> String {
    // In onboarding the members of an object are questions.
    let asked = node.properties.iter().any(|(_, property)| !program.node(*property).step.is_empty());
    let noun = if asked { "question" } else { "field" };
    let name = shorten_name(name);
    match nearest(name, &mut node.properties.iter().map(|(known, _)| *known)) {
        Some(meant) => format!("“{name}” is not a {noun} here; did you mean “{meant}”?"),
        None => format!("“{name}” is not a {noun} here; remove it."),
    }
}

/// The word that was probably meant: equal except for capitals, or with at most a third of its characters mistyped.
fn nearest<'w>(text: &str, words: &mut dyn Iterator<Item = &'w str>) -> Option<&'w str> {
    let text: Vec<char> =
        text.chars().take(super::place::MAX_NAME_CHARACTERS + 1).map(|c| c.to_ascii_lowercase()).collect();
    words
        .map(|word| (distance(&text, word), word))
        .filter(|(distance, word)| *distance <= word.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The Levenshtein distance, ignoring ASCII case.
fn distance(text: &[char], word: &str) -> usize {
    let mut row: Vec<usize> = (0..=text.len()).collect();
    for (line, letter) in word.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, other) in row.iter_mut().zip(std::iter::once(None).chain(text.iter().map(Some))) {
            let above = *cell;
            let best = match other {
                None => line + 1,
                Some(other) => (diagonal + usize::from(*other != letter)).min(above + 1).min(left + 1),
            };
            diagonal = above;
            left = best;
            *cell = best;
        }
    }
    row.last().copied().unwrap_or(0)
}
