//! E-mails and the service's rules for accepting them.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

/// Most recipients in `to`.
const MAX_TO: usize = 50;

/// An accepted e-mail. It is not sent, only stored in the inbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Email {
    /// The id in the response.
    pub id: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// `from` as sent.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// Recipients of copies.
    pub cc: Vec<String>,
    /// Recipients of blind copies.
    pub bcc: Vec<String>,
    /// Addresses for replies.
    pub reply_to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// HTML body.
    pub html: Option<String>,
    /// Text body.
    pub text: Option<String>,
    /// `tags` as sent.
    pub tags: Value,
    /// `headers` as sent.
    pub headers: Value,
    /// `Idempotency-Key` of the request.
    pub idempotency_key: Option<String>,
}

/// An error of the service.
#[derive(Debug)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) name: &'static str,
    pub(super) message: String,
}

impl ApiError {
    pub(super) fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, name, message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, "validation_error", message)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({"statusCode": self.status.as_u16(), "name": self.name, "message": self.message})
    }
}

/// Checks an e-mail by the service's rules.
pub(super) fn accept(email: &Value, key: Option<&str>, in_batch: bool) -> Result<Email, ApiError> {
    if !email.is_object() {
        return Err(ApiError::invalid("The payload must be a JSON object."));
    }
    for name in ["from", "to", "subject"] {
        if email[name].is_null() || email[name] == "" || email[name] == json!([]) {
            return Err(ApiError::new(422, "missing_required_field", format!("Missing `{name}` field.")));
        }
    }
    let from = email["from"].as_str().unwrap_or_default();
    if !is_address(from) {
        let message = "Invalid `from` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
        return Err(ApiError::new(422, "invalid_from_address", message));
    }
    let to = addresses(email, "to")?;
    if to.len() > MAX_TO {
        return Err(ApiError::invalid(format!("The `to` field must have at most {MAX_TO} items.")));
    }
    let subject = text(email, "subject")?.unwrap_or_default();
    if subject.contains(['\r', '\n']) {
        return Err(ApiError::invalid("The `\\n` is not allowed in the `subject` field."));
    }
    let (html, plain) = (text(email, "html")?, text(email, "text")?);
    if html.is_none() && plain.is_none() && email["template"].is_null() {
        return Err(ApiError::invalid("Missing `html` or `text` field."));
    }
    if in_batch && !email["attachments"].is_null() {
        return Err(ApiError::invalid("The `attachments` field is not supported in batches."));
    }
    for tag in email["tags"].as_array().into_iter().flatten() {
        let fits = |part: &Value| {
            part.as_str().is_some_and(|text| {
                (1..=256).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            })
        };
        if !fits(&tag["name"]) || !fits(&tag["value"]) {
            let message = "Tags should only contain ASCII letters, numbers, underscores, or dashes.";
            return Err(ApiError::invalid(message));
        }
    }
    Ok(Email {
        id: uuid::Uuid::new_v4().to_string(),
        created_at: crate::clock::rfc3339(),
        from: from.to_owned(),
        to,
        cc: addresses(email, "cc")?,
        bcc: addresses(email, "bcc")?,
        reply_to: addresses(email, "reply_to")?,
        subject,
        html,
        text: plain,
        tags: email["tags"].clone(),
        headers: email["headers"].clone(),
        idempotency_key: key.map(str::to_owned),
    })
}

fn text(email: &Value, name: &str) -> Result<Option<String>, ApiError> {
    match &email[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(ApiError::invalid(format!("The `{name}` field must be a `string`."))),
    }
}

fn addresses(email: &Value, name: &str) -> Result<Vec<String>, ApiError> {
    let list: Vec<&Value> = match &email[name] {
        Value::Null => vec![],
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let read = |item: &Value| item.as_str().filter(|text| is_address(text)).map(str::to_owned);
    list.into_iter()
        .map(|item| {
            read(item).ok_or_else(|| {
                ApiError::invalid(format!("Invalid `{name}` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."))
            })
        })
        .collect()
}

/// True for `a@b.c` and `Name <a@b.c>`: roughly the service's rule.
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
