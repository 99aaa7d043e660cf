//! Headers that tell browsers what a page may do, and what other pages may do with it.

use std::collections::BTreeSet;

use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::Web;

use crate::here::{Here, is_of_authority};

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// The page's `connect-src`: this origin, and the public addresses configured for the domains.
pub fn destinations<'a>(here: Option<&Here>, sites: impl Iterator<Item = &'a Web>) -> String {
    let mut origins: BTreeSet<String> = here.map(Here::websocket_origin).into_iter().collect();
    for web in sites {
        let addresses = web.websocket.iter().chain(&web.bosh).chain(&web.see_other_uri);
        origins.extend(addresses.filter_map(|address| origin(address)));
    }
    origins.into_iter().fold(String::from("'self'"), |all, origin| all + " " + &origin)
}

/// Scheme, host and port of a URL.
fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let fits = ["ws", "wss", "http", "https"].contains(&scheme) && authority.bytes().all(is_of_authority);
    (fits && !authority.is_empty()).then(|| format!("{scheme}://{}", authority.to_ascii_lowercase()))
}

/// Headers of the page itself: only its own scripts and styles, no markup from text (Trusted Types), no
/// frames, connections to `destinations` (CSP Level 3).
pub fn page(headers: &mut HeaderMap, destinations: &str) {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {destinations}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types default"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(OPENER, HeaderValue::from_static("same-origin"));
    headers.insert(
        PERMISSIONS,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    common(headers);
}

/// Headers of data, which must not be interpreted as a page.
pub fn data(headers: &mut HeaderMap) {
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    common(headers);
}

fn common(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(RESOURCE, HeaderValue::from_static("same-origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(websocket: &str, bosh: &str) -> Web {
        Web { websocket: Some(websocket.into()), bosh: Some(bosh.into()), ..Web::default() }
    }

    #[test]
    fn each_origin_once_and_in_order() {
        let here = Here::new(true, "chess.example:5443").unwrap();
        let sites = [
            web("wss://ws.example/xmpp-websocket", "https://Bosh.example:8443/http-bind?x"),
            web("wss://ws.example/other", "https://bosh.example:8443/"),
        ];
        assert_eq!(
            destinations(Some(&here), sites.iter()),
            "'self' https://bosh.example:8443 wss://chess.example:5443 wss://ws.example"
        );
    }

    #[test]
    fn no_address_widens_the_policy() {
        let sites = [
            web("wss://a.example; script-src */x", "https://"),
            web("javascript://a/x", "https://*/"),
            web("ws.example", "https://a b/"),
        ];
        assert_eq!(destinations(None, sites.iter()), "'self'");
    }

    #[test]
    fn the_page_may_do_nothing_but_what_it_is_for() {
        let mut headers = HeaderMap::new();
        page(&mut headers, "'self'");
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("trusted-types default"), "{policy}");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}
