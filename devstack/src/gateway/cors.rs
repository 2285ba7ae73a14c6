//! CORS: any origin may call.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response, header};

/// What a response must say to a browser.
pub(super) struct Cors {
    /// True for a preflight, which is answered without calling the service.
    pub(super) is_preflight: bool,
    requested_headers: Option<HeaderValue>,
}

impl Cors {
    pub(super) fn new(request: &Request) -> Self {
        let headers = request.headers();
        Self {
            is_preflight: request.method() == Method::OPTIONS
                && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
            requested_headers: headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
        }
    }

    /// Adds the CORS headers.
    pub(super) fn apply(self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if self.is_preflight {
            let methods = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            let allowed = self.requested_headers.unwrap_or(HeaderValue::from_static("*"));
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        } else {
            let exposed = "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit, X-Sb-Error-Code, X-Supabase-Api-Version";
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        }
    }
}
