//! The error of one field.

use serde::{Deserialize, Serialize};

/// One thing wrong with one field, in a sentence fit to stand under it in a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) to the value, from the root of the body.
    pub pointer: String,
    /// Stable code of the rule, such as `required` or `too_long`.
    pub code: String,
    /// The sentence to show.
    pub message: String,
    /// Id of the onboarding step that the field belongs to, where it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}
