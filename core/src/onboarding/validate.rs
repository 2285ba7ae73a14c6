//! Normalises answers and validates them. The same sentences appear under a form's input and in the Worker's 422.
//!
//! The rules are in `core/schema` alone. Those schemas describe answers as they are stored: trimmed, without empty or
//! repeated items. So answers are normalised first; what cannot be normalised is left for the validator to report.

use super::lower::lower;
use super::{Answer, Answers, FIELDS, Field, FieldId, Kind, RawAnswers, StepId};
use crate::error::FieldError;
use crate::json::Json;
use crate::validator::{Subject, Violation, validate};

/// Validates all 21 answers of a finished onboarding.
///
/// # Errors
/// Every problem at once: missing required fields, wrong types, lengths, addresses, unknown names.
pub fn validate_answers(answers: impl Into<RawAnswers>) -> Result<Answers, Vec<FieldError>> {
    check(Subject::Answers, &answers.into(), true)
}

/// Validates unfinished answers by every rule except that required fields are there.
///
/// # Errors
/// Every problem at once: wrong types, lengths, addresses, unknown names.
pub fn validate_draft(answers: impl Into<RawAnswers>) -> Result<Answers, Vec<FieldError>> {
    check(Subject::Answers, &answers.into(), false)
}

/// Validates the answers of one step, as a form does before it moves on. Fields of other steps are unknown here.
///
/// # Errors
/// Every problem of the step at once.
pub fn validate_step(step: StepId, answers: impl Into<RawAnswers>) -> Result<Answers, Vec<FieldError>> {
    check(Subject::Step(step), &answers.into(), true)
}

/// Validates the unfinished answers of one step, as an autosave does. Fields of other steps are unknown here.
///
/// # Errors
/// Every problem at once: wrong types, lengths, addresses, unknown names.
pub fn validate_step_draft(step: StepId, answers: impl Into<RawAnswers>) -> Result<Answers, Vec<FieldError>> {
    check(Subject::Step(step), &answers.into(), false)
}

/// Validates one answer alone, as a form does while it is typed. An empty one is `Ok(None)`, even if required.
///
/// # Errors
/// Every problem of the answer.
pub fn validate_field(id: FieldId, answer: &Json) -> Result<Option<Answer>, Vec<FieldError>> {
    let Some(answer) = id.field().and_then(|field| normalise(field, answer)) else {
        return Ok(None);
    };
    let violations = validate(Subject::Field(id), &answer.write());
    if violations.is_empty() {
        return Ok(to_answer(answer));
    }
    Err(distinct_errors(violations, |violation| FieldError {
        pointer: format!("/answers/{id}"),
        ..field_error(violation)
    }))
}

fn check(subject: Subject, raw: &RawAnswers, finished: bool) -> Result<Answers, Vec<FieldError>> {
    let in_scope = |field: &Field| !matches!(subject, Subject::Step(step) if step != field.step);
    let document = Json::Object(normalise_all(raw, in_scope));
    let mut violations = validate(subject, &document.write());
    if !finished {
        violations.retain(|violation| violation.keyword != "required");
    }
    if violations.is_empty() {
        let mut answers = Answers::default();
        if let Json::Object(members) = document {
            for (name, value) in members {
                if let (Some(id), Some(answer)) = (FieldId::parse(&name), to_answer(value)) {
                    answers.set(id, answer);
                }
            }
        }
        return Ok(answers);
    }
    Err(distinct_errors(violations, field_error))
}

/// The answers, normalised: first the questions in scope, in order, then unknown names.
fn normalise_all(raw: &RawAnswers, in_scope: impl Fn(&Field) -> bool) -> Vec<(String, Json)> {
    let mut members = Vec::new();
    for field in FIELDS.iter().filter(|field| in_scope(field)) {
        let answer = raw.get(field.id.as_str()).and_then(|answer| normalise(field, answer));
        members.extend(answer.map(|answer| (field.id.to_string(), answer)));
    }
    let is_asked = |name: &str| FieldId::parse(name).and_then(FieldId::field).is_some_and(&in_scope);
    members.extend(raw.iter().filter(|(name, _)| !is_asked(name)).cloned());
    members
}

/// One answer, normalised; `None` for an empty one.
fn normalise(field: &Field, answer: &Json) -> Option<Json> {
    let text = |text: &str| Some(Json::Text(text.to_owned()));
    match (field.kind, answer) {
        (_, Json::Null) => None,
        (Kind::List { .. }, Json::Text(lines)) => list(&mut lines.split('\n').filter_map(text)),
        (Kind::List { .. }, Json::List(items)) => list(&mut items.iter().cloned()),
        (Kind::Url, Json::Text(address)) => match address.trim() {
            "" => None,
            address => {
                // Phone keyboards begin a scheme with a capital. A `://` further on belongs to a query.
                let letters = address.bytes().take_while(u8::is_ascii_alphabetic).count();
                let (scheme, rest) = address.split_at_checked(letters)?;
                let (scheme, rest) = match rest.as_bytes() {
                    [b':', b'/', b'/', ..] => (scheme.to_ascii_lowercase(), rest),
                    _ => ("https://".to_owned(), address),
                };
                Some(Json::Text(scheme + rest))
            }
        },
        (_, Json::Text(typed)) => text(typed.trim()).filter(|_| !typed.trim().is_empty()),
        // Of the wrong type; the validator reports it.
        (_, other) => Some(other.clone()),
    }
}

/// Far more items than a list may have: with so many it is invalid anyway.
const MOST_ITEMS: usize = 1_000;

/// Trims the items and leaves out empty and repeated ones, ignoring case. An item that is not a text is left as it is.
fn list(items: &mut dyn Iterator<Item = Json>) -> Option<Json> {
    let mut seen_lower_case: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for item in items {
        // Inserting below takes quadratic time, so the number of items is limited.
        if kept.len() >= MOST_ITEMS {
            break;
        }
        let Some(text) = item.as_text().map(str::trim) else {
            kept.push(item);
            continue;
        };
        let folded = lower(text);
        if let Err(place) = seen_lower_case.binary_search(&folded)
            && !text.is_empty()
        {
            seen_lower_case.insert(place, folded);
            kept.push(Json::Text(text.to_owned()));
        }
    }
    (!kept.is_empty()).then_some(Json::List(kept))
}

/// A valid value as an answer.
fn to_answer(value: Json) -> Option<Answer> {
    match value {
        Json::Text(text) => Some(Answer::Text(text)),
        Json::List(items) => {
            let texts = items
                .into_iter()
                .filter_map(|item| if let Json::Text(text) = item { Some(text) } else { None });
            Some(Answer::List(texts.collect()))
        }
        _ => None,
    }
}

/// Turns violations into errors without repeats, since the pointers have no list index: two items may have the same
/// error. In the order of the questions, unknown fields last.
fn distinct_errors(
    violations: Vec<Violation>,
    to_error: impl Fn(Violation) -> FieldError,
) -> Vec<FieldError> {
    let number = |error: &FieldError| {
        let name = error.pointer.strip_prefix("/answers/").filter(|_| error.code != "unknown_field");
        FIELDS.iter().position(|field| name == Some(field.id.as_str())).unwrap_or(usize::MAX)
    };
    let mut errors: Vec<FieldError> = Vec::new();
    for error in violations.into_iter().map(to_error) {
        let same = |other: &FieldError| other.pointer == error.pointer && other.message == error.message;
        if !errors.iter().any(same) {
            let place = errors.partition_point(|other| number(other) <= number(&error));
            errors.insert(place, error);
        }
    }
    errors
}

/// A violation as the wire type. It points at the answer and not into its list: normalising may have moved the items.
pub fn field_error(violation: Violation) -> FieldError {
    let below = violation.pointer.get(1..).unwrap_or_default();
    let field = below.split_once('/').map_or(below, |(field, _)| field);
    FieldError {
        pointer: format!("/answers/{field}"),
        code: violation.code.to_owned(),
        message: violation.message,
        step: violation.step.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

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
        let violations: Vec<_> = errors.iter().map(|e| (e.pointer.as_str(), e.code.as_str())).collect();
        assert_eq!(
            violations,
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
    fn items_with_the_same_error_are_reported_once_and_others_each() {
        let long = |letter: &str| letter.repeat(301);
        let answers = json!({"brand_tone": [1, long("a"), 2, long("b")]});
        let codes = |errors: Vec<FieldError>| errors.into_iter().map(|error| error.code).collect::<Vec<_>>();
        let expected = ["wrong_type", "too_long", "too_long"];
        assert_eq!(codes(step(StepId::Voice, answers.clone()).unwrap_err()), expected);
        let alone = validate_field(FieldId::BrandTone, &Json::from(&answers["brand_tone"]));
        assert_eq!(codes(alone.unwrap_err()), expected);
    }

    #[test]
    fn too_many_items_are_an_error_and_not_cut_off() {
        let items: Vec<_> = (0..21).map(|n| format!("item {n}")).collect();
        let errors = step(StepId::Voice, json!({"brand_tone": items})).unwrap_err();
        assert_eq!(errors[0].message, "Tone of voice has more than 20 items.");
    }
}
