//! Answers that are not submitted yet: their progress, and merging the saves of two tabs.

use gatehouse_core::error::FieldError;
use gatehouse_core::onboarding::{
    self, Answer, Answers, FieldId, merge_step, requested_changes, valid_answers, validate_draft,
};
use serde::Serialize;

use crate::response::{Problem, answers_invalid, parse_answers, tagged_json, to_response};

#[derive(Serialize)]
struct ProgressView {
    answered: usize,
    required: usize,
    missing: Vec<FieldId>,
}

/// Counts answered required questions. An invalid answer counts as none.
pub fn progress(answers_json: &str) -> String {
    to_response(parse_answers(answers_json).map_err(refused).map(|raw| {
        let answers = valid_answers(raw);
        let onboarding::Progress { answered, required } = onboarding::progress(&answers);
        ProgressView { answered, required, missing: answers.missing() }
    }))
}

#[derive(Serialize)]
struct Merged {
    merged: bool,
    answers: Answers,
    changed: Vec<FieldId>,
}

#[derive(Serialize)]
struct Conflicts {
    merged: bool,
    conflicts: Vec<Conflict>,
}

/// A field that both tabs changed to different answers. `null` is a removed answer.
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
        Ok(Ok(merged)) => tagged_json(true, &merged),
        Ok(Err(conflicting)) => tagged_json(true, &conflicting),
        Err(problem) => to_response::<()>(Err(problem)),
    }
}

fn merge_or_refuse(base: &str, mine: &str, theirs: &str) -> Result<Result<Merged, Conflicts>, Problem> {
    // Saved copies are read leniently: answers that today's questions do not accept are left out. Typed ones must be
    // valid.
    let (base, theirs) = (parse_saved(base)?, parse_saved(theirs)?);
    let raw = parse_answers(mine).map_err(refused)?;
    let mine = validate_draft(raw.clone()).map_err(answers_invalid)?;
    let ours = requested_changes(raw, &mine);
    Ok(match merge_step(&theirs, Some(&base), &ours) {
        Ok(writes) => {
            let changed = writes.iter().map(|(id, _)| id).collect();
            Ok(Merged { merged: true, answers: theirs.with(&writes), changed })
        }
        Err(fields) => {
            let conflict = |field| Conflict {
                field,
                base: base.get(field).cloned(),
                mine: mine.get(field).cloned(),
                theirs: theirs.get(field).cloned(),
            };
            Err(Conflicts { merged: false, conflicts: fields.into_iter().map(conflict).collect() })
        }
    })
}

fn parse_saved(json: &str) -> Result<Answers, Problem> {
    parse_answers(json).map(valid_answers).map_err(refused)
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
