//! The e-mails that leave the outbox: subject, plain text and HTML from a template's name and its data.
//!
//! A repeated send must be byte-equal (Resend compares the payload behind an idempotency key), so nothing here
//! depends on the time of sending. `tests/contract/emails` shows what each looks like.

mod layout;
mod letters;

use serde_json::Value;

use letters::Data;

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

/// Renders a template; `None` for a name that no version of the Worker has written into the outbox.
pub fn render(template: &str, data: &Value, web_url: &str) -> Option<Email> {
    let data = Data { data, web_url };
    let letter = match template {
        "invitation" => letters::invitation(&data),
        "payment_confirmed" => letters::payment_confirmed(&data),
        "payment_failed" => letters::payment_failed(&data),
        "refund_completed" => letters::refund_completed(&data),
        "renewal_reminder" => letters::renewal_reminder(&data),
        _ => return None,
    };
    Some(letter.write())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn data_is_shown_never_run_and_breaks_no_line() {
        let data = json!({"workspace_name": "<script>\r\nBcc: all@example.in", "role": "admin"});
        let mail = render("invitation", &data, "https://app.example").unwrap();
        assert!(!mail.html.contains("<script>") && mail.html.contains("&lt;script&gt;"));
        assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
    }

    #[test]
    fn an_empty_row_is_still_a_letter_and_an_unknown_name_is_none() {
        for template in
            ["invitation", "payment_confirmed", "payment_failed", "refund_completed", "renewal_reminder"]
        {
            let mail = render(template, &json!({}), "https://app.example").unwrap();
            assert!(mail.text.starts_with("Hello,\n"), "{template}: {}", mail.text);
        }
        assert_eq!(render("newsletter", &json!({}), ""), None);
    }
}
