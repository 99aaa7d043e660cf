//! HTTP resources other than XMPP itself.
//!
//! | path | what |
//! |---|---|
//! | `/`, and the files it names | the page (`web/` of the checkout), embedded in the binary |
//! | `/brands.json` | the available sites: name, color, domain |
//! | `/.well-known/host-meta`, `.json` | the WebSocket and BOSH URLs of a domain (XEP-0156) |

mod brands;
mod color;
mod file;
mod guard;
mod here;
mod host_meta;
mod page;
mod route;
mod site;

use std::sync::Arc;

use kernel::Kernel;
use net::http::Routes;

/// Adds this crate's routes.
#[must_use]
pub fn routes(kernel: &Arc<Kernel>, routes: Routes) -> Routes {
    let routes = page::routes(kernel, routes);
    let routes = host_meta::routes(kernel, routes);
    routes.at("/brands.json", brands::route(kernel))
}
