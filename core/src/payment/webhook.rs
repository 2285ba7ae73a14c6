//! Verifies PhonePe's webhook and reads what it is about. Its body is only a hint: PhonePe's status API decides.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::phonepe_v1::{self, Salt};
use crate::context::sha256_hex;
use crate::env::PhonePeKeys;

/// The parts of a webhook that we use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Webhook {
    /// Whether its credentials or signature are PhonePe's.
    pub verified: bool,
    /// V2: such as `checkout.order.completed`. V1: the code, such as `PAYMENT_SUCCESS`.
    pub event: String,
    /// Our id of the refund or order that it is about.
    pub about: Option<String>,
}

/// The name of the header with the credentials or signature.
pub fn proof_header(keys: &PhonePeKeys) -> &'static str {
    match keys {
        PhonePeKeys::V1(_) => "x-verify",
        PhonePeKeys::V2(_) => "authorization",
    }
}

/// Verifies and parses a webhook: `proof` is the value of [`proof_header`], `body` the bytes as received. During a key
/// rotation both the new and the old key are accepted. A body of another shape gives no event and no id.
pub fn verify_and_parse(keys: &PhonePeKeys, proof: &str, body: &[u8]) -> Webhook {
    match keys {
        PhonePeKeys::V1(keys) => verify_and_parse_v1(proof, body, &keys.salt, keys.previous.as_ref()),
        PhonePeKeys::V2(keys) => {
            // Every pair is compared, so that the time taken does not reveal which one matched.
            let pairs = std::iter::once(&keys.webhook).chain(&keys.previous_webhook);
            let verified =
                pairs.fold(false, |found, (user, password)| is_authorized(proof, user, password) | found);
            Webhook { verified, ..parse_v2(body) }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BodyV2 {
    event: String,
    payload: PayloadV2,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PayloadV2 {
    merchant_refund_id: Option<String>,
    merchant_order_id: Option<String>,
}

fn parse_v2(body: &[u8]) -> Webhook {
    let BodyV2 { event, payload } = serde_json::from_slice(body).unwrap_or_default();
    Webhook { verified: false, event, about: payload.merchant_refund_id.or(payload.merchant_order_id) }
}

/// Whether the header is the hex SHA-256 of `username:password`, in constant time.
///
/// Usually it is the bare hex; a `SHA256 ` prefix and upper case are accepted too. It is a fixed secret that does not
/// sign the body.
fn is_authorized(header: &str, username: &str, password: &str) -> bool {
    let sent = header.trim();
    let sent = sent.strip_prefix("SHA256 ").unwrap_or(sent).trim().to_ascii_lowercase();
    let expected = sha256_hex(format!("{username}:{password}"));
    !username.is_empty() && !password.is_empty() && bool::from(sent.as_bytes().ct_eq(expected.as_bytes()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BodyV1 {
    response: String,
}

/// The signature covers the base64 text in the body, so that is verified before it is decoded.
fn verify_and_parse_v1(proof: &str, body: &[u8], salt: &Salt, previous: Option<&Salt>) -> Webhook {
    let BodyV1 { response } = serde_json::from_slice(body).unwrap_or_default();
    let sent = proof.trim();
    let verified = std::iter::once(salt).chain(previous).fold(false, |found, salt| {
        let expected = phonepe_v1::x_verify(&response, salt);
        bool::from(sent.as_bytes().ct_eq(expected.as_bytes())) | found
    });
    let answer = STANDARD.decode(&response).ok().and_then(|inside| phonepe_v1::Answer::read(&inside));
    let answer = answer.unwrap_or_default();
    Webhook {
        verified: verified && !response.is_empty(),
        about: answer.data.and_then(|data| data.merchant_transaction_id),
        event: answer.code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{ClientKeys, SaltKeys};

    fn v2(previous: Option<(&str, &str)>) -> PhonePeKeys {
        let text = |(user, password): (&str, &str)| (user.to_owned(), password.to_owned());
        PhonePeKeys::V2(ClientKeys {
            oauth_url: String::new(),
            client_id: String::new(),
            client_version: String::new(),
            client_secret: String::new(),
            webhook: text(("username", "password")),
            previous_webhook: previous.map(text),
        })
    }

    fn v1(previous: Option<&str>) -> PhonePeKeys {
        let salt = |key: &str, index: &str| Salt { key: key.to_owned(), index: index.to_owned() };
        PhonePeKeys::V1(SaltKeys {
            merchant_id: "PGTESTPAYUAT".to_owned(),
            salt: salt("099eb0cd-02cf-4e2a-8aca-3e6c6aff0399", "1"),
            previous: previous.map(|key| salt(key, "2")),
            callback_url: String::new(),
        })
    }

    /// The vector of PhonePe's own client libraries.
    const V2_HEX: &str = "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e";

    #[test]
    fn a_webhook_is_verified_by_the_hash_of_its_credentials() {
        let verified = |header: &str| verify_and_parse(&v2(None), header, b"{}").verified;
        assert!(verified(V2_HEX) && verified(&format!("SHA256 {}", V2_HEX.to_uppercase())));
        for wrong in ["", "SHA256 ", &V2_HEX[1..], &V2_HEX.replace('b', "c")] {
            assert!(!verified(wrong), "{wrong}");
        }
        // The hash of a lone colon: empty credentials prove nothing.
        let colon = "e7ac0786668e0ff0f02b62bd04f45ff636fd82db63b1104601c975dc005f3a67";
        assert!(!is_authorized(colon, "", ""));
    }

    #[test]
    fn during_a_key_rotation_the_old_and_the_new_key_are_accepted() {
        let old = sha256_hex("before:secret");
        let rotating = v2(Some(("before", "secret")));
        assert!(
            verify_and_parse(&rotating, &old, b"{}").verified
                && verify_and_parse(&rotating, V2_HEX, b"{}").verified
        );
        assert!(!verify_and_parse(&v2(None), &old, b"{}").verified, "and afterwards the old one does not");
        assert!(
            !verify_and_parse(&rotating, &sha256_hex("before:password"), b"{}").verified,
            "halves do not mix"
        );

        let body = br#"{"response":"eyJzdWNjZXNzIjp0cnVlfQ=="}"#;
        let signed = |key: &str, index: &str| {
            phonepe_v1::x_verify(
                "eyJzdWNjZXNzIjp0cnVlfQ==",
                &Salt { key: key.to_owned(), index: index.to_owned() },
            )
        };
        assert!(verify_and_parse(&v1(Some("old-salt")), &signed("old-salt", "2"), body).verified);
        assert!(!verify_and_parse(&v1(None), &signed("old-salt", "2"), body).verified);
        assert!(
            !verify_and_parse(&v1(Some("old-salt")), &signed("old-salt", "1"), body).verified,
            "the index names the key"
        );
    }

    #[test]
    fn a_captured_webhook_is_read_and_unknown_fields_are_ignored() {
        let body = br#"{"type":"CHECKOUT_ORDER_COMPLETED","event":"checkout.order.completed","payload":{"merchantId":"M","merchantOrderId":"GH1","orderId":"OMO1","state":"COMPLETED","amount":100,"new":{"x":1}}}"#;
        let webhook = verify_and_parse(&v2(None), V2_HEX, body);
        assert_eq!(
            (webhook.event.as_str(), webhook.about.as_deref()),
            ("checkout.order.completed", Some("GH1"))
        );
        let refund = br#"{"event":"pg.refund.completed","payload":{"merchantRefundId":"GR1","originalMerchantOrderId":"GH2"}}"#;
        assert_eq!(verify_and_parse(&v2(None), V2_HEX, refund).about.as_deref(), Some("GR1"));
        assert_eq!(
            verify_and_parse(&v2(None), V2_HEX, b"not json"),
            Webhook { verified: true, ..Webhook::default() }
        );
    }

    #[test]
    fn a_callback_of_v1_is_signed_over_its_base64_text() {
        // Computed from PhonePe's published rule: SHA-256 of the text and the salt key, without a path.
        let body = br#"{"response":"eyJzdWNjZXNzIjp0cnVlLCJjb2RlIjoiUEFZTUVOVF9TVUNDRVNTIn0="}"#;
        let proof = "41ca0c9e1c8a9e3f691e583cf2e5d476c48a4e391022001d9b89f7fe98228d3d###1";
        let webhook = verify_and_parse(&v1(None), proof, body);
        assert_eq!((webhook.verified, webhook.event.as_str()), (true, "PAYMENT_SUCCESS"));
        for (wrong, body) in [
            ("", body.as_slice()),
            (&proof[..64], body),
            (&proof.replace("###1", "###2"), body),
            (proof, br#"{"response":"eyJzdWNjZXNzIjpmYWxzZX0="}"#),
            (proof, b"{}"),
            ("a0c5d7a2f4ee1f0bd9bbb6d3f3a1c9b0c1a1fe0f0f7f5d5a4b3c2d1e0f9a8b7c###1", b""),
        ] {
            assert!(!verify_and_parse(&v1(None), wrong, body).verified, "{wrong}");
        }
        let empty = phonepe_v1::x_verify(
            "",
            &Salt { key: "099eb0cd-02cf-4e2a-8aca-3e6c6aff0399".into(), index: "1".into() },
        );
        assert!(
            !verify_and_parse(&v1(None), &empty, b"{}").verified,
            "a signature over nothing proves nothing"
        );
    }
}
