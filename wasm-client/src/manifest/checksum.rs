//! Verifies a manifest's checksum.

use gatehouse_core::context::{self, VerifyError};
use gatehouse_core::error::ErrorCode;
use serde::Serialize;

use crate::response::{Problem, code_and_fix, to_response};

#[derive(Serialize)]
struct Verified {
    version: u32,
    /// The checksum, computed here.
    checksum: String,
}

/// Computes the checksum of a manifest's content and compares.
pub fn verify(json: &str) -> String {
    to_response(check(json))
}

fn check(json: &str) -> Result<Verified, Problem> {
    match context::verify_json(json) {
        Ok(context::Verified { version, checksum, .. }) => Ok(Verified { version, checksum }),
        Err(VerifyError::ContentChanged { .. }) => {
            let (code, fix) = const { code_and_fix(ErrorCode::ChecksumMismatch) };
            Err(Problem::input(code, const { ErrorCode::ChecksumMismatch.title() }, fix))
        }
        Err(error) => Err(Problem::input(
            "not_a_manifest",
            error.sentence(),
            "Pass the JSON of `GET /context/manifest` or of an export.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_manifest_is_refused() {
        for garbage in ["", "{}", "[]", "null", "{\"version\":-1}"] {
            let code = check(garbage).err().map(|problem| problem.code);
            assert_eq!(code.as_deref(), Some("not_a_manifest"), "{garbage}");
        }
    }
}
