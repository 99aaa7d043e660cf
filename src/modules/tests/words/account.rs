//! Account events: creation, roster changes, deletion.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use auth::{BoxFuture, Chain, Decoys, LogIn, Lookup, Outcome, Provider, ProviderError};
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

/// A foreign provider that has frank, and counts how often it is asked who exists.
#[derive(Default)]
struct Elsewhere {
    asked: AtomicUsize,
    removed: AtomicBool,
}

impl Elsewhere {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Provider for Elsewhere {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    fn keys<'a>(&'a self, _: LogIn<'a>, _: Hash) -> BoxFuture<'a, Result<Lookup, ProviderError>> {
        Box::pin(async { Ok(Lookup::NoSuchAccount) })
    }

    fn verify_plain<'a>(&'a self, _: LogIn<'a>, _: &'a str) -> BoxFuture<'a, Result<Outcome, ProviderError>> {
        Box::pin(async { Ok(Outcome::NoSuchAccount) })
    }

    fn exists<'a>(&'a self, _domain: &'a str, local: &'a str) -> BoxFuture<'a, Result<bool, ProviderError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(local == "frank" && !self.removed.load(Ordering::SeqCst)) })
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
    let auth = Chain::new(vec![Arc::new(Elsewhere::default())], Decoys::new(vec![0; 32], 4096));
    bench.serve_accounts_of(auth, vec![told.clone()]).await;
    let anna = bench.bind("anna@chess.example/a").await;
    anna.send("<message type='chat' to='frank@chess.example'><body>x</body></message>").await;
    bench.kept("frank@chess.example", 1).await;
    assert_eq!(told.take(), ["frank@chess.example is made"]);
    assert!(anna.received().is_empty());
    assert_eq!(bench.adopted_from("frank").await.as_deref(), Some("elsewhere"));
    anna.send("<message type='chat' to='frank@chess.example'><body>x</body></message>").await;
    assert_eq!(told.take(), [""; 0], "once");
    assert!(
        anna.ask("<message type='chat' to='georg@chess.example'><body>x</body></message>")
            .await
            .contains("<service-unavailable ")
    );
    assert_eq!(told.take(), [""; 0]);
}

impl Bench {
    /// The provider in an account's row.
    async fn adopted_from(&self, local: &str) -> Option<String> {
        let found = self.kernel.store().accounts().lookup("chess.example", local).await.unwrap();
        found.unwrap().provider
    }
}

#[tokio::test]
async fn a_login_makes_the_account_without_asking_again() {
    let bench = Bench::new().await;
    let (told, elsewhere) = (Arc::new(Told::default()), Arc::new(Elsewhere::default()));
    elsewhere.removed.store(true, Ordering::SeqCst);
    let auth = Chain::new(vec![elsewhere.clone()], Decoys::new(vec![0; 32], 4096));
    bench.serve_accounts_of(auth, vec![told.clone()]).await;
    let host = bench.kernel.host("chess.example").unwrap();
    assert!(bench.kernel.account(&host, "frank").await.unwrap().is_none());
    assert_eq!(elsewhere.asked(), 1);
    // It has him since, and has verified his password; that he was unknown is still remembered.
    elsewhere.removed.store(false, Ordering::SeqCst);
    let both = tokio::join!(
        bench.kernel.adopt(&host, "frank", "elsewhere"),
        bench.kernel.adopt(&host, "frank", "elsewhere")
    );
    let [one, other] = [both.0, both.1].map(|adopted| adopted.unwrap().unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(told.take(), ["frank@chess.example is made"]);
    bench.bind("frank@chess.example/f").await;
    bench.kernel.adopt(&host, "frank", "elsewhere").await.unwrap();
    assert_eq!((told.take(), elsewhere.asked()), (Vec::new(), 1));
    assert_eq!(bench.adopted_from("frank").await.as_deref(), Some("elsewhere"));
    // An account of the server's own stays so.
    bench.kernel.adopt(&host, "bert", "elsewhere").await.unwrap();
    assert_eq!((bench.adopted_from("bert").await, told.take()), (None, Vec::new()));
}

#[tokio::test]
async fn a_closed_domain_adopts_nothing() {
    let bench = Bench::new().await;
    let auth = Chain::new(vec![Arc::new(Elsewhere::default())], Decoys::new(vec![0; 32], 4096));
    bench.serve_accounts_of(auth, Vec::new()).await;
    let host = bench.kernel.host("chess.example").unwrap();
    bench.kernel.close_host(&host).await;
    assert!(bench.kernel.adopt(&host, "frank", "elsewhere").await.unwrap().is_none());
    assert_eq!(bench.kernel.store().accounts().lookup("chess.example", "frank").await.unwrap(), None);
}

#[tokio::test]
async fn a_deleted_account_comes_back_with_its_next_login() {
    let bench = Bench::new().await;
    let (told, elsewhere) = (Arc::new(Told::default()), Arc::new(Elsewhere::default()));
    let auth = Chain::new(vec![elsewhere.clone()], Decoys::new(vec![0; 32], 4096));
    bench.serve_accounts_of(auth, vec![told.clone()]).await;
    let host = bench.kernel.host("chess.example").unwrap();
    let first = bench.kernel.adopt(&host, "frank", "elsewhere").await.unwrap().unwrap().id();
    bench.kernel.delete_account(&host, "frank", None).await.unwrap();
    let second = bench.kernel.adopt(&host, "frank", "elsewhere").await.unwrap().unwrap().id();
    assert_ne!(first, second);
    let frank = "frank@chess.example";
    assert_eq!(
        told.take(),
        [format!("{frank} is made"), format!("{frank} goes"), format!("{frank} is made")]
    );
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn a_password_kept_elsewhere_is_not_set_here_and_one_of_our_own_is() {
    let bench = Bench::new().await;
    let elsewhere = Arc::new(Elsewhere::default());
    bench.serve_passwords_behind(vec![elsewhere.clone()]).await;
    let host = bench.kernel.host("chess.example").unwrap();
    bench.kernel.adopt(&host, "frank", "elsewhere").await.unwrap();
    let set = |name: &str| {
        format!(
            "<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>{name}</username>\
             <password>secret</password></query></iq>"
        )
    };
    let frank = bench.bind("frank@chess.example/f").await;
    assert!(frank.ask(&set("frank")).await.contains("<not-allowed "));
    elsewhere.removed.store(true, Ordering::SeqCst);
    assert!(frank.ask(&set("frank")).await.contains("<item-not-found "), "nor when he is removed there");
    let (_, keys) = bench.kernel.store().accounts().keys("chess.example", "frank").await.unwrap().unwrap();
    assert_eq!(keys, []);
    let anna = bench.bind("anna@chess.example/a").await;
    assert!(anna.ask(&set("anna")).await.contains("type='result'"));
    let auth = host.options().auth.clone();
    assert!(auth.verify_plain(LogIn::from_nowhere("chess.example", "anna"), "secret").await.is_ok());
}
