//! A manifest's age and its checksum.

use gatehouse_core::context::{self, Flaw, FreshnessView};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::time;
use serde::Serialize;

use crate::refusal::{Problem, read_now};

/// A tagged union: `ok` says which members follow.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Outcome<T> {
    /// It could be done.
    Done {
        /// Always true.
        ok: bool,
        /// The result's own members.
        #[serde(flatten)]
        value: T,
    },
    /// It could not.
    Refused {
        /// Always false.
        ok: bool,
        /// Why not.
        problem: Problem,
    },
}

impl<T> From<Result<T, Problem>> for Outcome<T> {
    fn from(result: Result<T, Problem>) -> Self {
        match result {
            Ok(value) => Self::Done { ok: true, value },
            Err(problem) => Self::Refused { ok: false, problem },
        }
    }
}

/// A judged age.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Label, reason and the next change.
    pub view: FreshnessView,
}

/// Judges the age of a manifest confirmed at `confirmed_at`.
pub fn judge_freshness(confirmed_at: Option<&str>, now_ms: f64) -> Outcome<Judged> {
    judge(confirmed_at, now_ms).into()
}

fn judge(confirmed_at: Option<&str>, now_ms: f64) -> Result<Judged, Problem> {
    let now = read_now(now_ms)?;
    let confirmed = match confirmed_at {
        // An unreadable time must not pass for "no manifest": that would tell a founder it is gone.
        Some(text) => Some(time::parse(text).ok_or_else(|| {
            Problem::input(
                "time_invalid",
                "The time of confirmation cannot be read.",
                "Pass the manifest's `confirmed_at` as the Worker sent it.",
            )
        })?),
        None => None,
    };
    Ok(Judged { view: context::freshness(confirmed, now) })
}

/// A manifest whose content has the checksum that it claims.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Its version.
    pub version: u32,
    /// The checksum, computed here.
    pub checksum: String,
}

/// Computes the checksum of a manifest's content and compares.
pub fn verify(json: &str) -> Outcome<Verified> {
    check(json).into()
}

fn check(json: &str) -> Result<Verified, Problem> {
    match context::verify_json(json) {
        Ok(context::Verified { version, checksum, .. }) => Ok(Verified { version, checksum }),
        Err(Flaw::ContentChanged { .. }) => Err(Error::new(ErrorCode::ChecksumMismatch).into()),
        Err(flaw) => Err(Problem::input(
            "not_a_manifest",
            flaw.sentence(),
            "Pass the JSON of `GET /context/manifest` or of an export.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T>(outcome: Outcome<T>) -> String {
        match outcome {
            Outcome::Refused { problem, .. } => problem.code,
            Outcome::Done { .. } => String::new(),
        }
    }

    #[test]
    fn unreadable_times_are_refused_and_are_not_a_missing_manifest() {
        assert_eq!(refusal(judge_freshness(Some("yesterday"), 0.0)), "time_invalid");
        for now in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert_eq!(refusal(judge_freshness(None, now)), "time_invalid", "{now}");
        }
        assert_eq!(refusal(judge_freshness(None, 0.0)), "");
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for garbage in ["", "{}", "[]", "null", "{\"version\":-1}"] {
            assert_eq!(refusal(verify(garbage)), "not_a_manifest", "{garbage}");
        }
    }
}
