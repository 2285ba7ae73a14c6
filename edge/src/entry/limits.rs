//! The named limits of core, as the routes' own scripts count them.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::rate_limit::{Policy, Verdict};
use serde_json::Value;

use crate::scope::Scope;

/// Takes a script's verdict to the answer's headers, and refuses what is too much. A script that was not asked to
/// count answers no verdict.
///
/// # Errors
/// `rate_limited`, with the time to come back.
pub fn judge(scope: &Scope, policy: &'static Policy, verdict: Option<&Value>) -> Result<(), Error> {
    let number = |at: usize| verdict.and_then(|parts| parts.get(at)).and_then(Value::as_u64);
    let small = |at: usize| number(at).and_then(|number| u32::try_from(number).ok());
    let (Some(allowed), Some(most), Some(left), Some(reset_ms)) = (number(0), small(1), small(2), number(3))
    else {
        return Ok(());
    };
    let verdict = Verdict { allowed: allowed == 1, most, left, reset_ms };
    scope.note_limit(policy, verdict);
    if verdict.allowed {
        return Ok(());
    }
    let minutes = reset_ms.div_ceil(60_000);
    Err(Error::with_detail(
        ErrorCode::RateLimited,
        format!(
            "You can do this {most} times in {} minutes; try again in {minutes} {}.",
            policy.window_s / 60,
            if minutes == 1 { "minute" } else { "minutes" }
        ),
    ))
}
