//! `Forwarded` (RFC 7239), and the older `X-Forwarded-For` and `X-Forwarded-Proto`.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::FORWARDED;

/// One proxy's statement about its client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// `None` if it is hidden, or is not an address.
    pub(super) address: Option<SocketAddr>,
    /// Whether by `https`, if stated.
    pub(super) secure: Option<bool>,
}

/// The headers by which proxies say that a request is not their own.
const HEADERS: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"];

/// Whether the request has come by way of a proxy, or pretends to.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    HEADERS.iter().any(|name| headers.contains_key(*name))
}

/// All hops, the nearest proxy's last. A proxy that knows only one of the two header styles passes on what a
/// client writes in the other: if they differ, neither is used.
pub(super) fn hops(headers: &HeaderMap) -> Vec<Hop> {
    let (standard, older) = (standard(headers), older(headers));
    match (standard.is_empty(), older.is_empty()) {
        (true, _) => older,
        (_, true) => standard,
        _ if standard.iter().map(Hop::said).eq(older.iter().map(Hop::said)) => standard,
        _ => Vec::new(),
    }
}

impl Hop {
    /// What both header styles can express.
    fn said(&self) -> (Option<IpAddr>, Option<bool>) {
        (self.address.map(|address| address.ip()), self.secure)
    }
}

fn standard(headers: &HeaderMap) -> Vec<Hop> {
    split(&joined(headers, FORWARDED.as_str()), ',').map(hop).collect()
}

fn older(headers: &HeaderMap) -> Vec<Hop> {
    let protos = joined(headers, "x-forwarded-proto");
    let protos: Vec<_> = split(&protos, ',').map(|proto| secure(proto.trim())).collect();
    let hosts = joined(headers, "x-forwarded-for");
    let mut hosts: Vec<_> = split(&hosts, ',').map(|node| address(node.trim())).collect();
    if hosts.is_empty() && !protos.is_empty() {
        hosts.push(None);
    }
    let secure = |at: usize| match protos.len() == hosts.len() {
        true => protos.get(at).copied().flatten(),
        // Most proxies overwrite the protocol and append the address: then there is only one, the last.
        false => protos.last().copied().flatten(),
    };
    hosts.iter().enumerate().map(|(at, &address)| Hop { address, secure: secure(at) }).collect()
}

/// A header's lines as one list (RFC 9110 §5.3); values that are not text are skipped.
fn joined(headers: &HeaderMap, name: &str) -> String {
    let lines: Vec<_> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
    lines.join(",")
}

/// The parts between separators outside of quotes; nothing for an empty text, nor for one with an
/// unterminated quote, since what follows that could be forged.
fn split(text: &str, separator: char) -> impl DoubleEndedIterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    if quoted {
        parts.clear();
    }
    parts.into_iter().filter(|part| !part.trim().is_empty())
}

/// `for=192.0.2.60;proto=https;by=203.0.113.43`
fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for (name, value) in split(element, ';').filter_map(|pair| pair.split_once('=')) {
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        match name.trim() {
            name if name.eq_ignore_ascii_case("for") => hop.address = address(value),
            name if name.eq_ignore_ascii_case("proto") => hop.secure = secure(value),
            _ => {}
        }
    }
    hop
}

/// `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, `[2001:db8::1]`, and a bare IPv6 address, as some write
/// it.
fn address(node: &str) -> Option<SocketAddr> {
    let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']')).unwrap_or(node);
    let address = match bare.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, 0),
        Err(_) => node.parse().ok()?,
    };
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

fn secure(proto: &str) -> Option<bool> {
    match proto {
        _ if proto.eq_ignore_ascii_case("https") || proto.eq_ignore_ascii_case("wss") => Some(true),
        _ if proto.eq_ignore_ascii_case("http") || proto.eq_ignore_ascii_case("ws") => Some(false),
        _ => None,
    }
}
