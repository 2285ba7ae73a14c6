//! When to ask for the key set again. Supabase lists a new key at least 20 minutes before it signs with it, so a
//! copy that is 10 minutes old knows every key in use; the rest is for projects and moments that are less orderly.

/// A copy older than this is asked for again, as Supabase's own clients do (10 minutes).
const KEYS_TTL_MS: f64 = 600_000.0;
/// With Auth away, a copy serves on until this age (1 hour); a key that was revoked meanwhile dies with it.
pub const KEYS_MAX_AGE_MS: f64 = 3_600_000.0;
/// An unknown key, or Auth that does not answer, is asked about at most this often (30 seconds), so that forged
/// ids cost nobody a call. Refusals say so in `Retry-After`.
const PAUSE_MS: f64 = 30_000.0;

/// What to do about a token's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// Take the key that we know.
    Use,
    /// Ask for the key set.
    Fetch,
    /// Refuse: the key was just asked about, and the project has no such key.
    Refuse,
}

/// What to do when the key is `known` or not. Ages in milliseconds, infinite for what never happened: of our copy,
/// of the last attempt to renew it, and of the last key set that did not have the key it was fetched for.
pub fn key_step(known: bool, copy_age_ms: f64, attempt_age_ms: f64, unknown_age_ms: f64) -> KeyStep {
    let renewing = attempt_age_ms < PAUSE_MS && copy_age_ms < KEYS_MAX_AGE_MS;
    if known && (copy_age_ms < KEYS_TTL_MS || renewing) {
        KeyStep::Use
    } else if !known && unknown_age_ms < PAUSE_MS {
        KeyStep::Refuse
    } else {
        KeyStep::Fetch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: f64 = f64::INFINITY;

    #[test]
    fn a_known_key_is_used_while_the_copy_is_fresh_or_being_renewed() {
        assert_eq!(key_step(true, 0.0, 0.0, 0.0), KeyStep::Use);
        assert_eq!(key_step(true, 599_999.0, NEVER, NEVER), KeyStep::Use);
        assert_eq!(key_step(true, 600_000.0, 600_000.0, NEVER), KeyStep::Fetch);
        assert_eq!(
            key_step(true, 600_000.0, 29_999.0, NEVER),
            KeyStep::Use,
            "somebody is at it, or Auth is away"
        );
        assert_eq!(key_step(true, 600_000.0, 30_000.0, NEVER), KeyStep::Fetch);
        assert_eq!(key_step(true, 3_600_000.0, 1.0, NEVER), KeyStep::Fetch, "too old to be believed");
    }

    #[test]
    fn an_unknown_key_is_asked_about_once_in_30_seconds() {
        assert_eq!(key_step(false, NEVER, NEVER, NEVER), KeyStep::Fetch, "the first request of an isolate");
        assert_eq!(
            key_step(false, 5.0, 5.0, NEVER),
            KeyStep::Fetch,
            "a rotation right after the first fetch"
        );
        assert_eq!(key_step(false, 5.0, 5.0, 29_999.0), KeyStep::Refuse);
        assert_eq!(key_step(false, 5.0, 5.0, 30_000.0), KeyStep::Fetch);
    }
}
