//! When to fetch the key set again. Supabase lists a new key at least 20 minutes before it signs with it, so a copy
//! that is 10 minutes old has every key in use. The other rules are for projects that rotate faster and for outages of
//! Auth.

/// A copy older than this is fetched again, as in Supabase's own clients (10 minutes).
const KEYS_TTL_MS: f64 = 600_000.0;
/// While Auth is unavailable a copy is used up to this age (1 hour). A key that was revoked meanwhile works that long.
pub const KEYS_MAX_AGE_MS: f64 = 3_600_000.0;
/// The shortest time between two fetches for an unknown key or after a failure (30 seconds), so that forged key ids do
/// not cause calls. The error responses have it in `Retry-After`.
const PAUSE_MS: f64 = 30_000.0;

/// What to do about a token's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// Use the key from our copy.
    Use,
    /// Fetch the key set.
    Fetch,
    /// Refuse the token: the key set was just fetched and does not have the key.
    Refuse,
}

/// What to do about a token's key; `known` says whether our copy has it. Ages are in milliseconds, infinite for what
/// never happened: of our copy, of the last attempt to fetch it, and of the last key set that did not have the wanted
/// key.
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
