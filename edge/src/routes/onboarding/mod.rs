//! Onboarding.

pub mod finalize;
