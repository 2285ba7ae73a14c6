//! Payments.

pub mod init;
pub mod orders;
pub mod plans;
pub mod refund;
pub mod status;
pub mod webhook;

/// Whether an order id can be one of ours.
fn is_ours(order_id: &str) -> bool {
    (3..=63).contains(&order_id.len()) && order_id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
