//! A feature that sees each presence of a session once it is recorded.

use std::sync::Arc;

use kernel::{About, Module, Registrar};
use parking_lot::Mutex;
use xmpp::StanzaType;

use crate::tests::bench::Bench;

#[derive(Default)]
struct Watch(Mutex<Vec<String>>);

impl Watch {
    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Module for Watch {
    fn about(&self) -> About {
        About { name: "watch".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.presence(move |_, taken| {
            assert_eq!(taken.stanza.from(), Some(taken.resource.jid()));
            let available = taken.stanza.stanza_type() == StanzaType::None;
            assert_eq!(available, taken.resource.is_available(), "it has been recorded");
            let status =
                taken.stanza.child("status", "jabber:client").map(|status| status.text().into_owned());
            let word = if available { "available" } else { "unavailable" };
            let resource = taken.resource.jid().resource().unwrap();
            self.0.lock().push(format!("{resource} {word} {}", status.unwrap_or_default()));
        });
    }
}

async fn bench() -> (Bench, Arc<Watch>) {
    let (bench, watch) = (Bench::new().await, Arc::new(Watch::default()));
    bench.serve(vec![watch.clone()]).await;
    (bench, watch)
}

#[tokio::test]
async fn each_presence_is_seen_and_no_other() {
    let (bench, watch) = bench().await;
    let anna = bench.bind("anna@chess.example/a").await;
    anna.send("<presence type='unavailable'/>").await;
    anna.send("<presence to='bert@chess.example'/>").await;
    anna.send("<presence type='subscribe' to='bert@chess.example'/>").await;
    anna.send("<presence><priority>999</priority></presence>").await;
    assert_eq!(watch.seen(), [""; 0], "none of it is her own presence");
    anna.send("<presence/>").await;
    anna.send("<presence><status>busy</status></presence>").await;
    anna.send("<presence type='unavailable'><status>bye</status></presence>").await;
    anna.send("<presence type='unavailable'/>").await;
    assert_eq!(watch.seen(), ["a available ", "a available busy", "a unavailable bye"]);
    anna.drop_connection().await;
    assert_eq!(watch.seen(), [""; 0]);
}

#[tokio::test]
async fn a_session_that_ends_without_unavailable_gets_one() {
    let (bench, watch) = bench().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.drop_connection().await;
    assert_eq!(watch.seen(), ["a available ", "a unavailable "]);
    let _old = bench.online("anna@chess.example/b").await;
    let new = bench.online("anna@chess.example/b").await;
    assert_eq!(watch.seen(), ["b available ", "b unavailable ", "b available "]);
    let host = new.resource().host().clone();
    bench.kernel.delete_account(&host, "anna", Some(new.resource())).await.unwrap();
    assert_eq!(watch.seen(), ["b unavailable "]);
}

#[tokio::test]
async fn a_session_that_waits_to_be_resumed_is_still_available() {
    let (bench, watch) = bench().await;
    let anna = bench.online("anna@chess.example/a").await;
    anna.hold().manage();
    let token = anna.hold().make_resumable(300);
    watch.seen();
    anna.hold().detach().await;
    assert_eq!(watch.seen(), [""; 0]);
    let (jid, about) = (anna.bare(), anna.resource().about());
    drop(anna);
    let hold = bench.kernel.resume(&jid, token, 0, about).await.ok().unwrap();
    assert_eq!(watch.seen(), [""; 0]);
    hold.end().await;
    assert_eq!(watch.seen(), ["a unavailable "]);
}
