//! The HTTP routes of web clients.

use std::sync::Arc;

use net::http::Route;

use crate::bosh;
use crate::c2s::C2s;
use crate::websocket::WebSocketRoute;

/// Each path with its route.
pub fn routes(c2s: &Arc<C2s>) -> Vec<(&'static str, Arc<dyn Route>)> {
    vec![("/xmpp-websocket", Arc::new(WebSocketRoute(c2s.clone()))), ("/http-bind", bosh::route(c2s))]
}
