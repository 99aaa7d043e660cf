//! `Forwarded` (RFC 7239), and the older `X-Forwarded-For` and `X-Forwarded-Proto`.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::FORWARDED;

/// What one proxy says of whoever asked it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// None if it hides it, or says something that is no address.
    pub(super) address: Option<SocketAddr>,
    /// Whether by `https`, if it says that.
    pub(super) secure: Option<bool>,
}

/// All hops, the nearest proxy's last. A proxy that knows only one of the two ways passes on what a client writes in
/// the other: where they say different things, neither is believed.
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
    /// What both ways can say.
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
        // Most proxies overwrite the protocol and append the address: the last is then the only one.
        false => protos.last().copied().flatten(),
    };
    hosts.iter().enumerate().map(|(at, &address)| Hop { address, secure: secure(at) }).collect()
}

/// A header's lines as one list (RFC 9110 §5.3); what is no text is left out.
fn joined(headers: &HeaderMap, name: &str) -> String {
    let lines: Vec<_> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
    lines.join(",")
}

/// The parts between separators outside of quotes; none of an empty text, and none where a quote has no end, since
/// what follows it could be anybody's.
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

/// `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, `[2001:db8::1]`, and a bare IPv6 address, as some write it.
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
