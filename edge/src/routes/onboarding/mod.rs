//! Onboarding.

pub mod finalize;
pub mod session;
pub mod step;
