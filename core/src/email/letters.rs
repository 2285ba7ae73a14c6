//! What each e-mail says. Everything comes from the outbox row's data, so that a repeated send has the same bytes.

use serde_json::Value;

use super::layout::{Letter, Tone};
use crate::money::rupees;
use crate::time::{day_in_india, parse};

/// The note on every receipt.
const GST: &str = "Prices include GST. This is a receipt, not a tax invoice.";

/// Reads an outbox row's data. A value that is missing or of another type reads as an empty text.
pub(super) struct Data<'a> {
    pub data: &'a Value,
    pub web_url: &'a str,
}

impl Data<'_> {
    /// A text on one line, of 200 characters at most: people choose some of these, and none may break a header line.
    fn text(&self, pointer: &str) -> String {
        let found = self.data.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let line: Vec<&str> = found.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let line: Vec<&str> = line.into_iter().filter(|word| !word.is_empty()).collect();
        line.join(" ").chars().take(200).collect()
    }

    fn money(&self, pointer: &str) -> String {
        self.data.pointer(pointer).and_then(Value::as_i64).map(rupees).unwrap_or_default()
    }

    /// The day of an instant by India's calendar.
    fn day(&self, pointer: &str) -> String {
        parse(&self.text(pointer)).map(day_in_india).unwrap_or_default()
    }

    /// `3 Feb 2026 to 3 Mar 2026`; empty unless both are known.
    fn period(&self, start: &str, end: &str) -> String {
        match (self.day(start), self.day(end)) {
            (start, end) if start.is_empty() || end.is_empty() => String::new(),
            (start, end) => format!("{start} to {end}"),
        }
    }

    fn plan(&self) -> String {
        let plan = self.text("/plan");
        capitalised(if plan.is_empty() { self.text("/legacy_plan") } else { plan })
    }

    fn plan_fact(&self) -> (&'static str, String) {
        let (plan, interval) = (self.plan(), self.text("/interval"));
        ("Plan", if interval.is_empty() { plan } else { format!("{plan}, paid {interval}ly") })
    }

    fn link(&self, path: &str) -> String {
        format!("{}{path}", self.web_url)
    }

    fn order_link(&self) -> String {
        self.link(&format!("/payment/{}", self.text("/order_id")))
    }
}

fn capitalised(word: String) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The receipt for a completed payment.
pub(super) fn payment_confirmed(data: &Data<'_>) -> Letter {
    let (plan, amount, until) = (data.plan(), data.money("/amount"), data.day("/period_end"));
    Letter {
        tone: Tone::Success,
        kind: "RECEIPT",
        subject: format!("Payment confirmed: {plan}, {amount}"),
        preheader: format!("We have received {amount}. Your plan is paid until {until}."),
        name: data.text("/name"),
        paragraphs: vec![format!("We have received {amount} for the {plan} plan. Thank you.")],
        facts: vec![
            data.plan_fact(),
            ("Amount", amount),
            ("Period", data.period("/period_start", "/period_end")),
            ("Paid", data.day("/paid_at")),
            ("Order", data.text("/order_id")),
        ],
        action: ("Open your workspace", data.link("/")),
        notes: vec![GST.to_owned()],
        workspace: data.text("/workspace_name"),
    }
}

/// A payment did not go through.
pub(super) fn payment_failed(data: &Data<'_>) -> Letter {
    let (plan, amount) = (data.plan(), data.money("/amount"));
    Letter {
        tone: Tone::Error,
        kind: "PAYMENT",
        subject: format!("Payment not completed: {plan}"),
        preheader: format!("Your payment of {amount} did not go through. Your plan has not changed."),
        name: data.text("/name"),
        paragraphs: vec![
            format!(
                "Your payment of {amount} for the {plan} plan did not go through. Your plan has not changed."
            ),
            "If your bank shows a debit, either the money comes back to you or the payment still completes. \
             We keep checking, and will e-mail you when the money arrives."
                .to_owned(),
        ],
        facts: vec![data.plan_fact(), ("Amount", amount), ("Order", data.text("/order_id"))],
        action: ("Try again", data.link("/plans")),
        notes: Vec::new(),
        workspace: data.text("/workspace_name"),
    }
}

/// A completed refund, of all or part of an order.
pub(super) fn refund_completed(data: &Data<'_>) -> Letter {
    let (plan, refunded) = (data.plan(), data.money("/refunded"));
    let (whole, still_active) =
        (data.text("/status") == "refunded", data.text("/subscription/status") == "active");
    let access = if !whole {
        "This is a partial refund; your plan is unchanged.".to_owned()
    } else if still_active {
        format!(
            "Your order has been refunded in full, and the time it paid for has been removed. \
             Your other orders still count: {} until {}.",
            capitalised(data.text("/subscription/plan")),
            data.day("/subscription/current_period_end")
        )
    } else {
        "Your order has been refunded in full, and the access it paid for has ended.".to_owned()
    };
    Letter {
        tone: Tone::Plain,
        kind: "REFUND",
        subject: format!("Refund completed: {refunded}"),
        preheader: format!("{refunded} is on its way to your original payment method."),
        name: data.text("/name"),
        paragraphs: vec![
            format!(
                "PhonePe has refunded {refunded} for your {plan} plan to your original payment method. \
                 Your bank may take a few more days to show it."
            ),
            access,
        ],
        facts: vec![
            ("Refunded", refunded),
            ("Paid", data.money("/amount")),
            data.plan_fact(),
            ("Order", data.text("/order_id")),
            ("Refund", data.text("/refund_id")),
        ],
        action: ("See the order", data.order_link()),
        notes: Vec::new(),
        workspace: data.text("/workspace_name"),
    }
}

/// A period is about to end, or has ended. States dates, never "in 3 days": it may be read late.
pub(super) fn renewal_reminder(data: &Data<'_>) -> Letter {
    let (plan, end, grace) = (data.plan(), data.day("/period_end"), data.day("/grace_until"));
    let (tone, subject, first) = match data.text("/moment").as_str() {
        "ended" => (
            Tone::Error,
            format!("Your {plan} plan has ended"),
            format!(
                "Your {plan} plan ended on {end}. You still have access until {grace}. Renew by then to keep it."
            ),
        ),
        "day_before" => (
            Tone::Warning,
            format!("Last day: your {plan} plan ends on {end}"),
            format!(
                "Your {plan} plan ends on {end}. It does not renew automatically, and nothing is charged unless you pay."
            ),
        ),
        _ => (
            Tone::Plain,
            format!("Your {plan} plan ends on {end}"),
            format!(
                "Your {plan} plan is paid until {end}. It does not renew automatically; renew it to keep access."
            ),
        ),
    };
    let (price, interval) = (data.money("/amount"), data.text("/interval"));
    let second = match (price.is_empty(), tone) {
        (true, _) => {
            "This plan is from an older price list. Choose one of today's plans to continue; your data stays as it is."
                .to_owned()
        }
        (false, Tone::Error) => {
            format!("Another {interval} costs {price}, including GST, and starts when you pay.")
        }
        (false, _) => format!(
            "Another {interval} costs {price}, including GST. It is added after your current period, so you lose \
             no days by renewing early."
        ),
    };
    Letter {
        tone,
        kind: "RENEWAL",
        preheader: first.clone(),
        subject,
        name: data.text("/name"),
        paragraphs: vec![first, second],
        facts: vec![
            data.plan_fact(),
            ("Price", price),
            ("Period", data.period("/period_start", "/period_end")),
            ("Access until", grace),
            ("Last order", data.text("/order_id")),
        ],
        action: ("Renew your plan", data.link("/plans")),
        notes: vec!["If you have already paid, you can ignore this e-mail.".to_owned()],
        workspace: data.text("/workspace_name"),
    }
}

/// An invitation to join a workspace.
pub(super) fn invitation(data: &Data<'_>) -> Letter {
    let (workspace, role) = (data.text("/workspace_name"), data.text("/role"));
    let asked = match data.text("/invited_by").as_str() {
        "" => format!("You are invited to join {workspace} as {role}."),
        name => format!("{name} invites you to join {workspace} as {role}."),
    };
    Letter {
        tone: Tone::Plain,
        kind: "INVITATION",
        subject: format!("You are invited to {workspace}"),
        preheader: asked.clone(),
        name: String::new(),
        paragraphs: vec![asked, "Sign in with this e-mail address; the link works only for you.".to_owned()],
        facts: vec![("Valid until", data.day("/expires_at"))],
        action: ("Join", data.link(&format!("/join?token={}", data.text("/token")))),
        notes: vec!["If you did not expect this invitation, you can ignore it.".to_owned()],
        workspace,
    }
}
