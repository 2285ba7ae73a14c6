//! Who may ask how often: the named limits, and the headers that say so.
//!
//! The platform's own rate limit stands before all of these and costs no call (docs/decisions/0010). These are for the
//! few routes whose work is expensive, and each is counted inside the one Redis script that its route runs anyway.

use crate::vocabulary::Plan;

/// What a route does when the counter cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// It goes on: something else bounds it.
    Open,
    /// It refuses, as it would for want of Redis anyway.
    Closed,
}

/// One limit: so many requests of one person in one workspace (of a refund: for one order) within a sliding window. A
/// workspace alone is no subject: an outsider could use up what its members need.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Its name in keys and in `RateLimit-Policy`.
    pub name: &'static str,
    /// The window in seconds.
    pub window_s: u32,
    /// The most requests in a window without a known plan, and on Ascent, Glide and Soar.
    pub most: [u32; 4],
    /// What happens while Redis is away.
    pub outage: Outage,
    /// Why it is there, and what bounds the route without it.
    pub reason: &'static str,
}

/// Opening payment pages.
pub const PAYMENT_INIT: Policy = Policy {
    name: "payment_init",
    window_s: 3_600,
    most: [20; 4],
    outage: Outage::Open,
    reason: "Each opens a page at PhonePe. Without Redis the database still refuses too many orders.",
};
/// Asking for refunds of one order.
pub const REFUND: Policy = Policy {
    name: "refund",
    window_s: 3_600,
    most: [10; 4],
    outage: Outage::Open,
    reason: "Counted for each order. Each asks PhonePe; without Redis the order's lock still bounds the sum.",
};
/// Submitting an onboarding.
pub const FINALIZE: Policy = Policy {
    name: "finalize",
    window_s: 3_600,
    most: [30, 30, 60, 120],
    outage: Outage::Closed,
    reason: "Each writes a whole version. Without Redis there is no fence, so nothing is written at all.",
};
/// Editing the source of a manifest.
pub const EDIT: Policy = Policy {
    name: "edit",
    window_s: 3_600,
    most: [30, 30, 60, 120],
    outage: Outage::Closed,
    reason: "Each may write a whole version. Without Redis there is no fence, so nothing is written at all.",
};
/// Rebuilding a manifest.
pub const REBUILD: Policy = Policy {
    name: "rebuild",
    window_s: 3_600,
    most: [10, 10, 20, 40],
    outage: Outage::Closed,
    reason: "Force passes over the hour between two rebuilds; this bounds it. Without Redis there is no fence, so nothing is written at all.",
};
/// Asking a language model.
pub const SUGGEST: Policy = Policy {
    name: "suggest",
    window_s: 3_600,
    most: [10; 4],
    outage: Outage::Open,
    reason: "Each asks a model and costs money. Without Redis the database still counts 20 a day for each workspace.",
};
/// Exporting a manifest.
pub const EXPORT: Policy = Policy {
    name: "export",
    window_s: 3_600,
    most: [60, 60, 120, 240],
    outage: Outage::Open,
    reason: "Each is a whole file. Without Redis it costs one read of Postgres, as any manifest does.",
};

/// Every named limit. A row of the route table names the one that it has.
pub const POLICIES: &[&Policy] = &[&PAYMENT_INIT, &REFUND, &FINALIZE, &EDIT, &REBUILD, &SUGGEST, &EXPORT];

impl Policy {
    /// The limit as the counting script takes it: JSON with the window in milliseconds and the most for each plan.
    pub fn script_argument(&self) -> String {
        let [none, ascent, glide, soar] = self.most;
        let names = [Plan::Ascent, Plan::Glide, Plan::Soar].map(|plan| plan.as_str());
        let mut limits = serde_json::Map::new();
        limits.insert("window".to_owned(), (u64::from(self.window_s) * 1_000).into());
        limits.insert("none".to_owned(), none.into());
        limits.extend(
            names.into_iter().zip([ascent, glide, soar]).map(|(name, most)| (name.to_owned(), most.into())),
        );
        serde_json::Value::Object(limits).to_string()
    }
}

/// What the counter said about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the request may go on.
    pub allowed: bool,
    /// The most requests in a window for this person.
    pub most: u32,
    /// How many are left.
    pub left: u32,
    /// Milliseconds until more may be asked.
    pub reset_ms: u64,
}

impl Verdict {
    /// `RateLimit-*` (draft-ietf-httpapi-ratelimit-headers-06, the form that clients read today), and `Retry-After`
    /// for a refusal. Seconds are rounded up: who comes then is let in.
    pub fn headers(self, policy: &Policy) -> Vec<(&'static str, String)> {
        let seconds = self.reset_ms.div_ceil(1_000).to_string();
        let mut headers = vec![
            ("ratelimit-policy", format!("{};w={}", self.most, policy.window_s)),
            ("ratelimit-limit", self.most.to_string()),
            ("ratelimit-remaining", self.left.to_string()),
            ("ratelimit-reset", seconds.clone()),
        ];
        if !self.allowed {
            headers.push(("retry-after", seconds));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_bigger_plans_never_get_less() {
        for (at, policy) in POLICIES.iter().enumerate() {
            assert!(POLICIES[at + 1..].iter().all(|other| other.name != policy.name));
            assert!(policy.most.is_sorted() && policy.most[0] > 0, "{}", policy.name);
            assert!(policy.reason.ends_with('.'));
        }
    }

    #[test]
    fn a_refusal_says_when_to_come_back_in_whole_seconds_rounded_up() {
        let refused = Verdict { allowed: false, most: 60, left: 0, reset_ms: 1_001 };
        let headers = refused.headers(&EXPORT);
        assert!(headers.contains(&("retry-after", "2".to_owned())), "{headers:?}");
        assert!(headers.contains(&("ratelimit-policy", "60;w=3600".to_owned())), "{headers:?}");
        let allowed = Verdict { allowed: true, left: 3, ..refused };
        assert!(allowed.headers(&EXPORT).iter().all(|(name, _)| *name != "retry-after"));
    }

    #[test]
    fn the_script_gets_every_plan() {
        let argument: serde_json::Value = serde_json::from_str(&EXPORT.script_argument()).unwrap();
        assert_eq!(
            argument,
            serde_json::json!({"window": 3_600_000, "none": 60, "ascent": 60, "glide": 120, "soar": 240})
        );
    }
}
