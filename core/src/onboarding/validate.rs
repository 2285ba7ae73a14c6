//! Checks and normalises answers. The same sentences appear under a form's input and in the Worker's 422.

use serde_json::{Map, Value};

use super::{Answer, Answers, FIELDS, Field, FieldId, Kind, StepId, fields_of};
use crate::error::FieldError;

/// Checks all 21 answers of a finished onboarding.
///
/// # Errors
/// Every problem at once: missing required fields, wrong types, lengths, addresses, unknown names.
pub fn validate_answers(answers: &Map<String, Value>) -> Result<Answers, Vec<FieldError>> {
    check(answers, FIELDS.iter(), true)
}

/// Checks answers that are not finished: every rule but that required fields are there.
///
/// # Errors
/// Every problem at once: wrong types, lengths, addresses, unknown names.
pub fn validate_draft(answers: &Map<String, Value>) -> Result<Answers, Vec<FieldError>> {
    check(answers, FIELDS.iter(), false)
}

/// Checks the answers of one step, as a form does before it moves on. Fields of other steps are unknown here.
///
/// # Errors
/// Every problem of the step at once.
pub fn validate_step(step: StepId, answers: &Map<String, Value>) -> Result<Answers, Vec<FieldError>> {
    check(answers, fields_of(step), true)
}

/// Checks what is there of one step's answers, as an autosave does. Fields of other steps are unknown here.
///
/// # Errors
/// Every problem at once: wrong types, lengths, addresses, unknown names.
pub fn validate_step_draft(step: StepId, answers: &Map<String, Value>) -> Result<Answers, Vec<FieldError>> {
    check(answers, fields_of(step), false)
}

fn check(
    given: &Map<String, Value>,
    fields: impl Iterator<Item = &'static Field>,
    finished: bool,
) -> Result<Answers, Vec<FieldError>> {
    let mut answers = Answers::default();
    let mut errors = Vec::new();
    let mut known = Vec::new();
    for field in fields {
        known.push(field.id);
        match normalise(field, given.get(field.id.as_str()).unwrap_or(&Value::Null)) {
            Ok(answer) => {
                answers.set(field.id, answer);
                if finished && field.required && !answers.has(field.id) {
                    errors.push(error(field, "required", format!("{} is required.", field.label)));
                }
            }
            Err(found) => errors.push(found),
        }
    }
    for name in given.keys() {
        if !FieldId::parse(name).is_some_and(|id| known.contains(&id)) {
            errors.push(unknown(name));
        }
    }
    if errors.is_empty() { Ok(answers) } else { Err(errors) }
}

fn normalise(field: &Field, value: &Value) -> Result<Answer, FieldError> {
    match (field.kind, value) {
        (Kind::List { .. }, Value::Null) => Ok(Answer::List(Vec::new())),
        (Kind::List { max_items, max }, Value::String(text)) => list(field, text.lines(), max_items, max),
        (Kind::List { max_items, max }, Value::Array(items)) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            let texts = texts.ok_or_else(|| {
                error(field, "wrong_type", format!("{} must be a list of texts.", field.label))
            })?;
            list(field, texts.into_iter(), max_items, max)
        }
        (Kind::List { .. }, _) => {
            Err(error(field, "wrong_type", format!("{} must be a list of texts.", field.label)))
        }
        (_, Value::Null) => Ok(Answer::Text(String::new())),
        (Kind::Url, Value::String(text)) => url(field, text.trim()),
        (Kind::Text { max } | Kind::LongText { max }, Value::String(text)) => {
            let text = text.trim();
            check_characters(field, text, matches!(field.kind, Kind::LongText { .. }))?;
            let count = text.chars().count();
            if count > max {
                return Err(error(
                    field,
                    "too_long",
                    format!("{} has {count} characters; the most is {max}.", field.label),
                ));
            }
            Ok(Answer::Text(text.to_owned()))
        }
        _ => Err(error(field, "wrong_type", format!("{} must be text.", field.label))),
    }
}

fn list<'a>(
    field: &Field,
    items: impl Iterator<Item = &'a str>,
    max_items: usize,
    max: usize,
) -> Result<Answer, FieldError> {
    let mut kept: Vec<String> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for item in items.map(str::trim).filter(|item| !item.is_empty()) {
        check_characters(field, item, false)?;
        let count = item.chars().count();
        if count > max {
            let start: String = item.chars().take(24).collect();
            return Err(error(
                field,
                "too_long",
                format!(
                    "{}: the item beginning “{start}” has {count} characters; the most is {max}.",
                    field.label
                ),
            ));
        }
        let folded = item.to_lowercase();
        if !seen.contains(&folded) {
            seen.push(folded);
            kept.push(item.to_owned());
        }
        if kept.len() > max_items {
            return Err(error(
                field,
                "too_many_items",
                format!("{} has more than {max_items} items.", field.label),
            ));
        }
    }
    Ok(Answer::List(kept))
}

/// Refuses what no form sends and no store keeps: control characters, a NUL among them, and line breaks where one
/// line is asked for.
fn check_characters(field: &Field, text: &str, lines: bool) -> Result<(), FieldError> {
    let breaks = |c: char| matches!(c, '\n' | '\r');
    if text.chars().any(|c| c.is_control() && c != '\t' && !breaks(c)) {
        let message = format!("{} has a control character; type it anew.", field.label);
        return Err(error(field, "control_character", message));
    }
    if !lines && text.contains(breaks) {
        return Err(error(field, "line_break", format!("{} must stand on one line.", field.label)));
    }
    Ok(())
}

fn url(field: &Field, text: &str) -> Result<Answer, FieldError> {
    if text.is_empty() {
        return Ok(Answer::Text(String::new()));
    }
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let rest = full.strip_prefix("https://").or_else(|| full.strip_prefix("http://"));
    let authority = rest.map(|rest| rest.split(['/', '?', '#', '\\']).next().unwrap_or_default());
    // `user:password@` before the host is how an address pretends to be another one.
    let good = authority.is_some_and(|authority| {
        let host = authority.split(':').next().unwrap_or_default();
        !authority.contains('@') && host.contains('.') && host.split('.').all(|label| !label.is_empty())
    });
    if !good || full.contains(|c: char| c.is_whitespace() || c.is_control()) || full.chars().count() > 500 {
        return Err(error(
            field,
            "not_a_url",
            format!("{} must be a web address such as https://chaya.example.", field.label),
        ));
    }
    Ok(Answer::Text(full))
}

fn error(field: &Field, code: &str, message: String) -> FieldError {
    FieldError {
        pointer: format!("/answers/{}", field.id),
        code: code.to_owned(),
        message,
        step: Some(field.step.to_string()),
    }
}

fn unknown(name: &str) -> FieldError {
    // RFC 6901: `~` and `/` inside a name are escaped. The name is cut so that a hostile one cannot swell the answer.
    let name: String = name.chars().take(64).collect();
    let escaped = name.replace('~', "~0").replace('/', "~1");
    FieldError {
        pointer: format!("/answers/{escaped}"),
        code: "unknown_field".to_owned(),
        message: format!("“{name}” is not a question here; remove it."),
        step: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(step: StepId, answers: Value) -> Result<Answers, Vec<FieldError>> {
        validate_step(step, answers.as_object().unwrap())
    }

    #[test]
    fn an_empty_company_step_names_every_required_field() {
        let errors = step(StepId::Company, json!({})).unwrap_err();
        let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "Company name is required.",
                "Industry is required.",
                "Stage is required.",
                "Company description is required."
            ]
        );
        assert!(
            errors.iter().all(|error| error.step.as_deref() == Some("company") && error.code == "required")
        );
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        let base = |name: String| json!({"company_name": name, "industry": "चाय", "business_stage": "Seed", "company_description": "x"});
        assert!(step(StepId::Company, base("च".repeat(200))).is_ok());
        let errors = step(StepId::Company, base("च".repeat(201))).unwrap_err();
        assert_eq!(errors[0].message, "Company name has 201 characters; the most is 200.");
    }

    #[test]
    fn lists_split_on_lines_only_and_drop_repeats() {
        let answers = step(
            StepId::Proof,
            json!({"proof_points": "40% MoM, NPS 62\n\n  Assam GI tag \r\n40% mom, nps 62", "acquisition_goal": "1,500 orders",
                   "constraints_and_guardrails": ["No medical claims", " "]}),
        )
        .unwrap();
        assert_eq!(answers.list(FieldId::ProofPoints), ["40% MoM, NPS 62", "Assam GI tag"]);
        assert_eq!(answers.list(FieldId::ConstraintsAndGuardrails), ["No medical claims"]);
    }

    #[test]
    fn a_website_may_leave_out_its_scheme_and_nonsense_is_refused() {
        let with = |site: &str| {
            step(
                StepId::Company,
                json!({"company_name": "C", "industry": "I", "business_stage": "S", "company_description": "D", "company_website": site}),
            )
        };
        assert_eq!(
            with("chaya.example/teas").unwrap().text(FieldId::CompanyWebsite),
            "https://chaya.example/teas"
        );
        for bad in [
            "chaya",
            "javascript:alert(1)",
            "ftp://chaya.example",
            "https://",
            "https://a b.example",
            "https://a..b",
            "https://chaya.example:x@evil.example",
            "chaya.example\u{7}",
        ] {
            assert_eq!(with(bad).unwrap_err()[0].code, "not_a_url", "{bad}");
        }
    }

    #[test]
    fn wrong_types_and_unknown_names_are_errors_with_escaped_pointers() {
        let errors = step(
            StepId::Offer,
            json!({"primary_offer": 7, "core_problem": "x", "pricing/model~": "y", "industry": "z"}),
        )
        .unwrap_err();
        let found: Vec<_> = errors.iter().map(|e| (e.pointer.as_str(), e.code.as_str())).collect();
        assert_eq!(
            found,
            [
                ("/answers/primary_offer", "wrong_type"),
                ("/answers/pricing~1model~0", "unknown_field"),
                ("/answers/industry", "unknown_field"),
            ]
        );
    }

    #[test]
    fn a_draft_may_leave_out_what_is_required_and_nothing_else() {
        let draft = |answers: Value| validate_draft(answers.as_object().unwrap());
        assert!(draft(json!({})).is_ok());
        assert_eq!(draft(json!({"company_website": "chaya"})).unwrap_err()[0].code, "not_a_url");
        assert_eq!(draft(json!({"company": "x"})).unwrap_err()[0].code, "unknown_field");
    }

    #[test]
    fn control_characters_and_stray_line_breaks_are_refused() {
        let code = |answers: Value| step(StepId::Offer, answers).unwrap_err()[0].code.clone();
        let offer = |text: &str, problem: &str| json!({"primary_offer": text, "core_problem": problem});
        assert_eq!(code(offer("A\u{0}", "x")), "control_character");
        assert_eq!(code(offer("x", "\u{1b}[31m")), "control_character");
        assert_eq!(code(offer("two\nlines", "x")), "line_break");
        assert!(step(StepId::Offer, offer("one line", "two\n\tlines")).is_ok());
        let items = step(StepId::Voice, json!({"brand_tone": ["warm\nexact"]})).unwrap_err();
        assert_eq!(items[0].code, "line_break");
    }

    #[test]
    fn too_many_items_is_said_not_cut() {
        let items: Vec<_> = (0..21).map(|n| format!("item {n}")).collect();
        let errors = step(StepId::Voice, json!({"brand_tone": items})).unwrap_err();
        assert_eq!(errors[0].message, "Tone of voice has more than 20 items.");
    }
}
