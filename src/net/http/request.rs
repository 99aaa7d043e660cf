//! A request.

use std::sync::Arc;

use bytes::Bytes;
use http::header::ORIGIN;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use super::body::{self, BodyError};
use super::client::Client;
use super::connection::Busy;
use super::options::HttpOptions;
use crate::address::Seat;

/// A request: its head, and a body that is read when asked for.
pub struct Request {
    pub(crate) head: Parts,
    body: Option<Incoming>,
    client: Client,
    /// A trusted proxy has said in a header for whom it asks.
    behind: bool,
    options: Arc<HttpOptions>,
    /// The connection, once the answer says that it goes over to another protocol.
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
        Request { head, body: Some(body), client, behind, options, upgrade, busy }
    }

    /// What the request begins lasts, as a connection does: it counts among those of the client. A connection counts by
    /// itself, but for one of a proxy, which may serve any number of clients. `None` when the client has too many.
    pub(crate) fn seat(&self) -> Option<Option<Seat>> {
        match self.behind {
            true => self.options.connections.seat(self.client.address.ip()),
            false => Some(None),
        }
    }

    /// The method. Routes may take HEAD for GET: the body of their response is then not sent.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path as it was sent, with its percent signs.
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// What stands behind the question mark.
    pub fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    /// All header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// A header field by its name, if it is there and is ASCII. Of several lines the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The host that is asked, from `:authority` or `Host`, without its port, in lower case as it was sent (A-labels,
    /// usually).
    pub fn authority_host(&self) -> Option<String> {
        Some(self.authority()?.host().to_ascii_lowercase()).filter(|host| !host.is_empty())
    }

    /// The host that is asked with its port if one was sent, from `:authority` or `Host`.
    pub fn authority(&self) -> Option<Authority> {
        match self.head.uri.authority() {
            Some(authority) => Some(authority.clone()),
            None => self.header("host")?.parse().ok(),
        }
    }

    /// The web origin of the page that asks (RFC 6454 §7), such as `https://chess.example`; `null` for what is no
    /// origin that could be named.
    pub fn origin(&self) -> Option<&str> {
        self.head.headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"))
    }

    /// Who asks.
    pub fn client(&self) -> Client {
        self.client
    }

    /// The whole body, of at most `limit` bytes. A second call gets nothing.
    ///
    /// # Errors
    /// [`BodyError`], whose [`response`](BodyError::response) tells the client.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        match self.body.take() {
            Some(body) => body::collect(body, limit, |_| 0, self.options.body).await,
            None => Ok(Bytes::new()),
        }
    }

    /// The same; of a longer body `more` is shown the first `limit` bytes, and says how many it may have.
    ///
    /// # Errors
    /// [`BodyError`].
    pub async fn body_or_more(
        &mut self,
        limit: usize,
        more: impl FnOnce(&[u8]) -> usize,
    ) -> Result<Bytes, BodyError> {
        match self.body.take() {
            Some(body) => body::collect(body, limit, more, self.options.body).await,
            None => Ok(Bytes::new()),
        }
    }
}
