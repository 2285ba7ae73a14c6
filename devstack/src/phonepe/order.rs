//! Orders and refunds as the service keeps them, and their JSON on the wire.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The simulated merchant.
pub(super) const MERCHANT_ID: &str = "MGATEHOUSELOCAL";

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderState {
    /// Nobody has paid yet.
    Pending,
    /// Paid.
    Completed,
    /// Failed, cancelled or expired; `error` says which.
    Failed,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RefundState {
    /// Asked for.
    Pending,
    /// Accepted by the bank.
    Confirmed,
    /// The money is back.
    Completed,
    /// The money stays where it is.
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

/// One try to pay an order.
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
    /// The merchant's name for it.
    pub merchant_order_id: String,
    /// The service's name for it, `OMO…`.
    pub order_id: String,
    /// Paise.
    pub amount: i64,
    /// Where it stands.
    pub state: OrderState,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Milliseconds since 1970.
    pub expire_at_ms: i64,
    /// Address of the pay page, given to the merchant as `redirectUrl`.
    pub page_url: String,
    /// Where the pay page sends the payer back to, the merchant's `redirectUrl`.
    pub return_url: String,
    /// `metaInfo` as it came, or null.
    pub meta_info: Value,
    /// Every try to pay, oldest first.
    pub attempts: Vec<Attempt>,
    /// Last part of the page's address.
    #[serde(skip)]
    pub(super) token: String,
    /// Where the older generation tells the merchant about this order.
    #[serde(skip)]
    pub(super) callback: Option<String>,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// The merchant's name for it.
    pub merchant_refund_id: String,
    /// The service's name for it, `OMR…`.
    pub refund_id: String,
    /// The order that is paid back.
    pub merchant_order_id: String,
    /// Paise.
    pub amount: i64,
    /// Where it stands.
    pub state: RefundState,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Where the older generation tells the merchant about this refund.
    #[serde(skip)]
    pub(super) callback: Option<String>,
}

impl Order {
    /// The order as status and webhooks show it; without `details` only the latest attempt.
    pub(super) fn wire(&self, details: bool, error_context: bool) -> Value {
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
            self.attempts.iter().skip(skipped).map(|attempt| attempt.wire(self.amount)).collect();
        order
    }
}

impl Attempt {
    fn wire(&self, amount: i64) -> Value {
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
    /// The refund as status and webhooks show it.
    pub(super) fn wire(&self) -> Value {
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
