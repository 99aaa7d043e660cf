//! Routes that answer at once.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use net::http::{Answer, Body, Request, Response, Route, not_allowed};

/// A route that answers without waiting. Methods other than GET and HEAD get 405.
struct Ready<F>(F);

impl<F: Fn(&Request) -> Response + Send + Sync + 'static> Route for Ready<F> {
    fn call(self: Arc<Self>, request: Request) -> Answer {
        Box::pin(async move {
            match *request.method() {
                Method::GET | Method::HEAD => (self.0)(&request),
                _ => not_allowed("GET, HEAD"),
            }
        })
    }
}

/// Answers GET and HEAD with the result of `answer`.
pub fn get(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Arc<dyn Route> {
    Arc::new(Ready(answer))
}

/// A response of that type.
pub fn response(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
