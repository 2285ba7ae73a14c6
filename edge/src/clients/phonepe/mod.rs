//! PhonePe: pay, order status, refund, refund status, in the generation that the settings name.

mod v1;
mod v2;

use gatehouse_core::env::PhonePeKeys;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::phonepe::{OrderStatus, PayAnswer, RefundAnswer};

use super::unavailable;
use crate::scope::Scope;

const DEADLINE_MS: u32 = 5_000;

/// How an attempt to open a payment page ended.
pub enum Paid {
    /// The page is open.
    Open(PayAnswer),
    /// PhonePe refused; the page is not open.
    Refused,
}

/// What PhonePe knows of an order or a refund.
pub enum Known<T> {
    /// Its state.
    Status(T),
    /// PhonePe does not know it: no money can have moved.
    Nothing,
}

/// How a refund request ended.
pub enum Refunded {
    /// PhonePe has accepted it, now or before.
    Taken(RefundAnswer),
    /// PhonePe refused, for this reason; no money moves.
    Refused(String),
}

/// Opens a payment page for an order of ours. `amount` is in paise.
///
/// # Errors
/// `dependency_unavailable`: the page may or may not be open.
pub async fn pay(scope: &Scope, order_id: &str, amount: i64) -> Result<Paid, Error> {
    match &scope.settings.phonepe.keys {
        PhonePeKeys::V1(keys) => v1::pay(scope, keys, order_id, amount).await,
        PhonePeKeys::V2(keys) => v2::pay(scope, keys, order_id, amount).await,
    }
}

/// Asks for an order's state.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn order_status(scope: &Scope, order_id: &str) -> Result<Known<OrderStatus>, Error> {
    match &scope.settings.phonepe.keys {
        PhonePeKeys::V1(keys) => v1::order_status(scope, keys, order_id).await,
        PhonePeKeys::V2(keys) => v2::order_status(scope, keys, order_id).await,
    }
}

/// Requests a refund of an order. `amount` is in paise.
///
/// # Errors
/// `dependency_unavailable`: PhonePe may or may not have accepted it. Ask for the status before asking again.
pub async fn refund(scope: &Scope, refund_id: &str, order_id: &str, amount: i64) -> Result<Refunded, Error> {
    match &scope.settings.phonepe.keys {
        PhonePeKeys::V1(keys) => v1::refund(scope, keys, refund_id, order_id, amount).await,
        PhonePeKeys::V2(keys) => v2::refund(scope, keys, refund_id, order_id, amount).await,
    }
}

/// Asks for a refund's state.
///
/// # Errors
/// `dependency_unavailable`.
pub async fn refund_status(scope: &Scope, refund_id: &str) -> Result<Known<RefundAnswer>, Error> {
    match &scope.settings.phonepe.keys {
        PhonePeKeys::V1(keys) => v1::refund_status(scope, keys, refund_id).await,
        PhonePeKeys::V2(keys) => v2::refund_status(scope, keys, refund_id).await,
    }
}

/// Where PhonePe sends a person back to.
fn return_url(scope: &Scope, order_id: &str) -> String {
    format!("{}/payment/{order_id}", scope.settings.web_url)
}

fn faulty(scope: &Scope, operation: &str, status: u16) -> Error {
    scope.note_cause(format!("phonepe answered {operation} with {status}"));
    Error::with_detail(ErrorCode::DependencyUnavailable, "PhonePe is not answering.")
}
