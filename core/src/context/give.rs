//! How the sections of a manifest give way until the whole fits its budget.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::budget::milli_tokens;
use super::clusters::start_of_cluster;
use super::{Dropped, TARGET_TOKENS};
use crate::json::Json;

/// A text longer than this many graphemes is shortened before any item is dropped.
pub(super) const SHORT_TEXT: usize = 160;
/// What never gives beside the guardrails.
const COMPANY: &str = "/foundation/company";

/// The content on its way to its budget.
pub(super) struct Giver {
    content: Json,
    dropped: Vec<Dropped>,
    /// Thousandths of a token, kept up by subtraction. A part alone may cost more than it did among others, so this can
    /// fall below the truth: [`Giver::is_over`] measures again before it says that all fits.
    cost: u64,
    fits: bool,
}

impl Giver {
    pub(super) fn new(content: Json) -> Self {
        let cost = cost_of(&content);
        Self { content, dropped: Vec::new(), cost, fits: cost <= target() }
    }

    /// Lets one section give: long texts are cut, then the last items of the longest list go, then the section.
    pub(super) fn give(&mut self, name: &str) {
        let section = format!("/{name}");
        let mut texts = Vec::new();
        let mut lists = BinaryHeap::new();
        if self.fits {
            return;
        }
        let Some(value) = self.content.get(name) else { return };
        walk(value, &mut section.clone(), &mut |value, pointer| match value {
            Json::Text(text) if is_long(text) && pointer != COMPANY => texts.push(pointer.to_owned()),
            // Of equally long lists, the first in the document.
            Json::List(items) => lists.push((items.len(), Reverse(lists.len()), pointer.to_owned())),
            _ => {}
        });
        for text in texts {
            if !self.is_over() {
                break;
            }
            self.shorten(text);
        }
        while self.is_over()
            && let Some((length, order, list)) = lists.pop()
        {
            if self.pop(&list, length) && length > 1 {
                lists.push((length - 1, order, list));
            }
        }
        if self.is_over() {
            self.remove(name, section);
        }
        let Json::Object(sections) = &mut self.content else { return };
        let Some(at) = sections.iter().position(|(section, _)| section == name) else { return };
        let (section, kept) = sections.swap_remove(at);
        if let Some(pruned) = without_empties(kept) {
            sections.push((section, pruned));
            let last = sections.len() - 1;
            sections.swap(at, last);
        }
    }

    /// The content and what it gave; what went with something larger is not named again.
    pub(super) fn finish(self) -> (Json, Vec<Dropped>) {
        let whole: BTreeSet<_> = self
            .dropped
            .iter()
            .filter(|gone| gone.action == "dropped")
            .map(|gone| gone.pointer.clone())
            .collect();
        let went_along = |gone: &Dropped| {
            let mut ends = gone.pointer.match_indices('/').map(|(end, _)| end);
            ends.any(|end| gone.pointer.get(..end).is_some_and(|above| whole.contains(above)))
                || (gone.action == "shortened" && whole.contains(&gone.pointer))
        };
        (self.content, self.dropped.into_iter().filter(|gone| !went_along(gone)).collect())
    }

    fn is_over(&mut self) -> bool {
        if self.cost <= target() && !self.fits {
            self.cost = cost_of(&self.content);
            self.fits = self.cost <= target();
        }
        !self.fits
    }

    fn shorten(&mut self, pointer: String) {
        let Some(Json::Text(text)) = at(&mut self.content, &pointer) else { return };
        let Some(cut) = start_of_cluster(text, SHORT_TEXT) else { return };
        let rest = text.split_off(cut);
        self.cost = self.cost.saturating_sub(milli_tokens(&rest));
        self.note(pointer, "shortened", "too_long");
    }

    /// Takes the last item of a list; false when the list went with something larger.
    fn pop(&mut self, pointer: &str, length: usize) -> bool {
        let Some(Json::List(items)) = at(&mut self.content, pointer) else { return false };
        let Some(item) = items.pop() else { return false };
        // An item costs its own text and the comma before it.
        self.cost = self.cost.saturating_sub(cost_of(&item) + milli_tokens(","));
        self.note(format!("{pointer}/{}", length.saturating_sub(1)), "dropped", "over_budget");
        true
    }

    /// Removes what is left of a section, but for the company's name.
    fn remove(&mut self, name: &str, section: String) {
        let Some(value) = self.content.get_mut(name) else { return };
        let mut gone = vec![section.clone()];
        if name == "foundation"
            && let Json::Object(members) = value
        {
            gone = members
                .iter()
                .map(|(key, _)| format!("{section}/{key}"))
                .filter(|at| at != COMPANY)
                .collect();
            members.retain(|(key, _)| key == "company");
        } else {
            *value = Json::Null;
        }
        for pointer in gone {
            self.note(pointer, "dropped", "over_budget");
        }
        self.cost = cost_of(&self.content);
        self.fits = self.cost <= target();
    }

    fn note(&mut self, pointer: String, action: &str, reason: &str) {
        self.dropped.push(Dropped { pointer, action: action.to_owned(), reason: reason.to_owned() });
    }
}

fn target() -> u64 {
    u64::from(TARGET_TOKENS) * 1_000
}

fn cost_of(value: &Json) -> u64 {
    milli_tokens(&value.canonical())
}

/// The value at a JSON Pointer. Names in a content need no escapes.
fn at<'a>(content: &'a mut Json, pointer: &str) -> Option<&'a mut Json> {
    pointer.split('/').skip(1).try_fold(content, |value, name| match value {
        Json::List(items) => items.get_mut(name.parse::<usize>().ok()?),
        other => other.get_mut(name),
    })
}

/// The value without nulls, empty texts, empty lists and empty objects; `None` when nothing is left.
pub(super) fn without_empties(value: Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::Text(text) if text.trim().is_empty() => None,
        Json::List(items) => {
            let kept: Vec<_> = items.into_iter().filter_map(without_empties).collect();
            (!kept.is_empty()).then_some(Json::List(kept))
        }
        Json::Object(members) => {
            let kept: Vec<_> = members
                .into_iter()
                .filter_map(|(name, value)| Some((name, without_empties(value)?)))
                .collect();
            (!kept.is_empty()).then_some(Json::Object(kept))
        }
        scalar => Some(scalar),
    }
}

/// Whether a text may have more graphemes than a short one: it has more characters. Counting those is much cheaper.
fn is_long(text: &str) -> bool {
    text.len() > SHORT_TEXT && text.chars().nth(SHORT_TEXT).is_some()
}

/// Shows every value inside `value`, itself first, with its pointer, which is as before afterwards.
fn walk(value: &Json, pointer: &mut String, see: &mut impl FnMut(&Json, &str)) {
    see(value, pointer);
    let length = pointer.len();
    match value {
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                walk(item, pointer, see);
                pointer.truncate(length);
            }
        }
        Json::Object(members) => {
            for (key, item) in members {
                pointer.push('/');
                pointer.push_str(key);
                walk(item, pointer, see);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, to_value};

    #[test]
    fn a_text_is_cut_by_its_graphemes_before_any_item_goes() {
        // One grapheme, two characters each: the first has more characters than a short text, and fewer graphemes.
        let text = |graphemes: usize| "e\u{301}".repeat(graphemes);
        let mut giver =
            Giver::new((&json!({"facts": [{"value": text(100)}, {"value": text(5_000)}]})).into());
        giver.give("facts");
        let (content, dropped) = giver.finish();
        assert_eq!(
            to_value(content).unwrap(),
            json!({"facts": [{"value": text(100)}, {"value": text(SHORT_TEXT)}]})
        );
        let told: Vec<_> = dropped.iter().map(|gone| (gone.pointer.as_str(), gone.action.as_str())).collect();
        assert_eq!(told, [("/facts/1/value", "shortened")]);
    }
}
