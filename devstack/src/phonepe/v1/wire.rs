//! Signatures and JSON of version 1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::phonepe::digest::sha256_hex;
use crate::phonepe::merchant::{MERCHANT_ID, SALT_INDEX, SALT_KEY};
use crate::phonepe::order::{Order, Refund, RefundState};

/// The `X-VERIFY` signature of `text`, in either direction.
pub(super) fn signature(text: &str) -> String {
    format!("{}###{SALT_INDEX}", sha256_hex(&format!("{text}{SALT_KEY}")))
}

/// A callback's body and its `X-VERIFY`, which signs the base64 text without a path.
pub(crate) fn callback(body: &Value) -> (Value, String) {
    let response = STANDARD.encode(body.to_string());
    let signature = signature(&response);
    (json!({"response": response}), signature)
}

/// An order's state for the status call and the callback. `status` is the same order in the format of version 2.
pub(crate) fn order_json(order: &Order, status: &Value) -> Value {
    let code = match status["state"].as_str() {
        Some("COMPLETED") => "PAYMENT_SUCCESS",
        Some("FAILED") => "PAYMENT_ERROR",
        _ => "PAYMENT_PENDING",
    };
    let transaction_id = order.attempts.last().map_or(&order.order_id, |attempt| &attempt.transaction_id);
    let data = json!({
        "merchantId": MERCHANT_ID, "merchantTransactionId": order.merchant_order_id,
        "transactionId": transaction_id, "amount": status["amount"], "state": status["state"],
        "responseCode": if code == "PAYMENT_SUCCESS" { "SUCCESS" } else { code },
    });
    json!({"success": code != "PAYMENT_ERROR", "code": code, "message": code, "data": data})
}

/// A refund's state for the refund call, the status call and the callback.
pub(crate) fn refund_json(refund: &Refund) -> Value {
    let code = match refund.state {
        RefundState::Pending | RefundState::Confirmed => "PAYMENT_PENDING",
        RefundState::Completed => "PAYMENT_SUCCESS",
        RefundState::Failed => "PAYMENT_ERROR",
    };
    let data = json!({
        "merchantId": MERCHANT_ID, "merchantTransactionId": refund.merchant_refund_id,
        "transactionId": refund.refund_id, "amount": refund.amount, "state": refund.state, "responseCode": code,
    });
    json!({"success": code != "PAYMENT_ERROR", "code": code, "message": code, "data": data})
}
