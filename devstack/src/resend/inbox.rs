//! `/inbox`: what would have been sent, for a person to read.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::mail::Email;
use crate::html::{escape, page};

const NOTICE: &str = "<p class=\"notice\">Simulated Resend on this machine. No mail leaves it.</p>";

/// The list, newest first.
pub(super) fn list(emails: &[Email]) -> Response<Body> {
    let items: String = emails
        .iter()
        .rev()
        .map(|mail| {
            format!(
                "<li><a href=\"/inbox/{}\"><strong>{}</strong><span class=\"muted\">To {}</span><span class=\"muted\">{}</span></a></li>",
                escape(&mail.id),
                escape(&mail.subject),
                escape(&mail.to.join(", ")),
                moment(mail),
            )
        })
        .collect();
    let list = match items.is_empty() {
        true => "<p>No mail yet. What the product sends shows up here; load the page again.</p>".to_owned(),
        false => format!("<ul class=\"mails\">{items}</ul>"),
    };
    let count = match emails.len() {
        1 => "1 mail".to_owned(),
        n => format!("{n} mails"),
    };
    let body = format!("<main class=\"wide\">{NOTICE}<h1>Inbox, {count}</h1>{list}</main>");
    page(StatusCode::OK, &format!("Inbox, {count}"), &body)
}

/// One mail.
pub(super) fn show(mail: Option<&Email>) -> Response<Body> {
    let Some(mail) = mail else {
        let body = format!(
            "<main class=\"wide\">{NOTICE}<h1>There is no such mail</h1><p><a href=\"/inbox\">Back to the inbox</a></p></main>"
        );
        return page(StatusCode::NOT_FOUND, "There is no such mail", &body);
    };
    let row = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("<dt>{name}</dt><dd>{}</dd>", escape(value)),
    };
    let rows = [
        row("From", &mail.from),
        row("To", &mail.to.join(", ")),
        row("Copy", &mail.cc.join(", ")),
        row("Blind copy", &mail.bcc.join(", ")),
        row("Reply to", &mail.reply_to.join(", ")),
        row("Accepted", &moment(mail)),
        row("Key", mail.idempotency_key.as_deref().unwrap_or_default()),
    ]
    .concat();
    // No scripts; links open beside the inbox.
    let html = mail.html.as_deref().map_or_else(String::new, |html| {
        let framed = escape(&format!("<base target=\"_blank\">{html}"));
        format!("<h2>As HTML</h2><iframe title=\"The mail as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{framed}\"></iframe>")
    });
    let text = mail
        .text
        .as_deref()
        .map_or_else(String::new, |text| format!("<h2>As text</h2><pre>{}</pre>", escape(text)));
    let subject = escape(&mail.subject);
    let body = format!(
        "<main class=\"wide\">{NOTICE}<p><a href=\"/inbox\">Back to the inbox</a></p>\
         <article class=\"card\"><h1>{subject}</h1><dl>{rows}</dl>{html}{text}</article></main>"
    );
    page(StatusCode::OK, &mail.subject, &body)
}

/// `2026-11-23 05:12:09 UTC` of RFC 3339.
fn moment(mail: &Email) -> String {
    let seconds = mail.created_at.split(['.', 'Z']).next().unwrap_or_default();
    format!("{} UTC", seconds.replace('T', " "))
}
