//! Write: presence for an inactive client is held back and merged.

use std::sync::Arc;

use kernel::{About, Module, Registrar, Release};
use xmpp::{Kind, Stanza};

use crate::tests::bench::Bench;

struct Quiet;

impl Module for Quiet {
    fn about(&self) -> About {
        About { name: "quiet".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.write(|_, stanza| match stanza.kind() {
            Kind::Presence => {
                let from = stanza.from().cloned();
                Release::Latest(Box::new(move |held: &Stanza| {
                    held.kind() == Kind::Presence && held.from() == from.as_ref()
                }))
            }
            _ => Release::Now,
        });
    }
}

#[tokio::test]
async fn presence_is_merged_until_something_urgent_comes() {
    let bench = Bench::new().await;
    bench.serve(vec![Arc::new(Quiet)]).await;
    let anna = bench.bind("anna@chess.example/a").await;
    let bert = bench.bind("bert@chess.example/b").await;
    let say =
        |status: &str| format!("<presence to='bert@chess.example/b'><status>{status}</status></presence>");
    anna.send(&say("0")).await;
    assert_eq!(bert.received().len(), 1, "a session that is not restrained");
    bench.kernel.restrain(bert.resource(), true);
    for status in ["1", "2", "3"] {
        anna.send(&say(status)).await;
    }
    assert!(bert.received().is_empty());
    anna.send("<message to='bert@chess.example/b'><body>x</body></message>").await;
    let got = bert.received();
    assert!(got.len() == 2 && got[0].contains("<status>3</status>") && got[1].contains("<body>"), "{got:?}");
    anna.send(&say("4")).await;
    assert!(bert.received().is_empty());
    bench.kernel.restrain(bert.resource(), false);
    assert_eq!(bert.received().len(), 1, "what was held back follows");
    bench.kernel.restrain(bert.resource(), true);
    anna.send(&say("5")).await;
    bench.serve(Vec::new()).await;
    assert_eq!(bert.received().len(), 1, "nobody holds it back any more");
}
