//! The answers: of success by route, of refusal shared by status.

use gatehouse_core::error::{Error, ErrorCode, FieldError};
use gatehouse_core::route::{self, Route, RouteId};
use serde_json::{Map, Value, json};

use super::handlers::handler;
use super::headers::{self, references, success_headers};
use super::{examples, reference};

const REQUEST_ID: &str = "0b6f3a52-6a3c-4d0e-9a53-7f3f6f0c2b11";
/// The answer to HEAD where GET is refused.
const HEAD_REFUSED: &str = "HeadRefused";

/// `components.responses`: one for each status of a refusal.
pub fn shared() -> Map<String, Value> {
    let used: Vec<_> = route::routes().flat_map(Route::all_errors).collect();
    // The rest is raised by functions of the database that pages call without the Worker.
    let is_ours = |code: &ErrorCode| *code == ErrorCode::MethodNotAllowed || used.contains(code);
    let codes: Vec<_> = ErrorCode::ALL.iter().copied().filter(is_ours).collect();
    let mut responses = Map::new();
    for code in &codes {
        let status = code.status();
        let same: Vec<_> = codes.iter().copied().filter(|code| code.status() == status).collect();
        responses.entry(name(status)).or_insert_with(|| refusal(status, &same));
    }
    let description = "The status and headers with which GET is refused, without content.";
    let headers = references(headers::ALWAYS);
    responses.insert(HEAD_REFUSED.to_owned(), json!({"description": description, "headers": headers}));
    responses
}

/// The answers of a route.
pub fn responses(route: &Route) -> Map<String, Value> {
    let mut responses: Map<_, _> = handler(route.id)
        .statuses
        .iter()
        .map(|&status| {
            let mut response = success(route, status);
            if status != 304 {
                response["content"] = content(route);
            }
            (status.to_string(), response)
        })
        .collect();
    let mut codes: Vec<(u16, String)> = Vec::new();
    for code in route.all_errors() {
        let text = format!("`{}`", code.as_str());
        match codes.iter_mut().find(|(status, _)| *status == code.status()) {
            Some((_, texts)) => *texts = format!("{texts}, {text}"),
            None => codes.push((code.status(), text)),
        }
    }
    for (status, texts) in codes {
        let mut response = reference("responses", &name(status));
        // A description beside a reference replaces that of what it refers to.
        response["description"] = json!(format!("{texts}."));
        responses.insert(status.to_string(), response);
    }
    responses
}

/// The answers of a route of GET to HEAD.
pub fn head_responses(route: &Route) -> Map<String, Value> {
    let statuses = handler(route.id).statuses.iter();
    let mut responses: Map<_, _> =
        statuses.map(|&status| (status.to_string(), success(route, status))).collect();
    for range in ["4XX", "5XX"] {
        responses.insert(range.to_owned(), reference("responses", HEAD_REFUSED));
    }
    responses
}

fn success(route: &Route, status: u16) -> Value {
    let creates = handler(route.id).statuses.contains(&201);
    let description = match status {
        201 => "Something new was made.",
        202 => "PhonePe has accepted it, or will be asked again.",
        304 => "The reader has this manifest already.",
        _ if creates => "Nothing new was made.",
        _ => "Success.",
    };
    json!({"description": description, "headers": success_headers(route)})
}

fn content(route: &Route) -> Value {
    let mut content = json!({"schema": reference("schemas", route.response)});
    examples::add(&mut content, route.response);
    match route.id {
        RouteId::Metrics => json!({"text/plain": content}),
        RouteId::Export => {
            json!({"application/json": content, "text/markdown": {"schema": {"type": "string"}}})
        }
        _ => json!({"application/json": content}),
    }
}

fn refusal(status: u16, codes: &[ErrorCode]) -> Value {
    let lines: Vec<_> = codes.iter().map(|code| format!("- `{}`: {}", code.as_str(), code.title())).collect();
    let mut headers: Vec<&str> = match status {
        401 => vec!["WWW-Authenticate", "Retry-After"],
        405 => vec!["Allow"],
        429 => [&["Retry-After"], headers::LIMIT].concat(),
        503 => vec!["Retry-After"],
        _ => Vec::new(),
    };
    headers.extend(headers::ALWAYS);
    let example = codes.first().map(|code| example(*code).problem(REQUEST_ID));
    json!({
        "description": lines.join("\n"),
        "headers": references(&headers),
        "content": {"application/problem+json": {"schema": reference("schemas", "Problem"), "example": example}},
    })
}

fn example(code: ErrorCode) -> Error {
    if code != ErrorCode::AnswersInvalid {
        return code.into();
    }
    Error::answers_invalid(vec![FieldError {
        pointer: "/answers/company_name".to_owned(),
        code: "required".to_owned(),
        message: "Company name is required.".to_owned(),
        step: Some("company".to_owned()),
    }])
}

/// The component of a status: its reason phrase (RFC 9110 section 15, RFC 6585) in one word.
fn name(status: u16) -> String {
    let phrase = match status {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "ContentTooLarge",
        422 => "UnprocessableContent",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        501 => "NotImplemented",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        _ => return format!("Status{status}"),
    };
    phrase.to_owned()
}
