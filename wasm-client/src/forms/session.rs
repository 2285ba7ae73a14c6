//! Answers that are not submitted yet: how far they are, and how two tabs agree.

use gatehouse_core::error::FieldError;
use gatehouse_core::onboarding::{
    self, Answer, Answers, FieldId, changes, merge_step, stored_answers, validate_draft,
};
use serde::Serialize;

use crate::answer::{Problem, answer, answers_invalid, read_answers, tagged};

#[derive(Serialize)]
struct Counted {
    answered: usize,
    required: usize,
    missing: Vec<FieldId>,
}

/// Counts answered required questions. An answer that is not good counts as none.
pub fn progress(answers_json: &str) -> String {
    answer(read_answers(answers_json).map_err(refused).map(|given| {
        let answers = stored_answers(given);
        let onboarding::Progress { answered, required } = onboarding::progress(&answers);
        Counted { answered, required, missing: answers.missing() }
    }))
}

#[derive(Serialize)]
struct Merged {
    merged: bool,
    answers: Answers,
    changed: Vec<FieldId>,
}

#[derive(Serialize)]
struct Conflicting {
    merged: bool,
    conflicts: Vec<Conflict>,
}

/// A field that both changed, and not to the same answer. `null` is an answer that was taken back.
#[derive(Serialize)]
struct Conflict {
    field: FieldId,
    base: Option<Answer>,
    mine: Option<Answer>,
    theirs: Option<Answer>,
}

/// Merges what this tab changed since `base` into `theirs`.
pub fn merge(base_json: &str, mine_json: &str, theirs_json: &str) -> String {
    match merge_or_refuse(base_json, mine_json, theirs_json) {
        Ok(Ok(merged)) => tagged(true, &merged),
        Ok(Err(conflicting)) => tagged(true, &conflicting),
        Err(problem) => answer::<()>(Err(problem)),
    }
}

fn merge_or_refuse(base: &str, mine: &str, theirs: &str) -> Result<Result<Merged, Conflicting>, Problem> {
    // Both copies were saved, so of them only what today's questions take counts; what was typed must be good.
    let (base, theirs) = (stored(base)?, stored(theirs)?);
    let given = read_answers(mine).map_err(refused)?;
    let mine = validate_draft(given.clone()).map_err(answers_invalid)?;
    let ours = changes(given, &mine);
    Ok(match merge_step(&theirs, Some(&base), &ours) {
        Ok(found) => {
            let changed = found.iter().map(|(id, _)| id).collect();
            Ok(Merged { merged: true, answers: theirs.with(&found), changed })
        }
        Err(fields) => {
            let conflict = |field| Conflict {
                field,
                base: base.get(field).cloned(),
                mine: mine.get(field).cloned(),
                theirs: theirs.get(field).cloned(),
            };
            Err(Conflicting { merged: false, conflicts: fields.into_iter().map(conflict).collect() })
        }
    })
}

fn stored(json: &str) -> Result<Answers, Problem> {
    read_answers(json).map(stored_answers).map_err(refused)
}

fn refused(error: FieldError) -> Problem {
    answers_invalid(vec![error])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_default()
    }

    #[test]
    fn only_good_answers_to_required_questions_count() {
        let counted =
            read(&progress(r#"{"company_name":"Chaya","company_website":"chaya.in","industry":7}"#));
        assert_eq!(
            (&counted["ok"], &counted["answered"], &counted["required"]),
            (&json!(true), &json!(1), &json!(16))
        );
        assert_eq!(counted["missing"].as_array().map(Vec::len), Some(19));
        assert_eq!(read(&progress("[]"))["problem"]["code"], "answers_invalid");
    }

    #[test]
    fn different_fields_merge_and_one_field_asks_with_every_copy() {
        let base = r#"{"industry":"Tea"}"#;
        let merged = read(&merge(base, r#"{"company_name":" Chaya "}"#, r#"{"industry":"Coffee"}"#));
        let answers = json!({"company_name": "Chaya", "industry": "Coffee"});
        assert_eq!(
            merged,
            json!({"ok": true, "merged": true, "answers": answers, "changed": ["company_name"]})
        );
        let asked = read(&merge(base, r#"{"industry":null}"#, r#"{"industry":"Coffee"}"#));
        let conflict = json!({"field": "industry", "base": "Tea", "mine": null, "theirs": "Coffee"});
        assert_eq!(asked, json!({"ok": true, "merged": false, "conflicts": [conflict]}));
        for (mine, theirs) in [("", "{}"), ("{}", "7"), (r#"{"industry":7}"#, "{}")] {
            assert_eq!(
                read(&merge(base, mine, theirs))["problem"]["code"],
                "answers_invalid",
                "{mine} {theirs}"
            );
        }
    }
}
