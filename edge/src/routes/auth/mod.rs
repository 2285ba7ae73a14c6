//! Profiles and the gate.

pub mod ensure_profile;
pub mod gate;
pub mod verify_profile;
