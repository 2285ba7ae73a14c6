//! The e-mails that leave the outbox: subject, plain text and HTML from a template's name and its data.
//!
//! A repeated send must be byte-equal (Resend compares the payload behind an idempotency key), so nothing here
//! depends on the time of sending.

use serde_json::Value;

use crate::money::rupees;

/// A rendered e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Renders a template; `None` for a name that no version of ours has written into the outbox.
pub fn render(template: &str, data: &Value, web_url: &str) -> Option<Email> {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (plan, order_id) = (capitalised(&text("plan")), text("order_id"));
    let amount = rupees(data.get("amount").and_then(Value::as_i64).unwrap_or_default());
    let (subject, lines) = match template {
        "invitation" => (
            format!("You are invited to {}", text("workspace_name")),
            vec![
                match text("invited_by").as_str() {
                    "" => format!("You are invited to join {} as {}.", text("workspace_name"), text("role")),
                    name => format!("{name} invites you to join {} as {}.", text("workspace_name"), text("role")),
                },
                format!("Join: {web_url}/join?token={}", text("token")),
                format!("Sign in with this e-mail address. The link is good until {}.", day(data.get("expires_at"))),
                "If you did not expect this, do nothing.".to_owned(),
            ],
        ),
        "payment_confirmed" => (
            format!("Payment confirmed: {plan}, {amount}"),
            vec![
                format!("We have received {amount} for the {plan} plan (billed by the {}).", text("interval")),
                format!("It runs until {}.", day(data.pointer("/subscription/current_period_end"))),
                format!("Order: {order_id}"),
                format!("Continue: {web_url}/onboarding"),
                "Prices include GST. This is a receipt, not a tax invoice.".to_owned(),
            ],
        ),
        "payment_failed" => (
            format!("Payment not completed: {plan}"),
            vec![
                format!("Your payment of {amount} for the {plan} plan did not go through. Nothing was granted."),
                "If your bank shows a debit all the same, it is either returned to you or completes the order late; \
                 we keep checking and write to you."
                    .to_owned(),
                format!("Order: {order_id}"),
                format!("Try again: {web_url}/plans"),
            ],
        ),
        "refund_completed" => {
            let refunded = rupees(data.get("refunded").and_then(Value::as_i64).unwrap_or_default());
            let consequence = match text("status").as_str() {
                "refunded" => "All of the order's money is back, and the time that it bought has ended.",
                _ => "It is a part of what you paid; your plan goes on as it was.",
            };
            (
                format!("Refund completed: {refunded}"),
                vec![
                    format!("PhonePe has paid {refunded} of your order for the {plan} plan back, the way it came."),
                    consequence.to_owned(),
                    "Your bank may take a few more days to show it.".to_owned(),
                    format!("Order: {order_id}"),
                    format!("Refund: {}", text("refund_id")),
                ],
            )
        }
        _ => return None,
    };
    let html = lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect();
    Some(Email { subject, text: lines.join("\n\n"), html })
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The UTC day of an instant.
fn day(instant: Option<&Value>) -> &str {
    let instant = instant.and_then(Value::as_str).unwrap_or_default();
    instant.get(..10).unwrap_or(instant)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_confirmation_says_what_was_paid_and_until_when() {
        let data = json!({"plan": "glide", "interval": "month", "amount": 700_000, "order_id": "GH1",
            "subscription": {"current_period_end": "2026-12-23T04:00:00.000Z"}});
        let mail = render("payment_confirmed", &data, "https://app.example").unwrap();
        assert_eq!(mail.subject, "Payment confirmed: Glide, ₹7,000");
        assert!(mail.text.contains("It runs until 2026-12-23.") && mail.html.contains("<p>Order: GH1</p>"));
        assert_eq!(
            render("payment_confirmed", &data, "https://app.example"),
            Some(mail),
            "the same bytes each time"
        );
        assert_eq!(render("newsletter", &data, ""), None);
    }

    #[test]
    fn a_refund_says_how_much_came_back_and_what_that_ends() {
        let data = |status: &str| json!({"plan": "glide", "amount": 700_000, "refunded": 200_050, "status": status, "order_id": "GH1", "refund_id": "GR1"});
        let part = render("refund_completed", &data("completed"), "").unwrap();
        assert_eq!(part.subject, "Refund completed: ₹2,000.50");
        assert!(part.text.contains("goes on as it was") && part.text.contains("Refund: GR1"));
        assert!(render("refund_completed", &data("refunded"), "").unwrap().text.contains("has ended"));
    }

    #[test]
    fn an_invitation_says_who_asks_and_carries_the_link() {
        let data = json!({"workspace_name": "Chaya", "invited_by": "Asha", "role": "admin", "token": "ab12", "expires_at": "2026-11-30T04:00:00.000Z"});
        let mail = render("invitation", &data, "https://app.example").unwrap();
        assert!(mail.text.starts_with("Asha invites you to join Chaya as admin."), "{}", mail.text);
        assert!(
            mail.text.contains("https://app.example/join?token=ab12")
                && mail.text.contains("until 2026-11-30.")
        );
        let nameless = json!({"workspace_name": "Chaya", "invited_by": null, "role": "member"});
        let mail = render("invitation", &nameless, "https://app.example").unwrap();
        assert!(mail.text.starts_with("You are invited to join Chaya as member."), "{}", mail.text);
    }

    #[test]
    fn data_is_shown_never_run() {
        let mail = render("payment_failed", &json!({"plan": "<script>", "amount": 1}), "https://app.example")
            .unwrap();
        assert!(!mail.html.contains("<script>"));
    }
}
