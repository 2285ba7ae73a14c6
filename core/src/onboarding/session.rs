//! The onboarding session: answers that are not submitted yet, and a revision by which conflicting saves are noticed.

use serde::{Deserialize, Serialize};

use super::{Answers, Changes, FieldId, RawAnswers, validate_field};
use crate::vocabulary::SessionState;

/// A session as it is stored: one per workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Counts up by one with each save; 0 before the first.
    pub revision: u32,
    /// `draft` until the onboarding is submitted, and never again after.
    pub state: SessionState,
    /// The answers so far.
    pub answers: Answers,
}

/// The most saves by which a snapshot can be behind: far more than people make in the seconds between two snapshots.
const SAVES_BEHIND: u32 = 1_000;

impl Session {
    /// The session of a workspace before its first save: a draft at revision 0.
    pub fn new() -> Self {
        Self { revision: 0, state: SessionState::Draft, answers: Answers::default() }
    }

    /// Whether this snapshot can be an earlier state of the session that reached `revision`: not ahead of it, and not
    /// too far behind.
    pub fn can_be_behind(&self, revision: u32) -> bool {
        revision.checked_sub(self.revision).is_some_and(|saves| saves <= SAVES_BEHIND)
    }

    /// The copy that a `revision_conflict` carries.
    pub fn copy(&self) -> SessionCopy {
        SessionCopy { revision: self.revision, answers: self.answers.clone() }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// The other copy, for the one whose save was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionCopy {
    /// Its revision; a save that names it in `If-Match` is taken.
    pub revision: u32,
    /// Its answers.
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, super::Answer>"))]
    pub answers: Answers,
}

/// The answers that are valid on their own, for answers stored earlier or still being typed. Invalid ones are left out,
/// so that a change of the questions does not lock a founder out of all other answers.
pub fn valid_answers(raw: impl Into<RawAnswers>) -> Answers {
    let raw = raw.into();
    let mut answers = Answers::default();
    for id in FieldId::ALL {
        if let Some(Ok(Some(answer))) = raw.get(id.as_str()).map(|answer| validate_field(*id, answer)) {
            answers.set(*id, answer);
        }
    }
    answers
}

/// The changes that a request asks for: every field that it names, with its validated answer. `validated` is the result
/// of validating `raw`.
pub fn requested_changes(raw: impl Into<RawAnswers>, validated: &Answers) -> Changes {
    raw.into().names().filter_map(FieldId::parse).map(|id| (id, validated.get(id).cloned())).collect()
}

/// The changes that turn `from` into `to`.
pub fn difference(from: &Answers, to: &Answers) -> Changes {
    let differ = |id: &&FieldId| from.get(**id) != to.get(**id);
    FieldId::ALL.iter().filter(differ).map(|id| (*id, to.get(*id).cloned())).collect()
}

/// Merges one tab's changes into answers that another tab has saved meanwhile. The merge is per field: a list is one
/// field, and an absent field has no answer.
///
/// `base` is what this tab had loaded. A field that this tab did not change keeps the other tab's answer; a field that
/// only this tab changed gets this tab's. Without a base every named field counts as changed, from no answer.
///
/// # Errors
/// The fields that both tabs changed to different answers.
pub fn merge_step(
    current: &Answers,
    base: Option<&Answers>,
    changes: &Changes,
) -> Result<Changes, Vec<FieldId>> {
    let mut merged = Changes::default();
    let mut conflicts = Vec::new();
    for (id, ours) in changes.iter() {
        let (theirs, before) = (current.get(id), base.and_then(|base| base.get(id)));
        let ours_now = ours.as_ref();
        if ours_now == theirs || (base.is_some() && ours_now == before) {
            continue;
        }
        if theirs == before {
            merged.set(id, ours.clone());
        } else {
            conflicts.push(id);
        }
    }
    if conflicts.is_empty() { Ok(merged) } else { Err(conflicts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onboarding::validate_draft;
    use serde_json::{Value, json};

    fn answers(value: Value) -> Answers {
        validate_draft(value.as_object().unwrap()).unwrap()
    }

    fn changes(value: Value) -> Changes {
        let named = value.as_object().unwrap();
        requested_changes(named, &validate_draft(named).unwrap())
    }

    /// The fields that the merge writes, or those in conflict.
    fn merge(current: Value, base: Value, ours: Value) -> Result<Vec<FieldId>, Vec<FieldId>> {
        named(merge_step(&answers(current), Some(&answers(base)), &changes(ours)))
    }

    fn named(merged: Result<Changes, Vec<FieldId>>) -> Result<Vec<FieldId>, Vec<FieldId>> {
        merged.map(|merged| merged.iter().map(|(id, _)| id).collect())
    }

    #[test]
    fn a_snapshot_is_of_the_last_seconds_and_not_ahead() {
        let snapshot = Session { revision: 7, ..Session::new() };
        for (revision, can) in
            [(0, false), (6, false), (7, true), (1_007, true), (1_008, false), (u32::MAX, false)]
        {
            assert_eq!(snapshot.can_be_behind(revision), can, "{revision}");
        }
    }

    #[test]
    fn a_field_that_only_this_tab_changed_is_taken() {
        let merged = merge(
            json!({"industry": "Tea", "company_name": "Chaya"}),
            json!({"company_name": "Chaya"}),
            json!({"company_name": "Chaya Katha"}),
        );
        assert_eq!(merged, Ok(vec![FieldId::CompanyName]));
    }

    #[test]
    fn a_field_that_only_the_other_tab_changed_stays_theirs() {
        let merged = merge(
            json!({"industry": "Tea and coffee"}),
            json!({"industry": "Tea"}),
            json!({"industry": "Tea", "company_name": "Chaya"}),
        );
        assert_eq!(merged, Ok(vec![FieldId::CompanyName]));
    }

    #[test]
    fn the_same_change_in_both_tabs_is_no_conflict_and_no_write() {
        assert_eq!(merge(json!({"industry": "चाय"}), json!({}), json!({"industry": " चाय "})), Ok(vec![]));
    }

    #[test]
    fn different_changes_of_one_field_are_a_conflict_and_every_one_is_named() {
        let merged = merge(
            json!({"industry": "Coffee", "business_stage": "Seed"}),
            json!({"industry": "Tea"}),
            json!({"industry": "Cocoa", "business_stage": "Idea", "company_name": "Chaya"}),
        );
        assert_eq!(merged, Err(vec![FieldId::Industry, FieldId::BusinessStage]));
    }

    #[test]
    fn taking_an_answer_back_is_a_change_like_any_other() {
        let base = json!({"industry": "Tea"});
        assert_eq!(merge(base.clone(), base.clone(), json!({"industry": null})), Ok(vec![FieldId::Industry]));
        assert_eq!(
            merge(json!({}), base.clone(), json!({"industry": "Cocoa"})),
            Err(vec![FieldId::Industry])
        );
        assert_eq!(
            merge(json!({"industry": "Cocoa"}), base, json!({"industry": ""})),
            Err(vec![FieldId::Industry])
        );
    }

    #[test]
    fn without_a_base_every_named_field_counts_as_changed() {
        let merge = |current, ours| named(merge_step(&answers(current), None, &changes(ours)));
        let theirs = json!({"industry": "Tea"});
        assert_eq!(merge(theirs.clone(), json!({"industry": null})), Err(vec![FieldId::Industry]));
        assert_eq!(merge(theirs.clone(), json!({"industry": "Cocoa"})), Err(vec![FieldId::Industry]));
        assert_eq!(merge(theirs.clone(), json!({"industry": "Tea"})), Ok(vec![]));
        assert_eq!(merge(theirs, json!({"company_name": "Chaya"})), Ok(vec![FieldId::CompanyName]));
    }

    #[test]
    fn a_list_is_one_field_and_its_order_counts() {
        let base = json!({"top_goals": ["a", "b"]});
        assert_eq!(
            merge(json!({"top_goals": ["a", "b", "c"]}), base.clone(), json!({"top_goals": ["a", "b", "d"]})),
            Err(vec![FieldId::TopGoals])
        );
        assert_eq!(merge(base.clone(), base, json!({"top_goals": "b\na"})), Ok(vec![FieldId::TopGoals]));
    }

    #[test]
    fn what_todays_questions_do_not_accept_is_left_out_of_stored_answers() {
        let stored = json!({"industry": "Tea", "shoe_size": "44", "top_goals": [7], "company_name": "चाय"});
        let answers = valid_answers(stored.as_object().unwrap());
        assert_eq!((answers.text(FieldId::Industry), answers.text(FieldId::CompanyName)), ("Tea", "चाय"));
        assert_eq!(answers.missing().len(), 19);
    }
}
