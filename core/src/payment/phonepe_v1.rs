//! PhonePe V1's wire format: base64 payloads, and the header `X-VERIFY` that signs them with the salt key.
//!
//! Source: PhonePe, "pay API", "check status API", "refund", "server to server callback" (v1 reference). Of a
//! response `code` decides; unknown fields are ignored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::phonepe::{OrderStatus, RefundAnswer};
use crate::context::sha256_hex;

/// A salt key and the index that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salt {
    /// The secret.
    pub key: String,
    /// Its number at PhonePe.
    pub index: String,
}

/// Path of a payment, below the host.
pub const PAY_PATH: &str = "/pg/v1/pay";
/// Path of a refund.
pub const REFUND_PATH: &str = "/pg/v1/refund";

/// `X-VERIFY`: the hex SHA-256 of the text and the key, and the key's index. A plain hash, as PhonePe defines it.
pub fn x_verify(text: &str, salt: &Salt) -> String {
    format!("{}###{}", sha256_hex(format!("{text}{}", salt.key)), salt.index)
}

/// A payload as it is sent to `path`: the body, and its `X-VERIFY`. The host is not a part of what is signed.
pub fn signed_request(payload: &Value, path: &str, salt: &Salt) -> (String, String) {
    let request = STANDARD.encode(payload.to_string());
    let proof = x_verify(&format!("{request}{path}"), salt);
    (json!({"request": request}).to_string(), proof)
}

/// The path of a status, which is also what its `X-VERIFY` signs; for payments and refunds alike.
pub fn status_path(merchant_id: &str, transaction_id: &str) -> String {
    format!("/pg/v1/status/{merchant_id}/{transaction_id}")
}

/// The payload of a payment. `amount` is in paise.
pub fn pay_payload(
    merchant_id: &str,
    order_id: &str,
    amount: i64,
    redirect_url: &str,
    callback_url: &str,
) -> Value {
    json!({
        "merchantId": merchant_id, "merchantTransactionId": order_id, "merchantUserId": order_id, "amount": amount,
        "redirectUrl": redirect_url, "redirectMode": "REDIRECT", "callbackUrl": callback_url,
        "paymentInstrument": {"type": "PAY_PAGE"},
    })
}

/// The payload of a refund. `amount` is in paise.
pub fn refund_payload(
    merchant_id: &str,
    refund_id: &str,
    order_id: &str,
    amount: i64,
    callback_url: &str,
) -> Value {
    json!({
        "merchantId": merchant_id, "merchantTransactionId": refund_id, "originalTransactionId": order_id,
        "amount": amount, "callbackUrl": callback_url,
    })
}

/// Any V1 response, and the decoded payload of its callback.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The result, such as `PAYMENT_SUCCESS`.
    pub code: String,
    /// What it is about; absent in refusals.
    pub data: Option<Data>,
}

/// The `data` of a response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Data {
    /// Our id.
    pub merchant_transaction_id: Option<String>,
    transaction_id: Option<String>,
    amount: Option<i64>,
    response_code: Option<String>,
    instrument_response: Option<Value>,
}

impl Answer {
    /// Reads an answer; `None` when it is no JSON object.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Where the person pays, when a page was opened.
    pub fn page(&self) -> Option<String> {
        let page = self.data.as_ref()?.instrument_response.as_ref()?.pointer("/redirectInfo/url")?;
        (self.code == "PAYMENT_INITIATED").then(|| page.as_str().map(str::to_owned)).flatten()
    }

    /// Whether PhonePe does not know the transaction.
    pub fn is_unknown(&self) -> bool {
        self.code == "TRANSACTION_NOT_FOUND"
    }

    /// The state of a payment in V2's words; `None` when the answer says nothing about it.
    pub fn order_status(&self) -> Option<OrderStatus> {
        let state = match self.code.as_str() {
            "PAYMENT_SUCCESS" => "COMPLETED",
            // A fault of PhonePe's does not mean that the payment failed.
            "PAYMENT_PENDING" | "PAYMENT_INITIATED" | "INTERNAL_SERVER_ERROR" => "PENDING",
            "PAYMENT_ERROR" | "PAYMENT_DECLINED" | "PAYMENT_CANCELLED" | "TIMED_OUT" => "FAILED",
            _ => return None,
        };
        let data = self.data.clone().unwrap_or_default();
        Some(OrderStatus {
            // An order may have several attempts; the id that counts is that of the one that paid.
            order_id: data.transaction_id.filter(|_| state == "COMPLETED"),
            state: state.to_owned(),
            amount: data.amount,
            error_code: (state == "FAILED").then(|| self.code.clone()),
            detailed_error_code: data.response_code.filter(|_| state == "FAILED"),
        })
    }

    /// The state of a refund in V2's words; `None` when the answer says nothing about it.
    pub fn refund_answer(&self) -> Option<RefundAnswer> {
        let state = match self.code.as_str() {
            "PAYMENT_SUCCESS" => "COMPLETED",
            // PhonePe asks merchants to check the status before repeating a refund.
            "PAYMENT_PENDING" | "TIMED_OUT" | "INTERNAL_SERVER_ERROR" => "PENDING",
            "PAYMENT_ERROR" | "PAYMENT_DECLINED" | "REVERSAL_WINDOW_EXCEEDED" | "EXCESS_REFUND_AMOUNT" => {
                "FAILED"
            }
            _ => return None,
        };
        let data = self.data.clone().unwrap_or_default();
        Some(RefundAnswer {
            refund_id: data.transaction_id,
            state: state.to_owned(),
            amount: data.amount,
            error_code: (state == "FAILED").then(|| self.code.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt(key: &str) -> Salt {
        Salt { key: key.to_owned(), index: "1".to_owned() }
    }

    /// The worked example of PhonePe's pay page: its base64 text, path, salt key and `X-VERIFY`.
    #[test]
    fn the_published_pay_example_has_its_published_signature() {
        let request = "ewogICJtZXJjaGFudElkIjogIlBHVEVTVFBBWVVBVCIsCiAgIm1lcmNoYW50VHJhbnNhY3Rpb25JZCI6ICJNVDc4NTA1OTAwNjgxODgxMDQiLAogICJtZXJjaGFudFVzZXJJZCI6ICJNVUlEMTIzIiwKICAiYW1vdW50IjogMTAwMDAsCiAgInJlZGlyZWN0VXJsIjogImh0dHBzOi8vd2ViaG9vay5zaXRlL3JlZGlyZWN0LXVybCIsCiAgInJlZGlyZWN0TW9kZSI6ICJSRURJUkVDVCIsCiAgImNhbGxiYWNrVXJsIjogImh0dHBzOi8vd2ViaG9vay5zaXRlL2NhbGxiYWNrLXVybCIsCiAgIm1vYmlsZU51bWJlciI6ICI5OTk5OTk5OTk5IiwKICAicGF5bWVudEluc3RydW1lbnQiOiB7CiAgICAidHlwZSI6ICJQQVlfUEFHRSIKICB9Cn0=";
        assert_eq!(
            x_verify(&format!("{request}{PAY_PATH}"), &salt("099eb0cd-02cf-4e2a-8aca-3e6c6aff0399")),
            "d7a8e4458caa6fcd781166bbdc85fec76740c18cb9baa9a4c48cf2387d554180###1"
        );
    }

    /// The same rule on another product's page, where the hash stands in capitals.
    #[test]
    fn the_rule_holds_for_the_other_published_example_and_for_a_status() {
        let other = "ewoJImdyYW50VG9rZW4iOiAiR1JUOTc5YTYzZjQ4ZjIxYjZmMWRiN2JhOTNiYjRhMGZiMjk3NWQ0OWFmYmMyY2QxMDdkYTBmYWMxZGQ1N2RlN2ZiNCIKfQ==/v3/service/auth/access";
        assert_eq!(
            x_verify(other, &salt("6b451f58-d565-4890-836f-6fb1gjt84d97")),
            "5de0e70cf2b78f3923ca108e583e6a80fabe910efd1726570b3e5cb2040df7d2###1"
        );
        assert_eq!(
            x_verify(
                &status_path("PGTESTPAYUAT", "MT7850590068188104"),
                &salt("099eb0cd-02cf-4e2a-8aca-3e6c6aff0399")
            ),
            "95c6d60f014b7190aa417083aca2489bb5b0a729d0421c17dea19f5913e6d741###1"
        );
    }

    #[test]
    fn a_request_is_base64_and_signed_with_its_path() {
        let payload =
            pay_payload("M", "GH1", 700_000, "https://app.example/payment/GH1", "https://edge.example/hook");
        let (body, proof) = signed_request(&payload, PAY_PATH, &salt("k"));
        let body: Value = serde_json::from_str(&body).unwrap();
        let request = body["request"].as_str().unwrap();
        let inside: Value = serde_json::from_slice(&STANDARD.decode(request).unwrap()).unwrap();
        assert_eq!((&inside["amount"], &inside["merchantTransactionId"]), (&json!(700_000), &json!("GH1")));
        assert_eq!(proof, x_verify(&format!("{request}/pg/v1/pay"), &salt("k")));
    }

    #[test]
    fn the_code_decides_and_what_is_unknown_decides_nothing() {
        let answer = |code: &str| {
            Answer::read(
            json!({"success": true, "code": code, "message": "m", "new": 1,
                "data": {"merchantTransactionId": "GH1", "transactionId": "T1", "amount": 100, "state": "COMPLETED", "x": {}}})
            .to_string().as_bytes(),
        ).unwrap()
        };
        let state = |code| answer(code).order_status().map(|status| status.state);
        assert_eq!(state("PAYMENT_SUCCESS").as_deref(), Some("COMPLETED"));
        for pending in ["PAYMENT_PENDING", "INTERNAL_SERVER_ERROR"] {
            assert_eq!(state(pending).as_deref(), Some("PENDING"), "{pending}");
        }
        for failed in ["PAYMENT_ERROR", "PAYMENT_DECLINED", "PAYMENT_CANCELLED", "TIMED_OUT"] {
            assert_eq!(state(failed).as_deref(), Some("FAILED"), "{failed}");
        }
        for nothing in
            ["TRANSACTION_NOT_FOUND", "BAD_REQUEST", "AUTHORIZATION_FAILED", "KEY_NOT_CONFIGURED", "", "NEW"]
        {
            assert_eq!((state(nothing), answer(nothing).refund_answer()), (None, None), "{nothing}");
        }
        assert!(answer("TRANSACTION_NOT_FOUND").is_unknown());
        assert_eq!(answer("PAYMENT_SUCCESS").order_status().unwrap().order_id.as_deref(), Some("T1"));
        assert_eq!(answer("PAYMENT_PENDING").order_status().unwrap().order_id, None);
        assert_eq!(
            answer("TIMED_OUT").refund_answer().unwrap().state,
            "PENDING",
            "a refund that timed out is asked about"
        );
        assert_eq!(answer("EXCESS_REFUND_AMOUNT").refund_answer().unwrap().state, "FAILED");
        let refused =
            Answer::read(br#"{"success":false,"code":"INTERNAL_SERVER_ERROR","data":null}"#).unwrap();
        assert_eq!(refused.order_status().unwrap().amount, None);
        assert!(Answer::read(b"<html>").is_none());
    }
}
