//! The timeline of a payment: each stored event as a sentence, and what support can do.

use serde::{Deserialize, Serialize};

use crate::money::rupees;
use crate::time;
use crate::vocabulary::{PaymentStatus, RefundStatus};

/// A payment event as the database stores it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StoredEvent {
    /// When, RFC 3339.
    pub at: String,
    /// `person`, `webhook`, `poll` or `cron`.
    pub source: String,
    /// The gateway's word, or ours for what a person did.
    pub state_seen: String,
    /// `created`, `applied`, `unchanged` or `incident`.
    pub outcome: String,
    /// Which incident it was.
    pub incident: Option<String>,
    /// Why the gateway says that it failed.
    pub error_code: Option<String>,
    /// Paise that a refund is about.
    pub amount: Option<i64>,
    /// As whom the refund was asked for.
    pub requested_as: Option<String>,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimelineEvent {
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Who said so, such as "PhonePe's webhook".
    pub source: String,
    /// What happened, as a sentence.
    pub text: String,
}

/// A stored event as a line of the timeline. `order_amount` is in paise.
pub fn timeline_event(event: &StoredEvent, order_amount: i64) -> TimelineEvent {
    let source = match (event.source.as_str(), event.requested_as.as_deref()) {
        (_, Some("support")) => "Support",
        ("person", _) => "You",
        // A webhook only triggers a status check; what was applied is the status that PhonePe then returned.
        ("webhook", _) => "PhonePe's webhook",
        _ => "Our check at PhonePe",
    };
    TimelineEvent {
        at: time::normalise(&event.at),
        source: source.to_owned(),
        text: sentence(event, order_amount),
    }
}

fn sentence(event: &StoredEvent, order_amount: i64) -> String {
    let (order, refund) = (rupees(order_amount), rupees(event.amount.unwrap_or_default()));
    let why = event.error_code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    match (event.outcome.as_str(), event.state_seen.as_str()) {
        ("incident", _) => {
            let what = match event.incident.as_deref() {
                Some("amount_mismatch" | "refund_mismatch") => "a different amount than ours",
                _ => "a different order than ours",
            };
            format!("PhonePe reported {what}. Nothing was changed, and a person will look into it.")
        }
        (_, "CREATED") => format!("The order for {order} was created."),
        ("applied", "COMPLETED") => format!("We received {order} and activated the plan."),
        ("applied", "FAILED") => {
            format!("The payment of {order} did not go through{why}. The plan did not change.")
        }
        ("applied", "CANCELLED") => format!("The order for {order} was cancelled."),
        (_, "REFUND_REQUESTED") => format!("A refund of {refund} was requested."),
        ("applied", "REFUND_COMPLETED") => format!("{refund} was refunded to the original payment method."),
        ("applied", "REFUND_FAILED") => {
            format!("The refund of {refund} failed{why}. It can be requested again.")
        }
        (_, "COMPLETED") => "PhonePe confirmed the payment again. Nothing was changed.".to_owned(),
        (_, "FAILED") => {
            "PhonePe said that the payment failed. The order was already settled, so nothing was changed."
                .to_owned()
        }
        (_, other) => format!("PhonePe said {other}. Nothing was changed."),
    }
}

/// What support can do about an order in its current state. `refunds` are the states of its refunds; `overdue` means
/// that the order has expired and is still pending.
pub fn support_hint(status: PaymentStatus, refunds: &[RefundStatus], overdue: bool) -> &'static str {
    if refunds.contains(&RefundStatus::Pending) {
        return "A refund is in progress; banks take up to 7 working days. After that, support can ask PhonePe with the refund's id.";
    }
    match status {
        PaymentStatus::Pending if overdue => {
            "PhonePe has not confirmed this payment in time. We keep asking, and support sees that it needs attention; if your bank shows a debit, send support the order id."
        }
        PaymentStatus::Pending => {
            "You do not need to do anything: we keep asking PhonePe. If your bank shows a debit and this is still pending after a day, send support the order id."
        }
        PaymentStatus::Completed => {
            "The owner can get a full refund within 7 days of paying; support can refund any part of it at any time."
        }
        PaymentStatus::Failed | PaymentStatus::Cancelled => {
            "If your bank shows a debit, either the bank returns it or the payment still completes. Support can ask PhonePe with the order id."
        }
        PaymentStatus::Refunded => {
            "Everything was refunded. If your account does not show it, support can give you the bank's reference."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(source: &str, state_seen: &str, outcome: &str) -> StoredEvent {
        StoredEvent {
            at: "2026-11-23T10:00:00+05:30".to_owned(),
            source: source.to_owned(),
            state_seen: state_seen.to_owned(),
            outcome: outcome.to_owned(),
            ..StoredEvent::default()
        }
    }

    #[test]
    fn events_become_sentences_with_time_source_and_amount() {
        let made = timeline_event(&stored("person", "CREATED", "created"), 10_000_000);
        assert_eq!((made.at.as_str(), made.source.as_str()), ("2026-11-23T04:30:00.000Z", "You"));
        assert_eq!(made.text, "The order for ₹1,00,000 was created.");
        let paid = timeline_event(&stored("webhook", "COMPLETED", "applied"), 700_000);
        assert_eq!(
            (paid.source.as_str(), paid.text.as_str()),
            ("PhonePe's webhook", "We received ₹7,000 and activated the plan.")
        );
        let failed = StoredEvent { error_code: Some("XC".to_owned()), ..stored("cron", "FAILED", "applied") };
        assert!(timeline_event(&failed, 700_000).text.contains("(XC)"));
        let refund = StoredEvent {
            amount: Some(200_000),
            requested_as: Some("support".to_owned()),
            ..stored("person", "REFUND_REQUESTED", "created")
        };
        let refund = timeline_event(&refund, 700_000);
        assert_eq!(
            (refund.source.as_str(), refund.text.as_str()),
            ("Support", "A refund of ₹2,000 was requested.")
        );
        let strange = StoredEvent {
            incident: Some("amount_mismatch".to_owned()),
            ..stored("poll", "COMPLETED", "incident")
        };
        assert!(timeline_event(&strange, 1).text.contains("Nothing was changed"));
        assert!(
            timeline_event(&stored("poll", "COMPLETED", "unchanged"), 1).text.contains("Nothing was changed")
        );
        assert_eq!(
            timeline_event(&stored("cron", "NEW_WORD", "unchanged"), 1).text,
            "PhonePe said NEW_WORD. Nothing was changed."
        );
    }

    #[test]
    fn every_state_says_what_support_can_do() {
        let words: std::collections::BTreeSet<_> =
            PaymentStatus::ALL.iter().map(|&status| support_hint(status, &[], false)).collect();
        assert_eq!(words.len(), 4, "failed and cancelled share theirs");
        let under_way =
            support_hint(PaymentStatus::Completed, &[RefundStatus::Failed, RefundStatus::Pending], false);
        assert!(under_way.starts_with("A refund is in progress"));
        assert!(support_hint(PaymentStatus::Pending, &[], true).contains("needs attention"));
    }
}
