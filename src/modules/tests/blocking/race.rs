//! Presence that is being sent while the list changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{About, Interest, Module, Order, Registrar, SessionEventKind, Stage, Verdict};
use tokio::sync::Notify;
use xmpp::{Kind, StanzaType};

use super::{BERT, block, done, unavailable};
use crate::tests::bench::Bench;

/// Once armed, holds up the first presence that is broadcast, the first session that leaves, or the first
/// undeliverable message.
#[derive(Default)]
struct Barrier {
    armed: AtomicBool,
    reached: Notify,
    open: Notify,
}

impl Barrier {
    async fn pass(&self) {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.reached.notify_one();
            self.open.notified().await;
        }
    }
}

struct Held(Arc<Barrier>);

impl Module for Held {
    fn about(&self) -> About {
        About { name: "held".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let available = Interest::types(Kind::Presence, &[StanzaType::None]);
        let barrier = self.0.clone();
        registrar.hook_later(Stage::Receive, Order::Guard, available, move |_, _| {
            let barrier = barrier.clone();
            Box::pin(async move {
                barrier.pass().await;
                Verdict::Continue
            })
        });
        let barrier = self.0.clone();
        let messages = Interest::kinds(&[Kind::Message]);
        registrar.hook_later(Stage::Undelivered, Order::Guard, messages, move |_, _| {
            let barrier = barrier.clone();
            Box::pin(async move {
                barrier.pass().await;
                Verdict::Continue
            })
        });
        let barrier = self.0.clone();
        registrar.session(SessionEventKind::Unavailable, move |_, _| {
            let barrier = barrier.clone();
            Box::pin(async move { barrier.pass().await })
        });
    }
}

/// The phone sends this while the desk blocks bert; returns what bert finally sees of the phone.
async fn seen_of_a_resource_that_sends_while_another_blocks(stanza: &str) -> Vec<String> {
    let bench = Bench::new().await;
    let barrier = Arc::new(Barrier::default());
    let (desk, bert) = bench.friends("anna@chess.example/desk", BERT).await;
    let phone = bench.online("anna@chess.example/phone").await;
    bench.serve(vec![Arc::new(Held(barrier.clone()))]).await;
    bert.received();
    barrier.armed.store(true, Ordering::SeqCst);
    let meanwhile = async {
        barrier.reached.notified().await;
        done(&desk, &block(&["bert@chess.example"])).await;
        barrier.open.notify_one();
    };
    tokio::join!(phone.send(stanza), meanwhile);
    bert.received().into_iter().filter(|stanza| stanza.contains("/phone'")).collect()
}

#[tokio::test]
async fn presence_that_is_under_way_while_its_account_blocks_is_taken_back() {
    let seen =
        seen_of_a_resource_that_sends_while_another_blocks("<presence><show>away</show></presence>").await;
    assert_eq!(
        seen.last(),
        Some(&unavailable("anna@chess.example/phone", "bert@chess.example")),
        "{seen:#?}"
    );
    let seen = seen_of_a_resource_that_sends_while_another_blocks("<presence type='unavailable'/>").await;
    assert_eq!(seen, [unavailable("anna@chess.example/phone", "bert@chess.example")]);
}

#[tokio::test]
async fn the_end_of_a_session_is_seen_also_if_its_account_blocks_meanwhile() {
    let bench = Bench::new().await;
    let barrier = Arc::new(Barrier::default());
    let (phone, bert) = bench.friends("anna@chess.example/phone", BERT).await;
    let desk = bench.bind("anna@chess.example/desk").await;
    bench.serve(vec![Arc::new(Held(barrier.clone()))]).await;
    bert.send("<message type='chat' to='anna@chess.example/phone'><body>unread</body></message>").await;
    bert.received();
    barrier.armed.store(true, Ordering::SeqCst);
    let meanwhile = async {
        barrier.reached.notified().await; // the phone is gone, and no contact has been notified
        let request = block(&["bert@chess.example"]);
        let mut blocked = std::pin::pin!(done(&desk, &request));
        for _ in 0..10_000 {
            tokio::select! {
                biased;
                () = &mut blocked => return barrier.open.notify_one(),
                () = tokio::task::yield_now() => {}
            }
        }
        barrier.open.notify_one();
        blocked.await;
    };
    tokio::join!(phone.drop_connection(), meanwhile);
    assert_eq!(bert.received(), [unavailable("anna@chess.example/phone", "bert@chess.example")]);
}
