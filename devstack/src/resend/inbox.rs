//! `/inbox`: pages on which a person reads the e-mails.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::email::Email;
use crate::http::page::{escape, page};

const NOTICE: &str = "<p class=\"notice\">Simulated Resend on this machine. No e-mail is sent.</p>";

/// The list, newest first.
pub(super) fn list(emails: &[Email]) -> Response<Body> {
    let items: String = emails
        .iter()
        .rev()
        .map(|email| {
            format!(
                "<li><a href=\"/inbox/{}\"><strong>{}</strong><span class=\"muted\">To {}</span><span class=\"muted\">{}</span></a></li>",
                escape(&email.id),
                escape(&email.subject),
                escape(&email.to.join(", ")),
                accepted_at(email),
            )
        })
        .collect();
    let list = match items.is_empty() {
        true => "<p>No e-mails yet. What Gatehouse sends appears here; reload the page.</p>".to_owned(),
        false => format!("<ul class=\"mails\">{items}</ul>"),
    };
    let count = match emails.len() {
        1 => "1 e-mail".to_owned(),
        n => format!("{n} e-mails"),
    };
    let body = format!("<main class=\"wide\">{NOTICE}<h1>Inbox, {count}</h1>{list}</main>");
    page(StatusCode::OK, &format!("Inbox, {count}"), &body)
}

/// One e-mail.
pub(super) fn show(email: Option<&Email>) -> Response<Body> {
    let Some(email) = email else {
        let body = format!(
            "<main class=\"wide\">{NOTICE}<h1>E-mail not found</h1><p><a href=\"/inbox\">Back to the inbox</a></p></main>"
        );
        return page(StatusCode::NOT_FOUND, "E-mail not found", &body);
    };
    let row = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("<dt>{name}</dt><dd>{}</dd>", escape(value)),
    };
    let rows = [
        row("From", &email.from),
        row("To", &email.to.join(", ")),
        row("Cc", &email.cc.join(", ")),
        row("Bcc", &email.bcc.join(", ")),
        row("Reply-To", &email.reply_to.join(", ")),
        row("Accepted", &accepted_at(email)),
        row("Idempotency key", email.idempotency_key.as_deref().unwrap_or_default()),
    ]
    .concat();
    // The sandbox runs no scripts; links open in a new tab.
    let html = email.html.as_deref().map_or_else(String::new, |html| {
        let framed = escape(&format!("<base target=\"_blank\">{html}"));
        format!("<h2>As HTML</h2><iframe title=\"The e-mail as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{framed}\"></iframe>")
    });
    let text = email
        .text
        .as_deref()
        .map_or_else(String::new, |text| format!("<h2>As text</h2><pre>{}</pre>", escape(text)));
    let subject = escape(&email.subject);
    let body = format!(
        "<main class=\"wide\">{NOTICE}<p><a href=\"/inbox\">Back to the inbox</a></p>\
         <article class=\"card\"><h1>{subject}</h1><dl>{rows}</dl>{html}{text}</article></main>"
    );
    page(StatusCode::OK, &email.subject, &body)
}

/// When the e-mail was accepted, as `2026-11-23 05:12:09 UTC`.
fn accepted_at(email: &Email) -> String {
    let seconds = email.created_at.split(['.', 'Z']).next().unwrap_or_default();
    format!("{} UTC", seconds.replace('T', " "))
}
