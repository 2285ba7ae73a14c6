//! Trims a manifest's content, section by section, until it fits the token budget.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::budget::milli_tokens;
use super::clusters::start_of_cluster;
use super::{Dropped, TARGET_TOKENS};
use crate::json::Json;

/// A text longer than this many graphemes is shortened before any item is dropped.
pub(super) const SHORT_TEXT: usize = 160;
/// Never trimmed, like the guardrails.
const COMPANY: &str = "/foundation/company";

/// Content that is being trimmed, and what was dropped from it so far.
pub(super) struct Trimmer {
    content: Json,
    dropped: Vec<Dropped>,
    /// Estimate in thousandths of a token. Each drop subtracts the cost of what was dropped, which may be more than it
    /// cost in its place; so [`Trimmer::is_over_budget`] measures the content again before it reports that it fits.
    cost: u64,
    fits: bool,
}

impl Trimmer {
    pub(super) fn new(content: Json) -> Self {
        let cost = cost_of(&content);
        Self { content, dropped: Vec::new(), cost, fits: cost <= target() }
    }

    /// Trims one section as far as the budget needs: shortens long texts, then drops items from the end of the longest
    /// list, then drops the section.
    pub(super) fn trim_section(&mut self, name: &str) {
        let section = format!("/{name}");
        let mut texts = Vec::new();
        let mut lists = BinaryHeap::new();
        if self.fits {
            return;
        }
        let Some(value) = self.content.get(name) else { return };
        walk(value, &mut section.clone(), &mut |value, pointer| match value {
            Json::Text(text) if is_long(text) && pointer != COMPANY => texts.push(pointer.to_owned()),
            // Of equally long lists the first in the document is trimmed first.
            Json::List(items) => lists.push((items.len(), Reverse(lists.len()), pointer.to_owned())),
            _ => {}
        });
        for text in texts {
            if !self.is_over_budget() {
                break;
            }
            self.shorten(text);
        }
        while self.is_over_budget()
            && let Some((length, order, list)) = lists.pop()
        {
            if self.pop(&list, length) && length > 1 {
                lists.push((length - 1, order, list));
            }
        }
        if self.is_over_budget() {
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

    /// The trimmed content and what was dropped. A drop inside of something that was dropped as a whole is not listed.
    pub(super) fn finish(self) -> (Json, Vec<Dropped>) {
        let dropped_pointers: BTreeSet<_> = self
            .dropped
            .iter()
            .filter(|entry| entry.action == "dropped")
            .map(|entry| entry.pointer.clone())
            .collect();
        let is_covered = |entry: &Dropped| {
            let mut ends = entry.pointer.match_indices('/').map(|(end, _)| end);
            ends.any(|end| entry.pointer.get(..end).is_some_and(|parent| dropped_pointers.contains(parent)))
                || (entry.action == "shortened" && dropped_pointers.contains(&entry.pointer))
        };
        (self.content, self.dropped.into_iter().filter(|entry| !is_covered(entry)).collect())
    }

    fn is_over_budget(&mut self) -> bool {
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

    /// Drops the last item of a list. Returns false when the list itself is no longer there.
    fn pop(&mut self, pointer: &str, length: usize) -> bool {
        let Some(Json::List(items)) = at(&mut self.content, pointer) else { return false };
        let Some(item) = items.pop() else { return false };
        // An item costs its own text and the comma before it.
        self.cost = self.cost.saturating_sub(cost_of(&item) + milli_tokens(","));
        self.note(format!("{pointer}/{}", length.saturating_sub(1)), "dropped", "over_budget");
        true
    }

    /// Drops what is left of a section, except the company's name.
    fn remove(&mut self, name: &str, section: String) {
        let Some(value) = self.content.get_mut(name) else { return };
        let mut removed = vec![section.clone()];
        if name == "foundation"
            && let Json::Object(members) = value
        {
            removed = members
                .iter()
                .map(|(key, _)| format!("{section}/{key}"))
                .filter(|at| at != COMPANY)
                .collect();
            members.retain(|(key, _)| key == "company");
        } else {
            *value = Json::Null;
        }
        for pointer in removed {
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

/// Whether a text may have more than [`SHORT_TEXT`] graphemes. It compares characters, which is much cheaper and never
/// says no wrongly.
fn is_long(text: &str) -> bool {
    text.len() > SHORT_TEXT && text.chars().nth(SHORT_TEXT).is_some()
}

/// Calls `visit` with `value` and every value inside of it, parents first, each with its JSON Pointer. `pointer` is
/// unchanged afterwards.
fn walk(value: &Json, pointer: &mut String, visit: &mut impl FnMut(&Json, &str)) {
    visit(value, pointer);
    let length = pointer.len();
    match value {
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                walk(item, pointer, visit);
                pointer.truncate(length);
            }
        }
        Json::Object(members) => {
            for (key, item) in members {
                pointer.push('/');
                pointer.push_str(key);
                walk(item, pointer, visit);
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
    fn a_text_is_cut_by_its_graphemes_before_any_item_is_dropped() {
        // One grapheme, two characters each: the first has more characters than a short text, and fewer graphemes.
        let text = |graphemes: usize| "e\u{301}".repeat(graphemes);
        let mut trimmer =
            Trimmer::new((&json!({"facts": [{"value": text(100)}, {"value": text(5_000)}]})).into());
        trimmer.trim_section("facts");
        let (content, dropped) = trimmer.finish();
        assert_eq!(
            to_value(content).unwrap(),
            json!({"facts": [{"value": text(100)}, {"value": text(SHORT_TEXT)}]})
        );
        let listed: Vec<_> =
            dropped.iter().map(|entry| (entry.pointer.as_str(), entry.action.as_str())).collect();
        assert_eq!(listed, [("/facts/1/value", "shortened")]);
    }
}
