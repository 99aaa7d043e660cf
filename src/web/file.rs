//! A file of the page.

use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use net::http::{Body, Request, Response};
use sha2::{Digest, Sha256};

use crate::route;

/// The path of the page itself.
pub const INDEX: &str = "/index.html";

/// An embedded file. Its name changes with its content, except for the page itself.
pub struct File {
    bytes: &'static [u8],
    content_type: &'static str,
    cache: &'static str,
    etag: HeaderValue,
}

impl File {
    /// A file by its path; `None` if its type is unknown.
    pub fn new(path: &str, bytes: &'static [u8]) -> Option<Self> {
        let content_type = match path.rsplit_once('.')?.1 {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => return None,
        };
        let cache = if path == INDEX { "no-cache" } else { "public, max-age=31536000, immutable" };
        let etag = HeaderValue::from_str(&etag(bytes)).ok()?;
        Some(Self { bytes, content_type, cache, etag })
    }

    /// The file, or 304 if the browser has it (RFC 9110 §13.1.2).
    pub fn answer(&self, request: &Request) -> Response {
        let asks = request.header(IF_NONE_MATCH.as_str());
        let mut response = if asks.is_some_and(|asks| self.is_among(asks)) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            route::response(self.content_type, self.bytes)
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(ETAG, self.etag.clone());
        response
    }

    fn is_among(&self, tags: &str) -> bool {
        tags.split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag)
    }
}

/// A strong entity tag: the start of the SHA-256 of the bytes.
fn etag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("\"{digits}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_how_long_they_are_kept() {
        let index = File::new(INDEX, b"<!doctype html>").unwrap();
        assert_eq!((index.content_type, index.cache), ("text/html; charset=utf-8", "no-cache"));
        let script = File::new("/page-1.js", b"x").unwrap();
        assert_eq!(script.content_type, "text/javascript; charset=utf-8");
        assert!(script.cache.ends_with("immutable"));
        assert!(File::new("/page.wasm", b"").is_none() && File::new("/page", b"").is_none());
    }

    #[test]
    fn tags_are_compared_weakly_and_change_with_the_content() {
        let file = File::new(INDEX, b"one").unwrap();
        let tag = file.etag.to_str().unwrap();
        assert!(file.is_among(tag) && file.is_among(&format!("\"x\", W/{tag}")) && file.is_among("*"));
        assert!(!file.is_among("\"x\"") && !file.is_among(""));
        assert_ne!(file.etag, File::new(INDEX, b"two").unwrap().etag);
    }
}
