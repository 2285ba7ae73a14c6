//! One file per upstream service: its address, its deadline, and what its answers mean to us.

pub mod jwks;
pub mod phonepe;
pub mod postgrest;
pub mod redis_keys;
pub mod resend;
pub mod upstash;
pub mod vertex;

use gatehouse_core::error::{Error, ErrorCode};

use crate::outbound::Unanswered;
use crate::scope::Scope;

/// The error for the caller when an upstream service did not answer; the cause goes to the log.
fn unavailable(scope: &Scope, unanswered: &Unanswered) -> Error {
    let why = if unanswered.timed_out { "did not answer in time" } else { "cannot be reached" };
    scope.note_cause(format!("{} {why}: {}", unanswered.service, unanswered.cause));
    let who = match unanswered.service {
        "postgrest" => "The database",
        "upstash" => "The cache",
        "phonepe" => "PhonePe",
        "vertex" => "The language model",
        _ => "The sign-in service",
    };
    Error::with_detail(ErrorCode::DependencyUnavailable, format!("{who} {why}."))
}
