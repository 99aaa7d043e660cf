//! Cross-origin requests of browsers (the Fetch standard's CORS protocol).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, VARY,
};
use http::{HeaderValue, StatusCode};

use super::answer::Response;
use super::body::Body;

/// What pages of other origins may do at a URL. Credentials are never allowed: nothing here uses cookies.
#[derive(Debug, Clone, Copy)]
pub struct Cors {
    /// For example `GET, POST, OPTIONS`.
    pub methods: &'static str,
}

impl Cors {
    /// The answer to OPTIONS, including preflight requests.
    pub fn options(&self, admitted: Option<&str>) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static(self.methods));
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(self.methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
        self.admit(&mut response, admitted);
        response
    }

    /// Allows the page at `admitted`, an origin or `*`, to read the response; `None` allows no page of
    /// another origin.
    pub fn admit(&self, response: &mut Response, admitted: Option<&str>) {
        let headers = response.headers_mut();
        if admitted != Some("*") {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = admitted.and_then(|origin| HeaderValue::from_str(origin).ok()) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    }
}
