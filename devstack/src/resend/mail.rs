//! A mail as it was accepted, and the rules by which it is.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

/// Most recipients in `to`.
const MAX_TO: usize = 50;

/// A mail that was accepted. Nothing is sent: it lies in the inbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Email {
    /// The id that the caller got.
    pub id: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// `from` as it came.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// Copies.
    pub cc: Vec<String>,
    /// Blind copies.
    pub bcc: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// HTML body.
    pub html: Option<String>,
    /// Text body.
    pub text: Option<String>,
    /// `tags` as they came.
    pub tags: Value,
    /// `headers` as they came.
    pub headers: Value,
    /// `Idempotency-Key` of the request.
    pub idempotency_key: Option<String>,
}

/// An error as the service words it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) name: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, name, message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, "validation_error", message)
    }

    pub(super) fn wire(&self) -> Value {
        json!({"statusCode": self.status.as_u16(), "name": self.name, "message": self.message})
    }
}

/// Checks a mail by the service's rules.
pub(super) fn accept(mail: &Value, key: Option<&str>, in_batch: bool) -> Result<Email, Refusal> {
    if !mail.is_object() {
        return Err(Refusal::invalid("The payload must be a JSON object."));
    }
    for name in ["from", "to", "subject"] {
        if mail[name].is_null() || mail[name] == "" || mail[name] == json!([]) {
            return Err(Refusal::new(422, "missing_required_field", format!("Missing `{name}` field.")));
        }
    }
    let from = mail["from"].as_str().unwrap_or_default();
    if !is_address(from) {
        let message = "Invalid `from` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
        return Err(Refusal::new(422, "invalid_from_address", message));
    }
    let to = addresses(mail, "to")?;
    if to.len() > MAX_TO {
        return Err(Refusal::invalid(format!("The `to` field must have at most {MAX_TO} items.")));
    }
    let subject = text(mail, "subject")?.unwrap_or_default();
    if subject.contains(['\r', '\n']) {
        return Err(Refusal::invalid("The `\\n` is not allowed in the `subject` field."));
    }
    let (html, plain) = (text(mail, "html")?, text(mail, "text")?);
    if html.is_none() && plain.is_none() && mail["template"].is_null() {
        return Err(Refusal::invalid("Missing `html` or `text` field."));
    }
    if in_batch && !mail["attachments"].is_null() {
        return Err(Refusal::invalid("The `attachments` field is not supported in batches."));
    }
    for tag in mail["tags"].as_array().into_iter().flatten() {
        let fits = |part: &Value| {
            part.as_str().is_some_and(|text| {
                (1..=256).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            })
        };
        if !fits(&tag["name"]) || !fits(&tag["value"]) {
            let message = "Tags should only contain ASCII letters, numbers, underscores, or dashes.";
            return Err(Refusal::invalid(message));
        }
    }
    Ok(Email {
        id: uuid::Uuid::new_v4().to_string(),
        created_at: crate::clock::rfc3339(),
        from: from.to_owned(),
        to,
        cc: addresses(mail, "cc")?,
        bcc: addresses(mail, "bcc")?,
        reply_to: addresses(mail, "reply_to")?,
        subject,
        html,
        text: plain,
        tags: mail["tags"].clone(),
        headers: mail["headers"].clone(),
        idempotency_key: key.map(str::to_owned),
    })
}

fn text(mail: &Value, name: &str) -> Result<Option<String>, Refusal> {
    match &mail[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(Refusal::invalid(format!("The `{name}` field must be a `string`."))),
    }
}

fn addresses(mail: &Value, name: &str) -> Result<Vec<String>, Refusal> {
    let list: Vec<&Value> = match &mail[name] {
        Value::Null => vec![],
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let read = |item: &Value| item.as_str().filter(|text| is_address(text)).map(str::to_owned);
    list.into_iter()
        .map(|item| {
            read(item).ok_or_else(|| {
                Refusal::invalid(format!("Invalid `{name}` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."))
            })
        })
        .collect()
}

/// `a@b.c` or `Name <a@b.c>`, roughly as the service sees it.
fn is_address(text: &str) -> bool {
    let address = match text.trim().strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<').map(|(_, address)| address).unwrap_or_default(),
        None => text.trim(),
    };
    let clean = !address.contains(|c: char| c.is_whitespace() || "<>,;".contains(c));
    let domain =
        |domain: &str| domain.split('.').count() >= 2 && domain.split('.').all(|label| !label.is_empty());
    clean
        && address
            .rsplit_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !local.contains('@') && domain(host))
}
