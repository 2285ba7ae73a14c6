//! The gate: what a person still lacks, which pages that closes, and the one next thing to do about it.
//!
//! [`pages`] says what each page needs, [`conditions`] what the facts meet, [`decide_gate`] what follows for one
//! page, [`explainer`] why, since when, and what comes next.

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
pub use verify::verify;

pub use conditions::Controls;
