//! Paths and their handlers.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use hashbrown::HashMap;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, StatusCode};

use super::answer::{Response, text};
use super::body::Body;
use super::request::Request;

/// A pending response.
pub type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Answers requests to a path.
pub trait Route: Send + Sync {
    /// Answers; may take any time. The future is dropped when the client disconnects.
    fn call(self: Arc<Self>, request: Request) -> Answer;
}

/// Routes by path, with or without a trailing slash, and a fallback for everything else.
#[derive(Default)]
pub struct Routes {
    paths: HashMap<&'static str, Arc<dyn Route>>,
    fallback: Option<Arc<dyn Route>>,
}

impl Routes {
    /// No routes: everything is 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route, by its path without a trailing slash.
    #[must_use]
    pub fn at(mut self, path: &'static str, route: Arc<dyn Route>) -> Self {
        self.paths.insert(path, route);
        self
    }

    /// Sets the route for all other paths.
    #[must_use]
    pub fn fallback(mut self, route: Arc<dyn Route>) -> Self {
        self.fallback = Some(route);
        self
    }

    /// Answers a request. HEAD gets what GET gets, without the body (RFC 9110 §9.3.2).
    pub(super) fn answer(&self, request: Request) -> Answer {
        let path = request.path();
        // A configured path with a trailing slash is the same path; `/` itself is not affected.
        let at = self.paths.get(path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path));
        let Some(route) = at.or(self.fallback.as_ref()).cloned() else {
            return Box::pin(ready(text(StatusCode::NOT_FOUND, "not found")));
        };
        let head = request.method() == Method::HEAD;
        let answer = route.call(request);
        if head { Box::pin(async { without_body(answer.await) }) } else { answer }
    }
}

fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    head.headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from(body.len()));
    Response::from_parts(head, Body::empty())
}
