//! The manifest.

pub mod diff;
pub mod export;
pub mod history;
pub mod manifest;
pub mod rebuild;
pub mod restore;
pub mod source;
pub mod suggestions;
