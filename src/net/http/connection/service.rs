//! The service that hyper calls for every request.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use http::header::HOST;
use http::{Method, StatusCode, Version};
use hyper::body::Incoming;

use super::Shared;
use super::http2::Watch;
use crate::http::answer::{Response, text};
use crate::http::client::Client;
use crate::http::request::Request;

/// Answers a connection's requests.
pub(super) struct Service {
    pub(super) shared: Arc<Shared>,
    pub(super) peer: Client,
    /// Counts requests in progress, where the connection needs it.
    pub(super) watch: Option<Watch>,
}

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        let busy = self.watch.as_ref().map(Watch::busy);
        if let Some(response) = refusal(&request) {
            return Box::pin(ready(Ok(response)));
        }
        let request = Request::new(request, self.peer, self.shared.options.clone(), busy.clone());
        // While waiting, only the route's own future is held, not the request as well.
        let answer = self.shared.routes.answer(request);
        Box::pin(async move {
            let response = answer.await;
            drop(busy);
            Ok(response)
        })
    }
}

/// Requests refused before any route sees them.
fn refusal(request: &http::Request<Incoming>) -> Option<Response> {
    // RFC 9112 section 3.2; HTTP/1.0 has no Host, and HTTP/2 has `:authority`.
    if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1 {
        return Some(text(StatusCode::BAD_REQUEST, "exactly one Host header is required"));
    }
    let tunnel = request.extensions().get::<hyper::ext::Protocol>().is_some();
    if request.method() == Method::CONNECT && !tunnel {
        return Some(text(StatusCode::NOT_IMPLEMENTED, "proxying is not supported"));
    }
    None
}
