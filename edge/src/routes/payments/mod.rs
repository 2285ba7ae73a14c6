//! Payments.

pub mod init;
pub mod plans;
pub mod status;
pub mod webhook;
