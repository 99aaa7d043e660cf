//! The address of this server, as a request's client sees it.

use net::http::Request;

/// Scheme, host and port of a request: `https` if the client uses TLS, to this server or to a trusted proxy.
pub struct Here {
    secure: bool,
    authority: String,
}

impl Here {
    /// From a request; `None` if its host is not valid in a URL.
    pub fn of(request: &Request) -> Option<Self> {
        Self::new(request.client().secure, request.authority()?.as_str())
    }

    /// From its parts; `None` if `authority` is not host and port.
    pub fn new(secure: bool, authority: &str) -> Option<Self> {
        let fits = !authority.is_empty() && authority.bytes().all(is_of_authority);
        fits.then(|| Self { secure, authority: authority.to_ascii_lowercase() })
    }

    /// The origin of WebSocket URLs.
    pub fn websocket_origin(&self) -> String {
        format!("{}://{}", if self.secure { "wss" } else { "ws" }, self.authority)
    }

    /// The origin of pages.
    pub fn web_origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }
}

/// Characters of a host (names, IPv4, IPv6 in brackets) and its port (RFC 3986 §3.2, without user and
/// escapes). None of them has a meaning in a policy, in XML or in JSON.
pub fn is_of_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_that_of_the_client() {
        let plain = Here::new(false, "Chess.example:5280").unwrap();
        assert_eq!(plain.websocket_origin(), "ws://chess.example:5280");
        assert_eq!(plain.web_origin(), "http://chess.example:5280");
        let safe = Here::new(true, "[::1]:5443").unwrap();
        assert_eq!(safe.websocket_origin(), "wss://[::1]:5443");
        assert_eq!(safe.web_origin(), "https://[::1]:5443");
    }

    #[test]
    fn nothing_else_gets_into_an_address() {
        for bad in
            ["", "a b", "a;script-src *", "a'b", "user@host", "a/b", "a\"", "ü.example", "a,b", "a%20b"]
        {
            assert!(Here::new(true, bad).is_none(), "{bad}");
        }
    }
}
