//! The addresses at which web clients begin their streams.

use std::sync::Arc;

use net::http::Route;

use crate::bosh;
use crate::c2s::C2s;
use crate::websocket::WebSocketRoute;

/// Each path, and what answers there.
pub fn routes(c2s: &Arc<C2s>) -> Vec<(&'static str, Arc<dyn Route>)> {
    vec![("/xmpp-websocket", Arc::new(WebSocketRoute(c2s.clone()))), ("/http-bind", bosh::route(c2s))]
}
