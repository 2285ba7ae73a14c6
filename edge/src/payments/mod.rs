//! Orders and refunds as PhonePe and the database know them.

pub mod orders;
pub mod refunds;
