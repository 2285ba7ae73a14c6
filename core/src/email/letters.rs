//! What each e-mail says. Everything comes from the outbox row's data, so that a repeated send has the same bytes.

use serde_json::Value;

use super::layout::{Letter, Tone};
use crate::money::rupees;
use crate::time::{day_in_india, parse};

/// What goes with every e-mail about money that came in, or is asked for.
const GST: &str = "Prices include GST. This is a receipt, not a tax invoice.";

/// Reads what an outbox row says about its e-mail. What is missing or of another type is an empty text.
pub(super) struct Data<'a> {
    pub data: &'a Value,
    pub web_url: &'a str,
}

impl Data<'_> {
    /// A text on one line. People choose some of these: what would break a line or run on is cut.
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
        ("Plan", if interval.is_empty() { plan } else { format!("{plan}, paid by the {interval}") })
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

/// Money has arrived.
pub(super) fn payment_confirmed(data: &Data<'_>) -> Letter {
    let (plan, amount, until) = (data.plan(), data.money("/amount"), data.day("/period_end"));
    Letter {
        tone: Tone::Success,
        kind: "RECEIPT",
        subject: format!("Payment confirmed: {plan}, {amount}"),
        preheader: format!("We have received {amount}. The plan is paid until {until}."),
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
        preheader: format!("Your payment of {amount} did not go through. Nothing was bought."),
        name: data.text("/name"),
        paragraphs: vec![
            format!("Your payment of {amount} for the {plan} plan did not go through, and nothing was bought."),
            "If your bank shows a debit all the same, it is either returned to you or completes the order late. \
             We keep checking, and write to you when the money arrives."
                .to_owned(),
        ],
        facts: vec![data.plan_fact(), ("Amount", amount), ("Order", data.text("/order_id"))],
        action: ("Try again", data.link("/plans")),
        notes: Vec::new(),
        workspace: data.text("/workspace_name"),
    }
}

/// Money went back.
pub(super) fn refund_completed(data: &Data<'_>) -> Letter {
    let (plan, refunded) = (data.plan(), data.money("/refunded"));
    let (whole, still_active) =
        (data.text("/status") == "refunded", data.text("/subscription/status") == "active");
    let access = if !whole {
        "It is a part of what you paid; your plan goes on as it was.".to_owned()
    } else if still_active {
        format!(
            "All of the order's money is back, and the time that it bought is taken off. What other orders \
             bought stays: {} until {}.",
            capitalised(data.text("/subscription/plan")),
            data.day("/subscription/current_period_end")
        )
    } else {
        "All of the order's money is back, and the access that it bought has ended.".to_owned()
    };
    Letter {
        tone: Tone::Plain,
        kind: "REFUND",
        subject: format!("Refund completed: {refunded}"),
        preheader: format!("{refunded} is on its way to where it came from."),
        name: data.text("/name"),
        paragraphs: vec![
            format!(
                "PhonePe has paid {refunded} of your order for the {plan} plan back, the way it came. \
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

/// A period is about to end, or has ended. Days are named, never counted: it may be read late.
pub(super) fn renewal_reminder(data: &Data<'_>) -> Letter {
    let (plan, end, grace) = (data.plan(), data.day("/period_end"), data.day("/grace_until"));
    let (tone, subject, first) = match data.text("/moment").as_str() {
        "ended" => (
            Tone::Error,
            format!("Your {plan} plan has ended"),
            format!(
                "Your {plan} plan ended on {end}. Everything stays open until {grace}; pay by then to keep access."
            ),
        ),
        "day_before" => (
            Tone::Warning,
            format!("Last day: your {plan} plan ends on {end}"),
            format!(
                "Your {plan} plan ends on {end}. It is not renewed by itself, and nothing is charged unless you pay."
            ),
        ),
        _ => (
            Tone::Plain,
            format!("Your {plan} plan ends on {end}"),
            format!(
                "Your {plan} plan is paid until {end}. It is not renewed by itself: if you want to go on, renew it."
            ),
        ),
    };
    let (price, interval) = (data.money("/amount"), data.text("/interval"));
    let second = match (price.is_empty(), tone) {
        (true, _) => {
            "It is of an older price list. Choose one of today's plans to go on; your data stays as it is."
                .to_owned()
        }
        (false, Tone::Error) => {
            format!("Another {interval} costs {price}, GST included, and starts when you pay.")
        }
        (false, _) => format!(
            "Another {interval} costs {price}, GST included. It is added at the end, so renewing early loses no day."
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
            ("Grace until", grace),
            ("Last order", data.text("/order_id")),
        ],
        action: ("Renew your plan", data.link("/plans")),
        notes: vec!["If you have paid meanwhile, there is nothing to do.".to_owned()],
        workspace: data.text("/workspace_name"),
    }
}

/// Somebody asks somebody to join.
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
        paragraphs: vec![asked, "Sign in with this e-mail address; the link is yours alone.".to_owned()],
        facts: vec![("Good until", data.day("/expires_at"))],
        action: ("Join", data.link(&format!("/join?token={}", data.text("/token")))),
        notes: vec!["If you did not expect this, do nothing.".to_owned()],
        workspace,
    }
}
