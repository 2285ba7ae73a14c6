//! Profiles and the gate.

pub mod ensure_profile;
pub mod verify_profile;
