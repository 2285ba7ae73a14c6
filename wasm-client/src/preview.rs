//! The manifest that the answers so far would make.

use gatehouse_core::context::{BUDGET_TOKENS, Dropped, reduce};
use gatehouse_core::error::Error;
use gatehouse_core::onboarding::{FieldId, build_context, validate_draft};
use serde::Serialize;

use crate::manifest::Outcome;
use crate::refusal::{Problem, read_answers, read_now};

/// A manifest's content before it exists.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The content's RFC 8785 text.
    pub canonical: String,
    /// SHA-256 of that text.
    pub checksum: String,
    /// Estimated cl100k tokens.
    pub token_estimate: u32,
    /// The most tokens that a manifest may have.
    pub token_budget: u32,
    /// What would not fit.
    pub dropped: Vec<Dropped>,
    /// The questions without an answer.
    pub missing: Vec<FieldId>,
}

/// Normalises, builds and reduces, as finalize does.
pub fn reduce_preview(answers_json: &str, now_ms: f64) -> Outcome<Preview> {
    preview(answers_json, now_ms).into()
}

fn preview(answers_json: &str, now_ms: f64) -> Result<Preview, Problem> {
    let now = read_now(now_ms)?;
    let given = read_answers(answers_json).map_err(|error| Error::answers(vec![error]))?;
    let answers = validate_draft(given).map_err(Error::answers)?;
    let reduced = reduce(&build_context(&answers, "", now))?;
    Ok(Preview {
        canonical: reduced.canonical,
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
        let Outcome::Done { value, .. } = reduce_preview(r#"{"company_name":"चाय Co"}"#, 0.0) else {
            panic!("a draft is enough for a preview")
        };
        assert_eq!(value.canonical, r#"{"foundation":{"company":"चाय Co"}}"#);
        assert_eq!(value.missing.len(), 20);
        let Outcome::Refused { problem, .. } = reduce_preview(r#"{"company_website":"chaya"}"#, 0.0) else {
            panic!("a website without a dot is refused")
        };
        assert_eq!(problem.code, "answers_invalid");
        assert_eq!(problem.errors.len(), 1);
    }
}
