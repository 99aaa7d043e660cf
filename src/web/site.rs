//! The served domains, as shown to browsers.

use std::sync::Arc;

use kernel::{Host, Kernel};
use net::http::Request;

/// The enabled domains, sorted by name.
pub fn all(kernel: &Kernel) -> Vec<Arc<Host>> {
    let mut hosts: Vec<_> = kernel.hosts().into_iter().filter(|host| host.is_enabled()).collect();
    hosts.sort_by(|a, b| a.name().cmp(b.name()));
    hosts
}

/// The enabled domain that matches a request's host, an A-label.
pub fn asked(kernel: &Kernel, request: &Request) -> Option<Arc<Host>> {
    named(kernel, &request.authority_host()?)
}

fn named(kernel: &Kernel, host: &str) -> Option<Arc<Host>> {
    let domain = xmpp::prep_domain(host).ok()?;
    kernel.host(&domain).filter(|host| host.is_enabled())
}
