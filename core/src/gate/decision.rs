//! What the gate can decide about a page.

use serde::{Deserialize, Serialize};

use crate::vocabulary::GateCondition;

/// What happens to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Decision {
    /// It is shown.
    Allow,
    /// Nobody is signed in: the browser goes to sign-in and comes back afterwards.
    Redirect {
        /// A path of this site.
        to: String,
    },
    /// A screen takes its place that says what is missing, why, and the one next action.
    Interstitial {
        /// The first unmet condition.
        condition: GateCondition,
        /// `<condition>_unmet`, or `not_checked` when the facts could not be had.
        code: String,
        /// The sentence to show.
        message: String,
        /// Whether asking again in a moment is the way out.
        retry: bool,
    },
}
