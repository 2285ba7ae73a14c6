//! Payments: PhonePe's wire formats, its webhook, when to poll it, and a payment's timeline for people.

pub mod phonepe;
pub mod phonepe_v1;
mod poll;
pub mod timeline;
pub mod webhook;

pub use poll::{Poll, next_poll, next_refund_check};

/// What a webhook is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One of our orders.
    Order,
    /// Money on its way back.
    Refund,
}

impl Subject {
    /// Decided by the event's name, or by our id where V1 names no event: refunds are `GR…`.
    pub fn of(event: &str, id: &str) -> Self {
        if event.starts_with("pg.refund.") || id.starts_with("GR") { Self::Refund } else { Self::Order }
    }
}

#[cfg(test)]
mod tests {
    use super::Subject;

    #[test]
    fn a_webhook_is_about_an_order_unless_event_or_id_says_refund() {
        for (event, id, subject) in [
            ("checkout.order.completed", "GH1", Subject::Order),
            ("", "GH1", Subject::Order),
            ("pg.refund.completed", "made-at-the-dashboard", Subject::Refund),
            ("PAYMENT_SUCCESS", "GR1", Subject::Refund),
            ("something.new", "x", Subject::Order),
        ] {
            assert_eq!(Subject::of(event, id), subject, "{event} {id}");
        }
    }
}
