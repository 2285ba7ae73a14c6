//! The gate: what a person is still missing, which pages are therefore closed, and the one next thing to do.
//!
//! [`pages`] has what each page needs, [`conditions`] checks the facts, [`decide_gate`] decides about one page, and
//! [`explainer`] puts the decision into words.

mod conditions;
mod decide;
mod decision;
mod explainer;
mod facts;
pub mod pages;
#[cfg(test)]
mod properties;
mod verify;

pub use decide::{GateAnswer, GateView, decide_gate};
pub use decision::Decision;
pub use explainer::{Explanation, Upcoming};
pub use facts::{GateFacts, ProfileFacts};
pub use verify::verify_profile;

pub use conditions::Controls;
