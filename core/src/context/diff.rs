//! Compares two contents: a JSON Patch for programs, and sentences for people that name the question behind each
//! change.
//!
//! Both come from one walk. Lists are aligned by their longest common subsequence; items between two common ones are
//! paired in order, and the rest was added or removed.

use serde::{Deserialize, Serialize};

use super::clusters::start_of_cluster;
use crate::json::{Json, pointer_segment};
use crate::onboarding::{FieldId, StepId};

/// The most graphemes of a text that a sentence quotes.
const QUOTED: usize = 120;

/// What happened to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It became another.
    Changed,
}

/// One difference, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The sentence.
    pub sentence: String,
    /// Id of the question whose answer it was; absent for what no question asks.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub field: Option<FieldId>,
    /// The onboarding step of that question.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub step: Option<StepId>,
}

/// One operation of a JSON Patch (RFC 6902 section 4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum PatchStep {
    /// Puts a value into an object, or into a list before what stands there.
    Add {
        /// JSON Pointer.
        path: String,
        /// The value.
        #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
        value: Json,
    },
    /// Takes a value out.
    Remove {
        /// JSON Pointer.
        path: String,
    },
    /// Puts a value in another's place.
    Replace {
        /// JSON Pointer.
        path: String,
        /// The value.
        #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
        value: Json,
    },
}

/// Compares two contents of a manifest. For equal contents both lists are empty.
pub fn diff(from: &Json, to: &Json) -> (Vec<Change>, Vec<PatchStep>) {
    let mut differences = Differences::default();
    differences.compare(&Place::default(), from, to);
    (differences.changes, differences.patch)
}

/// The place of a value in the content.
#[derive(Clone, Default)]
struct Place {
    /// JSON Pointer to it.
    pointer: String,
    /// The names on the path without list indexes; a fact's label counts as a name.
    names: Vec<String>,
    /// The name of the list item around it.
    item: Option<String>,
}

impl Place {
    fn at_key(&self, key: &str) -> Self {
        let mut names = self.names.clone();
        names.push(key.to_owned());
        Self { pointer: self.pointer.clone() + &pointer_segment(key), names, item: self.item.clone() }
    }

    fn at_index(&self, index: usize, item: &Json) -> Self {
        let mut names = self.names.clone();
        names.extend(item.get("label").and_then(Json::as_text).map(str::to_owned));
        let name = item.get("name").and_then(Json::as_text).map(str::to_owned);
        Self { pointer: format!("{}/{index}", self.pointer), names, item: name.or_else(|| self.item.clone()) }
    }

    fn field(&self) -> Option<FieldId> {
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        Some(match names.as_slice() {
            ["foundation", "company"] => FieldId::CompanyName,
            ["foundation", "website"] => FieldId::CompanyWebsite,
            ["foundation", "industry"] => FieldId::Industry,
            ["foundation", "stage"] => FieldId::BusinessStage,
            ["foundation", "description"] => FieldId::CompanyDescription,
            ["icps", "name"] => FieldId::IdealCustomerTitle,
            ["icps", "profile"] => FieldId::IdealCustomerProfile,
            ["icps", "pains"] => FieldId::TopPainPoints,
            ["icps", "goals"] => FieldId::TopGoals,
            ["competitive", "uvp"] => FieldId::KeyDifferentiator,
            ["competitive", "alternatives", "name"] => FieldId::Competitors,
            ["messaging", "value_props", "title"] => FieldId::PrimaryOffer,
            ["messaging", "value_props", "description"] => FieldId::CoreProblem,
            ["messaging", "tone"] => FieldId::BrandTone,
            ["channels", "name" | "priority"] => FieldId::ChannelPriorities,
            ["market", "geo"] => FieldId::GeographicFocus,
            ["market", "goal"] => FieldId::AcquisitionGoal,
            ["facts", "Pricing", "value"] => FieldId::PricingModel,
            ["facts", "Proof", "value"] => FieldId::ProofPoints,
            ["guardrails", "constraints"] => FieldId::ConstraintsAndGuardrails,
            ["guardrails", "banned_phrases"] => FieldId::BannedPhrases,
            _ => return None,
        })
    }

    /// What a sentence calls it: the question's label, otherwise its own name, with the name of the item around it.
    fn title(&self) -> String {
        let last = self.names.last().map(String::as_str).unwrap_or_default();
        let own = match (last, self.names.iter().rev().nth(1)) {
            ("value", Some(label)) => label.clone(),
            _ => last.replace('_', " "),
        };
        let title = match self.field().and_then(FieldId::field) {
            Some(field) if last == "priority" => format!("{}, priority", field.label),
            Some(field) => field.label.to_owned(),
            None => capital(&own),
        };
        match &self.item {
            Some(item) if last != "name" => format!("{title} ({item})"),
            _ => title,
        }
    }
}

#[derive(Default)]
struct Differences {
    changes: Vec<Change>,
    patch: Vec<PatchStep>,
}

impl Differences {
    fn compare(&mut self, place: &Place, from: &Json, to: &Json) {
        match (from, to) {
            _ if from == to => {}
            (Json::Object(olds), Json::Object(news)) => {
                let mut names: Vec<&str> = olds.iter().chain(news).map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                for name in names {
                    let place = place.at_key(name);
                    match (from.get(name), to.get(name)) {
                        (Some(from), Some(to)) => self.compare(&place, from, to),
                        (Some(from), None) => self.remove(&place, from),
                        (None, Some(to)) => self.add(&place, to),
                        (None, None) => {}
                    }
                }
            }
            (Json::List(from), Json::List(to)) => self.compare_lists(place, from, to),
            _ => {
                self.patch.push(PatchStep::Replace { path: place.pointer.clone(), value: to.clone() });
                if is_composed(from) || is_composed(to) {
                    self.describe_all(place, from, ChangeKind::Removed);
                    self.describe_all(place, to, ChangeKind::Added);
                } else {
                    self.describe(
                        place,
                        ChangeKind::Changed,
                        format!("{} became {}.", quote(from), quote(to)),
                    );
                }
            }
        }
    }

    /// Works from left to right: everything left of the index already equals `to`, so indexes are those of `to`.
    fn compare_lists(&mut self, place: &Place, from: &[Json], to: &[Json]) {
        let mut at = 0;
        let mut left = from.iter();
        let mut right = to.iter();
        // The last run has no common item behind it.
        let common_items = longest_common_subsequence(from, to).into_iter().map(Some).chain([None]);
        for end in common_items {
            let mut removed: Vec<_> = until_common(&mut left, end);
            let mut added: Vec<_> = until_common(&mut right, end);
            let paired = removed.len().min(added.len());
            let (only_removed, only_added) = (removed.split_off(paired), added.split_off(paired));
            for (old, new) in removed.into_iter().zip(added) {
                let here = place.at_index(at, new);
                if old.get("label") == new.get("label") {
                    self.compare(&here, old, new);
                } else {
                    self.remove(&place.at_index(at, old), old);
                    self.add(&here, new);
                }
                at += 1;
            }
            for old in only_removed {
                self.remove(&place.at_index(at, old), old);
            }
            for new in only_added {
                self.add(&place.at_index(at, new), new);
                at += 1;
            }
            at += usize::from(end.is_some());
        }
    }

    fn add(&mut self, place: &Place, value: &Json) {
        self.patch.push(PatchStep::Add { path: place.pointer.clone(), value: value.clone() });
        self.describe_all(place, value, ChangeKind::Added);
    }

    fn remove(&mut self, place: &Place, value: &Json) {
        self.patch.push(PatchStep::Remove { path: place.pointer.clone() });
        self.describe_all(place, value, ChangeKind::Removed);
    }

    /// A sentence for each text in a value that was added or removed as a whole. A fact's label and a channel's
    /// priority get none: they mean nothing without the rest.
    fn describe_all(&mut self, place: &Place, value: &Json, kind: ChangeKind) {
        match value {
            Json::Object(members) => {
                let described =
                    members.iter().filter(|(key, _)| !["label", "priority"].contains(&key.as_str()));
                for (key, value) in described {
                    self.describe_all(&place.at_key(key), value, kind);
                }
            }
            Json::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.describe_all(&place.at_index(index, item), item, kind);
                }
            }
            text => {
                let verb = if kind == ChangeKind::Added { "added" } else { "removed" };
                self.describe(place, kind, format!("{} was {verb}.", quote(text)));
            }
        }
    }

    fn describe(&mut self, place: &Place, kind: ChangeKind, change: String) {
        let field = place.field();
        let step = field.and_then(FieldId::field).map(|field| field.step);
        self.changes.push(Change { kind, sentence: format!("{}: {change}", place.title()), field, step });
    }
}

/// The items before the next common item, which is skipped; all remaining items when there is none.
fn until_common<'a>(items: &mut std::slice::Iter<'a, Json>, end: Option<&Json>) -> Vec<&'a Json> {
    items.by_ref().take_while(|item| Some(*item) != end).collect()
}

/// The longest common subsequence, as items of `to`.
fn longest_common_subsequence<'a>(from: &[Json], to: &'a [Json]) -> Vec<&'a Json> {
    // best[i][j]: the length of the longest one of from[i..] and to[j..].
    let mut best = vec![vec![0_usize; to.len() + 1]; from.len() + 1];
    let length = |best: &[Vec<usize>], i: usize, j: usize| {
        best.get(i).and_then(|row| row.get(j)).copied().unwrap_or_default()
    };
    for (i, old) in from.iter().enumerate().rev() {
        for (j, new) in to.iter().enumerate().rev() {
            let longest = if old == new {
                length(&best, i + 1, j + 1) + 1
            } else {
                length(&best, i + 1, j).max(length(&best, i, j + 1))
            };
            if let Some(slot) = best.get_mut(i).and_then(|row| row.get_mut(j)) {
                *slot = longest;
            }
        }
    }
    let (mut i, mut j, mut items) = (0, 0, Vec::new());
    while let (Some(old), Some(new)) = (from.get(i), to.get(j)) {
        if old == new {
            items.push(new);
            i += 1;
            j += 1;
        } else if length(&best, i + 1, j) >= length(&best, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    items
}

fn is_composed(value: &Json) -> bool {
    matches!(value, Json::List(_) | Json::Object(_))
}

fn quote(value: &Json) -> String {
    let Json::Text(text) = value else { return value.canonical() };
    match start_of_cluster(text, QUOTED) {
        Some(cut) => format!("“{}…”", text.get(..cut).unwrap_or(text)),
        None => format!("“{text}”"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| [first.to_ascii_uppercase()].into_iter().chain(letters).collect())
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
