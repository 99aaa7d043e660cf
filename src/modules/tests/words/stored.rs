//! Values of accounts that the store keeps: read when a session is bound, then available without waiting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use kernel::{About, Interest, Module, Order, Registrar, Stage, Stored, Verdict};
use storage::StorageError;
use xmpp::{Kind, Stanza, StanzaType};

use crate::tests::bench::Bench;

/// A text of each account: its vCard here, as any row would do.
struct Text(String);

/// Answers messages with the sender's text, which a message with another text changes.
#[derive(Default)]
struct Remembering {
    read: Arc<AtomicUsize>,
    texts: OnceLock<Stored<Text>>,
}

impl Module for Remembering {
    fn about(&self) -> About {
        About { name: "remembering".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let read = self.read.clone();
        let texts: Stored<Text> = registrar.stored_at_bind(move |kernel, account| {
            read.fetch_add(1, Ordering::Relaxed);
            Box::pin(
                async move { Ok(Text(kernel.store().vcards().get(account.id()).await?.unwrap_or_default())) },
            )
        });
        self.texts.get_or_init(|| texts.clone());
        let interest = Interest::kinds(&[Kind::Message]);
        registrar.hook(Stage::Send, Order::Normal, interest, move |kernel, packet| {
            let client = packet.client().unwrap().clone();
            let text = texts.cached(client.account()).map_or_else(|| "unread".into(), |text| text.0.clone());
            let body = xmpp::Element::new("body", xmpp::ns::CLIENT).text(&text);
            kernel.tell(&client, Stanza::message(StanzaType::None, None, None).append(&body));
            Verdict::Handled
        });
    }
}

#[tokio::test]
async fn what_is_stored_is_read_once_when_a_session_is_bound() -> Result<(), StorageError> {
    let bench = Bench::new().await;
    let early = bench.bind("anna@chess.example/early").await;
    let module = Arc::new(Remembering::default());
    bench.serve(vec![module.clone()]).await;
    assert!(early.ask("<message/>").await.contains("unread"), "bound before there was anything to read");
    let vcards = bench.kernel.store().vcards();
    vcards.put(early.resource().account().id(), "<text>e4</text>".into()).await?;
    assert_eq!(module.read.load(Ordering::Relaxed), 0);
    let one = bench.bind("anna@chess.example/1").await;
    assert!(one.ask("<message/>").await.contains("e4"));
    assert!(early.ask("<message/>").await.contains("e4"), "the account's, not the session's");
    let _two = bench.bind("anna@chess.example/2").await;
    assert_eq!(module.read.load(Ordering::Relaxed), 1);
    let bert = bench.bind("bert@chess.example/b").await;
    assert!(!bert.ask("<message/>").await.contains("e4"));
    assert_eq!(module.read.load(Ordering::Relaxed), 2);
    Ok(())
}

#[tokio::test]
async fn after_a_write_that_failed_the_store_is_asked_what_it_has() {
    let bench = Bench::new().await;
    let module = Arc::new(Remembering::default());
    bench.serve(vec![module.clone()]).await;
    let anna = bench.bind("anna@chess.example/1").await;
    let (account, kernel) = (anna.resource().account(), &bench.kernel);
    let texts = module.texts.get().unwrap();
    // Committed, but the answer is lost.
    let written = async || {
        kernel.store().vcards().put(account.id(), "<text>e4</text>".into()).await.unwrap();
        Err(StorageError::Unreachable("lost".into()))
    };
    let change = texts.change(
        kernel,
        account,
        |_| Ok(Some((Text("e4".into()), written(), ()))),
        |_, ()| panic!("announced"),
    );
    assert!(change.await.is_err());
    assert!(!anna.ask("<message/>").await.contains("e4"));
    for _ in 0..2 {
        assert!(texts.load(kernel, account).await.unwrap().0.contains("e4"));
    }
    assert!(anna.ask("<message/>").await.contains("e4"));
    assert_eq!(module.read.load(Ordering::Relaxed), 2);
    // The next change sees it as well.
    let nothing = texts.change(
        kernel,
        account,
        |text| {
            assert!(text.0.contains("e4"));
            Ok::<_, StorageError>(None::<(Text, std::future::Ready<Result<(), StorageError>>, ())>)
        },
        |_, ()| {},
    );
    assert_eq!(nothing.await, Ok(false));
}
