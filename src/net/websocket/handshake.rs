//! Establishing a WebSocket: by upgrade (RFC 6455 section 4.2) or extended CONNECT (RFC 8441 section 5).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use sha1::{Digest, Sha1};
use xmpp::ElementLimits;

use super::WebSocket;
use crate::address::Seat;
use crate::connection::io::Io;
use crate::connection::tunnel::Tunnel;
use crate::http::{Body, Busy, Client, Request, Response, Socket, not_allowed, text};

/// The constant appended to a key before hashing (RFC 6455 section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A pending WebSocket, available once the response has been sent.
pub struct Upgrade {
    upgrade: OnUpgrade,
    client: Client,
    busy: Option<Arc<Busy>>,
    /// Set for a client behind a proxy.
    seat: Option<Seat>,
}

/// Why a request is not a valid WebSocket handshake.
enum Refusal {
    /// 405, with the allowed method.
    Method(&'static str),
    /// 426 (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
    Required(&'static str),
    /// 400.
    Bad(String),
    /// 501.
    OtherProtocol,
    /// 429 (RFC 6585 section 4).
    TooMany,
}

impl Request {
    /// Takes the request as a handshake for that subprotocol: returns the response and the WebSocket that
    /// follows it. Otherwise the response is 400, 405, 426, 429 or 501, with the reason.
    pub fn websocket(self, protocol: &'static str) -> (Response, Option<Upgrade>) {
        let seated = |response| Ok((response, self.seat().ok_or(Refusal::TooMany)?));
        match accepted(&self, protocol).and_then(seated) {
            Ok((response, seat)) => {
                let (client, upgrade, busy) = (self.client(), self.upgrade, self.busy);
                (response, Some(Upgrade { upgrade, client, busy, seat }))
            }
            Err(refusal) => (refusal.response(), None),
        }
    }
}

fn accepted(request: &Request, protocol: &'static str) -> Result<Response, Refusal> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    if request.head.version == Version::HTTP_2 {
        tunnel(request)?;
    } else {
        headers.insert(SEC_WEBSOCKET_ACCEPT, upgrade(request)?);
        switching(&mut response, StatusCode::SWITCHING_PROTOCOLS);
    }
    if request.header(SEC_WEBSOCKET_VERSION.as_str()) != Some("13") {
        return Err(Refusal::Required("WebSocket version 13 is required"));
    }
    match names(request.headers(), &SEC_WEBSOCKET_PROTOCOL, |name| name == protocol) {
        true => Ok(response),
        false => Err(Refusal::Bad(format!("the subprotocol {protocol:?} is required"))),
    }
}

impl Refusal {
    fn response(self) -> Response {
        match self {
            Refusal::Method(allow) => not_allowed(allow),
            Refusal::Bad(words) => text(StatusCode::BAD_REQUEST, words),
            Refusal::TooMany => text(StatusCode::TOO_MANY_REQUESTS, "too many connections from your address"),
            Refusal::OtherProtocol => {
                text(StatusCode::NOT_IMPLEMENTED, "only the websocket protocol is supported")
            }
            Refusal::Required(words) => {
                let mut response = text(StatusCode::UPGRADE_REQUIRED, words);
                switching(&mut response, StatusCode::UPGRADE_REQUIRED);
                response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
                response
            }
        }
    }
}

impl Upgrade {
    /// The WebSocket; `None` if the client has disconnected. Must be awaited outside of the route, which has
    /// to answer first.
    pub async fn accept(self, limits: ElementLimits) -> Option<WebSocket> {
        let upgraded = self.upgrade.await.ok()?;
        // From HTTP/1.1, only the socket and what was read beyond the request remain.
        let (io, rest, admission) = match upgraded.downcast::<Socket>() {
            Ok(parts) => {
                let (io, mut admission) = parts.io.into_io();
                if let Some(seat) = self.seat {
                    admission.sit(seat);
                }
                (io, parts.read_buf.to_vec(), Some(admission))
            }
            // The HTTP/2 connection continues, and is the one counted.
            Err(stream) => {
                (Io::Tunnel(Box::new(Tunnel::new(stream, self.busy, self.seat))), Vec::new(), None)
            }
        };
        Some(WebSocket::new(io, rest, self.client, admission, limits))
    }
}

fn tunnel(request: &Request) -> Result<(), Refusal> {
    if request.method() != Method::CONNECT {
        return Err(Refusal::Method("CONNECT"));
    }
    match request.head.extensions.get::<Protocol>() {
        Some(protocol) if protocol.as_str() == "websocket" => Ok(()),
        _ => Err(Refusal::OtherProtocol),
    }
}

/// The `Sec-WebSocket-Accept` value of a valid upgrade.
fn upgrade(request: &Request) -> Result<HeaderValue, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refusal::Method("GET"));
    }
    let is = |word: &'static str| move |name: &str| name.eq_ignore_ascii_case(word);
    if !names(headers, &CONNECTION, is("upgrade")) || !names(headers, &UPGRADE, is("websocket")) {
        return Err(Refusal::Required("use a WebSocket client"));
    }
    if request.head.version != Version::HTTP_11 {
        return Err(Refusal::Bad("HTTP/1.1 is required".into()));
    }
    // What follows the head is WebSocket data, and must not be interpretable as a body.
    let empty = headers.get_all(CONTENT_LENGTH).iter().all(|length| length == "0");
    if !empty || headers.contains_key(TRANSFER_ENCODING) {
        return Err(Refusal::Bad("a request body is not allowed".into()));
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let accept = match (keys.next(), keys.next()) {
        (Some(key), None) => accept(key.as_bytes()),
        _ => None,
    };
    accept.ok_or_else(|| Refusal::Bad("exactly one Sec-WebSocket-Key of 16 bytes is required".into()))
}

fn accept(key: &[u8]) -> Option<HeaderValue> {
    STANDARD.decode(key).ok().filter(|nonce| nonce.len() == 16)?;
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::try_from(STANDARD.encode(hash)).ok()
}

/// Whether any of a header's comma-separated names matches.
fn names(headers: &HeaderMap, header: &HeaderName, meant: impl Fn(&str) -> bool) -> bool {
    let lines = headers.get_all(header).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|name| meant(name.trim()))
}

fn switching(response: &mut Response, status: StatusCode) {
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

#[cfg(test)]
mod tests;
