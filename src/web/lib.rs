//! What browsers are served beside XMPP itself.
//!
//! | path | what |
//! |---|---|
//! | `/`, and the files it names | the page (`web/` of the checkout), kept in the binary |
//! | `/brands.json` | the sites to choose from: name, colour, domain |
//! | `/.well-known/host-meta`, `.json` | where WebSocket and BOSH of a domain are (XEP-0156) |

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

/// Adds what this crate serves to a table of routes.
#[must_use]
pub fn routes(kernel: &Arc<Kernel>, routes: Routes) -> Routes {
    let routes = page::routes(kernel, routes);
    let routes = host_meta::routes(kernel, routes);
    routes.at("/brands.json", brands::route(kernel))
}
