//! State of hosts, accounts and sessions: it outlives tables, and is dropped with its owner.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::{About, Account, Host, Interest, Module, Order, Registrar, Resource, Stage, State, Verdict};
use xmpp::Kind;

use crate::tests::bench::Bench;

#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn more(&self) -> usize {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Counts messages for the host, the sender's account and the sender's session.
struct Counting;

impl Module for Counting {
    fn about(&self) -> About {
        About { name: "counting".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let host: State<Host, Count> = registrar.state();
        let account: State<Account, Count> = registrar.state();
        let session: State<Resource, Count> = registrar.state();
        registrar.hook(
            Stage::Send,
            Order::Normal,
            Interest::kinds(&[Kind::Message]),
            move |kernel, packet| {
                let client = packet.client().unwrap().clone();
                let counts = [
                    host.of(client.host()).more(),
                    account.of(client.account()).more(),
                    session.of(&client).more(),
                ];
                let text = format!("{counts:?}");
                kernel.tell(
                    &client,
                    xmpp::Stanza::message(xmpp::StanzaType::None, None, None).append(&body(&text)),
                );
                Verdict::Handled
            },
        );
    }
}

fn body(text: &str) -> xmpp::Element {
    xmpp::Element::new("body", xmpp::ns::CLIENT).text(text)
}

#[tokio::test]
async fn what_is_counted_outlives_new_tables_and_goes_with_its_owner() {
    let bench = Bench::new().await;
    bench.serve(vec![Arc::new(Counting)]).await;
    let one = bench.bind("anna@chess.example/1").await;
    assert!(one.ask("<message/>").await.contains("[1, 1, 1]"));
    bench.serve(vec![Arc::new(Counting)]).await; // another instance of the module
    assert!(one.ask("<message/>").await.contains("[2, 2, 2]"));
    bench.serve(Vec::new()).await;
    bench.serve(vec![Arc::new(Counting)]).await; // disabled for a while
    let two = bench.bind("anna@chess.example/2").await;
    assert!(two.ask("<message/>").await.contains("[3, 3, 1]"));
    let bert = bench.bind("bert@chess.example/b").await;
    assert!(bert.ask("<message/>").await.contains("[4, 1, 1]"));
    one.drop_connection().await;
    two.drop_connection().await;
    let host = bench.kernel.host("chess.example").unwrap();
    bench.kernel.delete_account(&host, "anna", None).await.unwrap();
    bench.kernel.store().accounts().create("chess.example", "anna", &[], 0).await.unwrap();
    bench.kernel.account_made(&host, "anna").await.unwrap();
    let anna = bench.bind("anna@chess.example/1").await;
    assert!(anna.ask("<message/>").await.contains("[5, 1, 1]"), "another account of the same name");
}
