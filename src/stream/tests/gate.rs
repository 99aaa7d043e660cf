//! A client that is refused when it binds, and tries again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{About, Module, Registrar};
use xmpp::StanzaError;

use super::scripted::Client;

/// Refuses once.
struct Once(AtomicBool);

impl Module for Once {
    fn about(&self) -> About {
        About { name: "once".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.gate(move |_, request| {
            assert_eq!(
                (request.account.as_str(), request.resource.as_deref()),
                ("anna@chess.example", Some("a"))
            );
            let refused = !self.0.swap(true, Ordering::Relaxed);
            let answer = if refused { Err(StanzaError::not_allowed().text("not yet")) } else { Ok(()) };
            Box::pin(std::future::ready(answer))
        });
    }
}

#[tokio::test]
async fn a_refused_client_may_try_again() {
    let mut client = Client::authenticated(vec![Arc::new(Once(AtomicBool::new(false)))]).await;
    let bind = "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>a</resource></bind></iq>";
    client.write(bind);
    let refused = client.reads().await;
    assert!(
        refused.contains("type='error'") && refused.contains("<not-allowed ") && refused.contains("not yet")
    );
    client.write(bind);
    let bound = client.reads().await;
    assert!(bound.contains("<jid>anna@chess.example/a</jid>"), "{bound}");
}
