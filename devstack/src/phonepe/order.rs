//! Orders and refunds as the service stores them, and their JSON in API and webhooks.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::merchant::MERCHANT_ID;

/// The state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderState {
    /// Not paid yet.
    Pending,
    /// Paid.
    Completed,
    /// Failed, cancelled or expired; see `error`.
    Failed,
}

/// The state of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RefundState {
    /// Requested.
    Pending,
    /// Accepted by the bank.
    Confirmed,
    /// The money was returned.
    Completed,
    /// The money was not returned.
    Failed,
}

/// Why an order or attempt failed: `errorCode` and `detailedErrorCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The coarse code.
    pub code: &'static str,
    /// The fine code.
    pub detailed: &'static str,
    #[serde(skip)]
    pub(super) description: &'static str,
}

impl Failure {
    pub(super) const DECLINED: Self =
        Self { code: "PAYMENT_ERROR", detailed: "XC", description: "The bank declined the payment." };
    pub(super) const CANCELLED: Self = Self {
        code: "CANCELLED_BY_USER",
        detailed: "CANCELLED_BY_USER",
        description: "The payer cancelled the payment.",
    };
    pub(super) const EXPIRED: Self =
        Self { code: "ORDER_EXPIRED", detailed: "ORDER_EXPIRED", description: "The order has expired." };
}

/// One attempt to pay an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// `OM…`
    pub transaction_id: String,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// None = it succeeded.
    pub error: Option<Failure>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Order {
    /// The merchant's id for it.
    pub merchant_order_id: String,
    /// The service's id for it, `OMO…`.
    pub order_id: String,
    /// Paise.
    pub amount: i64,
    /// Its state.
    pub state: OrderState,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Milliseconds since 1970.
    pub expire_at_ms: i64,
    /// Address of the pay page, which the merchant gets as `redirectUrl`.
    pub page_url: String,
    /// The merchant's `redirectUrl`, to which the pay page sends the payer back.
    pub return_url: String,
    /// `metaInfo` as sent, or null.
    pub meta_info: Value,
    /// Every attempt to pay, oldest first.
    pub attempts: Vec<Attempt>,
    /// Last part of the page's address.
    #[serde(skip)]
    pub(super) token: String,
    /// Version 1: the address that is notified about this order.
    #[serde(skip)]
    pub(super) callback: Option<String>,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// The merchant's id for it.
    pub merchant_refund_id: String,
    /// The service's id for it, `OMR…`.
    pub refund_id: String,
    /// The order that is refunded.
    pub merchant_order_id: String,
    /// Paise.
    pub amount: i64,
    /// Its state.
    pub state: RefundState,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Version 1: the address that is notified about this refund.
    #[serde(skip)]
    pub(super) callback: Option<String>,
}

impl Order {
    /// The order for status call and webhooks; without `details` it has only the latest attempt.
    pub(super) fn to_json(&self, details: bool, error_context: bool) -> Value {
        let skipped = if details { 0 } else { self.attempts.len().saturating_sub(1) };
        let mut order = json!({
            "merchantId": MERCHANT_ID,
            "merchantOrderId": self.merchant_order_id,
            "orderId": self.order_id,
            "state": self.state,
            "amount": self.amount,
            "payableAmount": self.amount,
            "feeAmount": 0,
            "expireAt": self.expire_at_ms,
        });
        if !self.meta_info.is_null() {
            order["metaInfo"] = self.meta_info.clone();
        }
        if let Some(error) = &self.error {
            order["errorCode"] = json!(error.code);
            order["detailedErrorCode"] = json!(error.detailed);
            if error_context {
                order["errorContext"] = json!({
                    "errorCode": error.code, "detailedErrorCode": error.detailed, "source": "CUSTOMER",
                    "stage": "AUTHENTICATION", "description": error.description,
                });
            }
        }
        order["paymentDetails"] =
            self.attempts.iter().skip(skipped).map(|attempt| attempt.to_json(self.amount)).collect();
        order
    }
}

impl Attempt {
    fn to_json(&self, amount: i64) -> Value {
        let instrument = json!({
            "type": "ACCOUNT", "maskedAccountNumber": "XXXXXXX1234", "ifsc": "KKBK0000221",
            "accountHolderName": "Local Payer", "accountType": "SAVINGS",
        });
        let mut detail = json!({
            "transactionId": self.transaction_id, "paymentMode": "UPI_QR", "timestamp": self.timestamp_ms,
            "amount": amount, "payableAmount": amount, "feeAmount": 0,
        });
        match &self.error {
            Some(error) => {
                detail["state"] = json!("FAILED");
                detail["errorCode"] = json!(error.code);
                detail["detailedErrorCode"] = json!(error.detailed);
            }
            None => {
                let digits: String = self.transaction_id.chars().filter(char::is_ascii_digit).collect();
                let utr = digits.get(digits.len().saturating_sub(12)..).unwrap_or_default();
                let rail = json!({
                    "type": "UPI", "utr": utr, "upiTransactionId": format!("ICI{digits}"), "vpa": "payer@ybl",
                });
                detail["state"] = json!("COMPLETED");
                detail["instrument"] = instrument.clone();
                detail["rail"] = rail.clone();
                detail["splitInstruments"] =
                    json!([{"instrument": instrument, "rail": rail, "amount": amount}]);
            }
        }
        detail
    }
}

impl Refund {
    /// The refund for status call and webhooks.
    pub(super) fn to_json(&self) -> Value {
        let mut refund = json!({
            "merchantId": MERCHANT_ID,
            "merchantRefundId": self.merchant_refund_id,
            "originalMerchantOrderId": self.merchant_order_id,
            "refundId": self.refund_id,
            "amount": self.amount,
            "state": self.state,
            "timestamp": self.timestamp_ms,
        });
        if self.state == RefundState::Failed {
            refund["errorCode"] = json!("REFUND_FAILED");
            refund["detailedErrorCode"] = json!("XC");
        }
        refund["paymentDetails"] = json!([{
            "transactionId": format!("OM{}", self.refund_id.trim_start_matches("OMR")),
            "paymentMode": "UPI_QR", "timestamp": self.timestamp_ms, "amount": self.amount, "state": self.state,
        }]);
        refund
    }
}
