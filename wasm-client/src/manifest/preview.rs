//! Builds the business context and a preview of the manifest from the answers so far.

use gatehouse_core::context::{BUDGET_TOKENS, BusinessContext, Dropped, reduce};
use gatehouse_core::error::ErrorCode;
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::{self, Answers, FieldId, validate_draft};
use serde::Serialize;

use crate::response::{Problem, answers_invalid, code_and_fix, parse_answers, parse_now, to_response};

#[derive(Serialize)]
struct ContextResponse {
    context: BusinessContext,
}

/// Normalises and builds, as finalize does.
pub fn build(answers_json: &str, session_id: &str, now_ms: f64) -> String {
    to_response(context(answers_json, session_id, now_ms).map(|(_, context)| ContextResponse { context }))
}

fn context(json: &str, session_id: &str, now_ms: f64) -> Result<(Answers, BusinessContext), Problem> {
    let now = parse_now(now_ms)?;
    let raw = parse_answers(json).map_err(|error| answers_invalid(vec![error]))?;
    let answers = validate_draft(raw).map_err(answers_invalid)?;
    let context = onboarding::build_context(&answers, session_id, now);
    Ok((answers, context))
}

/// A preview of a manifest.
#[derive(Serialize)]
struct Preview {
    content: Json,
    /// SHA-256 of the content's RFC 8785 text.
    checksum: String,
    /// Estimated cl100k tokens.
    token_estimate: u32,
    /// The most tokens that a manifest may have.
    token_budget: u32,
    /// What would not fit.
    dropped: Vec<Dropped>,
    /// The questions without an answer.
    missing: Vec<FieldId>,
}

/// Normalises, builds and reduces, as finalize does.
pub fn reduce_answers(answers_json: &str, now_ms: f64) -> String {
    to_response(preview(answers_json, now_ms))
}

fn preview(answers_json: &str, now_ms: f64) -> Result<Preview, Problem> {
    let (answers, context) = context(answers_json, "", now_ms)?;
    let reduced = reduce(&context).map_err(|error| {
        // The reducer's only error.
        let (code, fix) = const { code_and_fix(ErrorCode::ManifestTooLarge) };
        Problem::input(code, error.detail, fix)
    })?;
    Ok(Preview {
        content: reduced.content,
        checksum: reduced.checksum,
        token_estimate: reduced.meta.token_estimate,
        token_budget: BUDGET_TOKENS,
        dropped: reduced.meta.dropped,
        missing: answers.missing(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_has_a_preview_and_a_wrong_answer_a_problem() {
        let made = preview(r#"{"company_name":"चाय Co"}"#, 0.0);
        let made = made.ok().map(|made| (made.content.write(), made.missing.len()));
        assert_eq!(made, Some((r#"{"foundation":{"company":"चाय Co"}}"#.to_owned(), 20)));
        let refused = preview(r#"{"company_website":"chaya"}"#, 0.0).err();
        assert_eq!(
            refused.map(|problem| (problem.code, problem.errors.len())),
            Some(("answers_invalid".to_owned(), 1))
        );
        assert!(build("{}", "s", 0.0).contains(r#""session_id":"s""#));
        assert!(build("[]", "s", 0.0).contains("answers_invalid"));
    }
}
