//! HTTP requests.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::ORIGIN;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use super::body::{self, BodyError};
use super::client::{self, Client};
use super::connection::Busy;
use super::first_bytes::FirstBytes;
use super::options::HttpOptions;
use crate::address::Seat;

/// A request: its head, and a body that is read on demand.
pub struct Request {
    pub(crate) head: Parts,
    body: Option<Incoming>,
    client: Client,
    /// Whether a trusted proxy has named the client in a header.
    behind: bool,
    answerable: Option<IpAddr>,
    options: Arc<HttpOptions>,
    /// The connection, once the answer has switched it to another protocol.
    pub(crate) upgrade: OnUpgrade,
    pub(crate) busy: Option<Arc<Busy>>,
}

impl Request {
    /// A request of the connection's peer.
    pub(super) fn new(
        mut request: http::Request<Incoming>,
        peer: Client,
        options: Arc<HttpOptions>,
        busy: Option<Arc<Busy>>,
    ) -> Self {
        let upgrade = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        let client = Client::behind(peer, &head.headers, &options.trusted_proxies);
        let behind = client.address != peer.address;
        let answerable = client::answerable(peer.address.ip(), &head.headers, &options.trusted_proxies);
        Request { head, body: Some(body), client, behind, answerable, options, upgrade, busy }
    }

    /// Counts something long-lived that the request starts as one of the client's connections. A connection
    /// is already counted by itself, except for a proxy's, which may serve any number of clients, and one of
    /// HTTP/2, which may carry any number of streams. `None` when the client has too many.
    pub(crate) fn seat(&self) -> Option<Option<Seat>> {
        let address = self.client.address.ip();
        let multiplexed = self.busy.is_some() && !self.options.trusted_proxies.contains(address);
        match self.behind || multiplexed {
            true => self.options.connections.seat(address),
            false => Some(None),
        }
    }

    /// Drops what the client sent before the body, to hold no more of it while the body arrives.
    pub(crate) fn forget_head(&mut self) {
        self.head.headers = HeaderMap::new();
        self.head.uri = Uri::default();
    }

    /// The method. Routes may handle HEAD like GET: the body of the response is then not sent.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path as sent, percent-encoded.
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// The query string, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// A header field's value, if present and ASCII. Of several lines the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The requested host, from `:authority` or `Host`, without port, lowercased (A-labels, usually).
    pub fn authority_host(&self) -> Option<String> {
        Some(self.authority()?.host().to_ascii_lowercase()).filter(|host| !host.is_empty())
    }

    /// The requested host with its port if one was sent, from `:authority` or `Host`.
    pub fn authority(&self) -> Option<Authority> {
        match self.head.uri.authority() {
            Some(authority) => Some(authority.clone()),
            None => self.header("host")?.parse().ok(),
        }
    }

    /// The web origin of the requesting page (RFC 6454 §7), such as `https://chess.example`; `null` for an
    /// opaque origin.
    pub fn origin(&self) -> Option<&str> {
        self.head.headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"))
    }

    pub fn client(&self) -> Client {
        self.client
    }

    /// The address by which access to what is not for everybody is decided; `None`: the request came by way of a proxy that
    /// is not trusted, or that does not say for whom.
    pub fn answerable(&self) -> Option<IpAddr> {
        self.answerable
    }

    fn first_bytes(&self) -> FirstBytes {
        self.busy.as_ref().map(|busy| busy.first_bytes()).unwrap_or_default()
    }

    /// The whole body, of at most `limit` bytes. A second call returns nothing.
    ///
    /// # Errors
    /// [`BodyError`], whose [`response`](BodyError::response) is for the client.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        match self.body.take() {
            Some(body) => {
                let first = self.first_bytes();
                body::collect(body, limit, first, |_| 0, self.options.body).await
            }
            None => Ok(Bytes::new()),
        }
    }

    /// The same; for a longer body, `more` is called with the first `limit` bytes and returns the new limit.
    ///
    /// # Errors
    /// [`BodyError`].
    pub async fn body_or_more(
        &mut self,
        limit: usize,
        more: impl FnOnce(&[u8]) -> usize,
    ) -> Result<Bytes, BodyError> {
        match self.body.take() {
            Some(body) => {
                let first = self.first_bytes();
                body::collect(body, limit, first, more, self.options.body).await
            }
            None => Ok(Bytes::new()),
        }
    }
}
