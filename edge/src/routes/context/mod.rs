//! The manifest.

pub mod export;
pub mod history;
pub mod manifest;
