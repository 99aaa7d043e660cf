//! XEP-0156: the WebSocket and BOSH URLs of a domain, for clients that know only its name.

use std::sync::Arc;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use kernel::{Kernel, Web};
use net::http::{Request, Response, Routes, text};
use serde::Serialize;

use crate::here::Here;
use crate::{route, site};

const XRD: &str = "application/xrd+xml; charset=utf-8";
const JSON: &str = "application/json";

/// One connection method.
#[derive(Serialize)]
struct Link {
    rel: &'static str,
    href: String,
}

#[derive(Serialize)]
struct Links {
    links: Vec<Link>,
}

/// Adds both forms.
pub fn routes(kernel: &Arc<Kernel>, routes: Routes) -> Routes {
    let (xml_kernel, json_kernel) = (kernel.clone(), kernel.clone());
    routes.at("/.well-known/host-meta", route::get(move |request| answer(&xml_kernel, request, XRD, xml))).at(
        "/.well-known/host-meta.json",
        route::get(move |request| answer(&json_kernel, request, JSON, json)),
    )
}

/// The links of the requested domain; any page may read them (XEP-0156 §3.1).
fn answer(
    kernel: &Kernel,
    request: &Request,
    content_type: &'static str,
    write: fn(&Links) -> String,
) -> Response {
    let mut response = match (site::asked(kernel, request), Here::of(request)) {
        (Some(host), Some(here)) => {
            route::response(content_type, write(&Links::new(&host.options().web, &here)))
        }
        _ => text(StatusCode::NOT_FOUND, "this domain is not served here"),
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl Links {
    /// As configured, else derived from the request.
    fn new(web: &Web, here: &Here) -> Self {
        let websocket = web.websocket.clone();
        let bosh = web.bosh.clone();
        let links = vec![
            Link {
                rel: "urn:xmpp:alt-connections:websocket",
                href: websocket.unwrap_or_else(|| format!("{}/xmpp-websocket", here.websocket_origin())),
            },
            Link {
                rel: "urn:xmpp:alt-connections:xbosh",
                href: bosh.unwrap_or_else(|| format!("{}/http-bind", here.web_origin())),
            },
        ];
        Self { links }
    }
}

fn json(links: &Links) -> String {
    // Strings only: serialization cannot fail.
    serde_json::to_string(links).unwrap_or_default()
}

fn xml(links: &Links) -> String {
    let head =
        "<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n";
    let body = links.links.iter().fold(String::new(), |all, Link { rel, href }| {
        all + &format!("  <Link rel='{rel}' href='{}'/>\n", escaped(href))
    });
    format!("{head}{body}</XRD>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&apos;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_from_the_request() {
        let here = Here::new(true, "chess.example").unwrap();
        assert_eq!(
            xml(&Links::new(&Web::default(), &here)),
            "<?xml version='1.0' encoding='utf-8'?>\n\
             <XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n  \
             <Link rel='urn:xmpp:alt-connections:websocket' href='wss://chess.example/xmpp-websocket'/>\n  \
             <Link rel='urn:xmpp:alt-connections:xbosh' href='https://chess.example/http-bind'/>\n</XRD>\n"
        );
    }

    #[test]
    fn as_configured_and_escaped() {
        let web = Web {
            websocket: Some("wss://ws.example/a?b&c".into()),
            bosh: Some("https://bosh.example/'<x>".into()),
            ..Web::default()
        };
        let links = Links::new(&web, &Here::new(false, "chess.example:5280").unwrap());
        let text = xml(&links);
        assert!(text.contains("href='wss://ws.example/a?b&amp;c'"), "{text}");
        assert!(text.contains("href='https://bosh.example/&apos;&lt;x&gt;'"), "{text}");
        assert_eq!(
            json(&links),
            r#"{"links":[{"rel":"urn:xmpp:alt-connections:websocket","href":"wss://ws.example/a?b&c"},{"rel":"urn:xmpp:alt-connections:xbosh","href":"https://bosh.example/'<x>"}]}"#
        );
    }
}
