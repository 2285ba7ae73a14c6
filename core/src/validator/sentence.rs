//! The sentences that stand under a form's input, each with the label and, where one helps, the way out.

use super::place::{Place, cut};
use super::table::{Choice, Node, Program, kind};
use crate::json::Broken;

/// How much of a text is quoted to recognise it by.
const QUOTED: usize = 24;

/// Adds a word to those that were listed before.
pub fn enlist(listed: &mut String, between: &str, word: &str) {
    if !listed.is_empty() {
        listed.push_str(between);
    }
    listed.push_str(word);
}

/// `Label …`
pub(super) fn tail(place: &Place<'_>, tail: &str) -> String {
    format!("{} {tail}", place.label())
}

pub(super) fn not_json(broken: &Broken, line: usize, column: usize) -> String {
    format!("The text is not JSON: {} at line {line}, column {column}.", broken.expected)
}

pub(super) fn not_allowed(place: &Place<'_>) -> String {
    tail(place, "is not allowed here; remove it.")
}

pub(super) fn lone_surrogate(place: &Place<'_>) -> String {
    tail(place, "has a broken character (a lone surrogate); retype it.")
}

pub(super) fn out_of_range(place: &Place<'_>) -> String {
    tail(place, "is a number too large to hold.")
}

pub(super) fn not_a_time(place: &Place<'_>) -> String {
    tail(place, "must be a date and time such as 2026-02-01T06:30:00Z.")
}

pub(super) fn duplicate_key(name: &[u8]) -> String {
    format!("“{}” appears twice; keep one.", cut(name))
}

pub(super) fn wrong_type(program: &Program, place: &Place<'_>) -> String {
    let node = place.node;
    let list = if program.node(node.items).kinds == kind::STRING { "a list of texts" } else { "a list" };
    if place.is_item() && node.kinds == kind::STRING {
        return tail(place, "must be a list of texts.");
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
            enlist(&mut words, " or ", name);
        }
    }
    tail(place, &format!("must be {words}."))
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
        (0, false) => tail(place, "must not be empty."),
        (0, true) => tail(place, "has an empty item; remove it."),
        _ => tail(place, &format!("has {count} characters; the least is {least}.")),
    }
}

pub(super) fn too_few_items(place: &Place<'_>, count: usize, least: usize) -> String {
    match count {
        0 => tail(place, "must have an item."),
        _ => tail(place, &format!("has {count} items; the least is {least}.")),
    }
}

pub(super) fn bound(place: &Place<'_>, keyword: &str, bound: &str) -> (&'static str, String) {
    let (code, words) = match keyword {
        "minimum" => ("too_small", "at least"),
        "maximum" => ("too_large", "at most"),
        "exclusiveMinimum" => ("too_small", "more than"),
        _ => ("too_large", "less than"),
    };
    (code, tail(place, &format!("must be {words} {bound}.")))
}

pub(super) fn not_one_of(place: &Place<'_>, choice: &Choice, given: Option<&str>) -> String {
    let meant = given.and_then(|given| nearest(given, &mut choice.texts.iter().copied()));
    let mut listed = String::new();
    choice.texts.iter().for_each(|text| enlist(&mut listed, ", ", &format!("“{text}”")));
    choice.others.iter().for_each(|other| enlist(&mut listed, ", ", other));
    let one_of = if choice.texts.len() + choice.others.len() == 1 { "" } else { "one of " };
    match meant {
        Some(meant) => tail(place, &format!("must be {one_of}{listed}; did you mean “{meant}”?")),
        None => tail(place, &format!("must be {one_of}{listed}.")),
    }
}

pub(super) fn unknown_field(program: &Program, node: &Node, name: &[u8]) -> String {
    // In onboarding the members of an object are questions.
    let asked = node.properties.iter().any(|(_, property)| !program.node(*property).step.is_empty());
    let noun = if asked { "question" } else { "field" };
    let name = cut(name);
    match nearest(name, &mut node.properties.iter().map(|(known, _)| *known)) {
        Some(meant) => format!("“{name}” is not a {noun} here; did you mean “{meant}”?"),
        None => format!("“{name}” is not a {noun} here; remove it."),
    }
}

/// The word that was probably meant: the same but for capitals, or at most a third of it mistyped.
fn nearest<'w>(given: &str, words: &mut dyn Iterator<Item = &'w str>) -> Option<&'w str> {
    let given: Vec<char> =
        given.chars().take(super::place::LONGEST_NAME + 1).map(|c| c.to_ascii_lowercase()).collect();
    words
        .map(|word| (distance(&given, word), word))
        .filter(|(distance, word)| *distance <= word.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Letters to insert, remove or replace (Levenshtein), without regard to capitals, which our words have of ASCII only.
fn distance(given: &[char], word: &str) -> usize {
    let mut row: Vec<usize> = (0..=given.len()).collect();
    for (line, letter) in word.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, other) in row.iter_mut().zip(std::iter::once(None).chain(given.iter().map(Some))) {
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
