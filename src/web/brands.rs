//! `/brands.json`: the sites offered by the page.

use std::sync::Arc;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use kernel::{Host, HostOptions, Kernel};
use net::http::{Request, Response, Route};
use serde::Serialize;

use crate::{color, guard, route, site};

/// What the page learns of a site; all of it is public.
#[derive(Serialize)]
struct Brand {
    domain: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    websocket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bosh: Option<String>,
}

#[derive(Serialize)]
struct Brands {
    brands: Vec<Brand>,
}

/// Answers with the sites, the one matching the request's host first.
pub fn route(kernel: &Arc<Kernel>) -> Arc<dyn Route> {
    let kernel = kernel.clone();
    route::get(move |request| answer(&kernel, request))
}

fn answer(kernel: &Kernel, request: &Request) -> Response {
    let mut hosts = site::all(kernel);
    if let Some(asked) = site::asked(kernel, request) {
        hosts.sort_by_key(|host| host.name() != asked.name());
    }
    let mut response = route::response("application/json", json(&hosts));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    guard::data(response.headers_mut());
    response
}

fn json(hosts: &[Arc<Host>]) -> String {
    let brands = hosts.iter().map(|host| brand(host.name(), &host.options())).collect();
    // Strings only: serialization cannot fail.
    serde_json::to_string(&Brands { brands }).unwrap_or_default()
}

fn brand(domain: &str, options: &HostOptions) -> Brand {
    let kernel::Brand { title, color } = &options.brand;
    Brand {
        domain: domain.to_owned(),
        title: if title.is_empty() { domain.to_owned() } else { title.clone() },
        color: color::hex(color),
        websocket: options.web.websocket.clone(),
        bosh: options.web.bosh.clone(),
    }
}
