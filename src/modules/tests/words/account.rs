//! Account events: creation, roster changes, deletion.

use std::sync::Arc;

use auth::{BoxFuture, Chain, Decoys, Lookup, Outcome, Provider, ProviderError};
use kernel::{About, Module, Registrar};
use parking_lot::Mutex;
use storage::{Hash, RosterItem};

use crate::tests::bench::Bench;

/// Records its events.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Module for Told {
    fn about(&self) -> About {
        About { name: "told".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let told = self.clone();
        registrar.creation(move |_, account| {
            told.0.lock().push(format!("{} is made", account.jid()));
            Box::pin(async {})
        });
        let told = self.clone();
        registrar.deletion(move |_, account| {
            told.0.lock().push(format!("{} goes", account.jid()));
            Box::pin(async {})
        });
        registrar.roster_change(move |event| {
            let of = |item: Option<&RosterItem>| item.map_or("absent", |item| item.subscription.as_str());
            let (before, after) = (of(event.before), of(event.after));
            self.0.lock().push(format!("{}: {before}, {after}", event.account.jid()));
        });
    }
}

/// A foreign provider that has frank.
struct Elsewhere;

impl Provider for Elsewhere {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    fn keys<'a>(
        &'a self,
        _domain: &'a str,
        _local: &'a str,
        _hash: Hash,
    ) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        Box::pin(async { Ok(Lookup::NoSuchAccount) })
    }

    fn verify_plain<'a>(
        &'a self,
        _domain: &'a str,
        _local: &'a str,
        _password: &'a str,
    ) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(async { Ok(Outcome::NoSuchAccount) })
    }

    fn exists<'a>(&'a self, _domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        Box::pin(async move { Ok(local == "frank") })
    }

    fn hashes_offered<'a>(&'a self, _domain: &'a str) -> BoxFuture<'a, Result<Vec<Hash>, ProviderError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

#[tokio::test]
async fn a_roster_s_changes_are_told_with_the_item_before_and_after() {
    let bench = Bench::new().await;
    let told = Arc::new(Told::default());
    bench.serve(vec![told.clone()]).await;
    let anna = bench.online("anna@chess.example/a").await;
    let set =
        |item: &str| format!("<iq type='set' id='1'><query xmlns='jabber:iq:roster'>{item}</query></iq>");
    anna.send(&set("<item jid='carl@chess.example'/>")).await;
    assert_eq!(told.take(), ["anna@chess.example: absent, none"]);
    anna.send(&set("<item jid='anna@chess.example'/>")).await; // refused
    assert_eq!(told.take(), [""; 0]);
    let (_anna, _bert) = bench.friends("anna@chess.example/b", "bert@chess.example/b").await;
    let all = told.take();
    let [anna, bert] = ["anna", "bert"].map(|name| {
        let own: Vec<_> = all.iter().filter(|line| line.starts_with(name)).collect();
        own.last().map(|line| line.split_once(", ").unwrap().1).unwrap_or_default()
    });
    assert_eq!([anna, bert], ["both", "both"], "{all:#?}");
}

#[tokio::test]
async fn deletion_and_creation_are_told() {
    let bench = Bench::new().await;
    let told = Arc::new(Told::default());
    bench.serve(vec![told.clone()]).await;
    let host = bench.kernel.host("chess.example").unwrap();
    bench.kernel.delete_account(&host, "carl", None).await.unwrap();
    assert_eq!(told.take(), ["carl@chess.example goes"]);
    bench.kernel.store().accounts().create("chess.example", "carl", &[], 0).await.unwrap();
    bench.kernel.account_made(&host, "carl").await.unwrap();
    assert_eq!(told.take(), ["carl@chess.example is made"]);
    bench.bind("carl@chess.example/c").await;
    assert_eq!(told.take(), [""; 0], "no news");
}

#[tokio::test]
async fn an_account_of_another_provider_is_made_when_it_is_first_seen() {
    let bench = Bench::new().await;
    let told = Arc::new(Told::default());
    let auth = Chain::new(vec![Arc::new(Elsewhere)], Decoys::new(vec![0; 32], 4096));
    bench.serve_accounts_of(auth, vec![told.clone()]).await;
    let anna = bench.bind("anna@chess.example/a").await;
    anna.send("<message type='chat' to='frank@chess.example'><body>x</body></message>").await;
    bench.kept("frank@chess.example", 1).await;
    assert_eq!(told.take(), ["frank@chess.example is made"]);
    assert!(anna.received().is_empty());
    anna.send("<message type='chat' to='frank@chess.example'><body>x</body></message>").await;
    assert_eq!(told.take(), [""; 0], "once");
    assert!(
        anna.ask("<message type='chat' to='georg@chess.example'><body>x</body></message>")
            .await
            .contains("<service-unavailable ")
    );
    assert_eq!(told.take(), [""; 0]);
}
