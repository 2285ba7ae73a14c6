//! A request to the Worker, and its answer.

use gatehouse_core::route::{self, Matched, RouteId};
use reqwest::Method;
use serde_json::Value;

use super::World;

/// A request being made.
pub struct Request<'a> {
    pub(super) world: &'a World,
    pub(super) request: reqwest::RequestBuilder,
    /// Its `X-Request-Id`.
    pub id: String,
}

impl Request<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// The same request with another method.
    pub fn method(mut self, method: Method) -> Self {
        let (client, request) = self.request.build_split();
        let mut request = request.expect("a request");
        *request.method_mut() = method;
        self.request = reqwest::RequestBuilder::from_parts(client, request);
        self
    }

    /// The same request with a header's value replaced.
    pub fn replace_header(mut self, name: &'static str, value: &str) -> Self {
        let (client, request) = self.request.build_split();
        let mut request = request.expect("a request");
        request.headers_mut().insert(name, value.parse().expect("a header's value"));
        self.request = reqwest::RequestBuilder::from_parts(client, request);
        self
    }

    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    /// The route that it goes to.
    pub fn route(&self) -> Option<RouteId> {
        let request = self.request.try_clone()?.build().ok()?;
        match route::find(request.method().as_str(), request.url().path()) {
            Matched::Route(route, _) => Some(route.id),
            Matched::MethodNotAllowed(_) | Matched::NotFound => None,
        }
    }

    pub async fn send(self) -> Reply {
        let (world, id) = (self.world, self.id.clone());
        self.try_send().await.unwrap_or_else(|error| {
            panic!("request {id} was not answered; its calls: {:#?}\n{error:?}", world.stack.calls(&id))
        })
    }

    /// As [`Request::send`], where the answer may be lost on its way.
    pub async fn try_send(self) -> Result<Reply, reqwest::Error> {
        let response = self.request.send().await?;
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().expect("a readable header").to_owned())
        };
        let calls = header("server-timing").map(|timing| calls(&timing)).unwrap_or_default();
        let headers = [
            "etag",
            "x-cache",
            "degraded",
            "warning",
            "content-type",
            "allow",
            "retry-after",
            "cache-control",
            "content-disposition",
            "idempotent-replayed",
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-allow-methods",
            "access-control-allow-headers",
            "access-control-expose-headers",
            "content-security-policy",
            "cross-origin-resource-policy",
            "ratelimit-limit",
            "ratelimit-policy",
            "ratelimit-remaining",
            "referrer-policy",
            "server-timing",
            "strict-transport-security",
            "vary",
            "x-content-type-options",
        ]
        .into_iter()
        .filter_map(|name| Some((name, header(name)?)))
        .collect();
        assert_eq!(header("x-request-id").as_deref(), Some(self.id.as_str()), "the request id comes back");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply { status, headers, calls, id: self.id, text, json })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// The network calls that the Worker says it made, such as `postgrest rpc/ensure_profile`.
    pub calls: Vec<String>,
    pub id: String,
    pub text: String,
    pub json: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Insists on a refusal: status, code and the shape of every problem.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["request_id"], self.id.as_str());
        assert!(self.json["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{self:?}");
        self
    }
}

fn calls(timing: &str) -> Vec<String> {
    timing
        .split(", ")
        .filter_map(|entry| {
            let (service, rest) = entry.split_once(";desc=\"")?;
            Some(format!("{service} {}", rest.split('"').next()?))
        })
        .collect()
}
