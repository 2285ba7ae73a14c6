//! The manifest.

pub mod export;
pub mod manifest;
