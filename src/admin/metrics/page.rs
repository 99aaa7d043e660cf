//! `/metrics`: for the addresses that the operator names.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use net::http::{Answer, Body, Networks, Request, Response, Route, not_allowed, text};

use super::Family;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What there is to be read.
pub trait Source: Send + Sync {
    /// All metrics as they are now. Whoever asks waits for it: it may look at each session, and waits for nothing.
    fn collect(&self) -> Vec<Family>;
}

/// Answers GET and HEAD with all metrics.
pub struct Page {
    source: Arc<dyn Source>,
    allow: ArcSwap<Networks>,
}

impl Page {
    /// For requests from these addresses.
    pub fn new(source: Arc<dyn Source>, allow: Networks) -> Arc<Self> {
        Arc::new(Self { source, allow: ArcSwap::from_pointee(allow) })
    }

    /// Sets who may read from now on.
    pub fn set_allowed(&self, allow: Networks) {
        self.allow.store(Arc::new(allow));
    }

    fn answer(&self, request: &Request) -> Response {
        let allowed = request.answerable().filter(|address| self.allow.load().contains(*address));
        if allowed.is_none() {
            tracing::debug!(client = %request.client().address.ip(), "metrics refused");
            return text(StatusCode::FORBIDDEN, "metrics are not for this address");
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return not_allowed("GET, HEAD");
        }
        let mut response = Response::new(Body::from(super::text(self.source.collect())));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl Route for Page {
    fn call(self: Arc<Self>, request: Request) -> Answer {
        Box::pin(async move { self.answer(&request) })
    }
}
