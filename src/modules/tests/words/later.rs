//! A module that delays a write, and one that answers a request later, while the session reads on.

use std::sync::Arc;

use kernel::{About, Holds, Interest, IqKind, Module, Order, Registrar, Stage, Target, Verdict};
use tokio::sync::Semaphore;
use xmpp::Kind;

use crate::tests::bench::{Bench, Client};

/// Writes and answers wait until they are released.
struct Later {
    writes: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl Module for Later {
    fn about(&self) -> About {
        About { name: "later".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let writes = self.writes.clone();
        registrar.hook(Stage::Send, Order::Record, Interest::kinds(&[Kind::Message]), move |_, packet| {
            for _ in 0..2 {
                let write = writes.clone().acquire_owned();
                packet.settle(Box::pin(async move {
                    write.await.unwrap().forget();
                    Ok(())
                }));
            }
            Verdict::Continue
        });
        for (name, holds) in [("slow", Holds::Requests), ("wall", Holds::Everything)] {
            let answers = self.answers.clone();
            registrar.iq_holding(holds, Target::Account, IqKind::Set, name, "urn:example:later", move |_| {
                let answers = answers.clone();
                async move {
                    answers.acquire().await.unwrap().forget();
                    Ok(None)
                }
            });
        }
        registrar.iq(Target::Account, IqKind::Get, "slow", "urn:example:later", |_| async { Ok(None) });
    }
}

async fn bench() -> (Bench, Arc<Later>, Client, Client) {
    let bench = Bench::new().await;
    let [writes, answers] = [0, 0].map(|permits| Arc::new(Semaphore::new(permits)));
    let later = Arc::new(Later { writes, answers });
    bench.serve(vec![later.clone()]).await;
    let (anna, bert) = (bench.bind("anna@chess.example/a").await, bench.bind("bert@chess.example/b").await);
    (bench, later, anna, bert)
}

#[tokio::test]
async fn a_message_counts_when_every_write_has_ended() {
    let (_bench, later, anna, bert) = bench().await;
    anna.hold().manage();
    anna.read("<message to='bert@chess.example/b' id='1'><body>x</body></message>").await;
    assert_eq!(bert.received().len(), 1, "it is delivered meanwhile");
    anna.read("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>").await;
    assert_eq!(
        (anna.received().len(), anna.hold().handled()),
        (1, 0),
        "the ping is answered, and counts behind it"
    );
    later.writes.add_permits(1);
    tokio::task::yield_now().await;
    assert_eq!(anna.hold().handled(), 0, "one write is still under way");
    later.writes.add_permits(1);
    anna.hold().settled(2).await;
    assert_eq!(anna.hold().handled(), 2);
}

#[tokio::test]
async fn a_request_is_answered_later_while_pings_go_on() {
    let (_bench, later, anna, bert) = bench().await;
    anna.hold().manage();
    anna.read("<iq type='set' id='1'><slow xmlns='urn:example:later'/></iq>").await;
    anna.read("<iq type='get' id='2'><slow xmlns='urn:example:later'/></iq>").await;
    anna.read("<iq type='get' id='3'><ping xmlns='urn:xmpp:ping'/></iq>").await;
    anna.read("<presence to='bert@chess.example/b'/>").await;
    let answers = anna.received();
    assert_eq!(answers, ["<iq to='anna@chess.example/a' id='3' type='result'/>"], "only the ping");
    assert_eq!(bert.received().len(), 1, "presence does not need what the request changes");
    assert_eq!(anna.hold().handled(), 0);
    later.answers.add_permits(1);
    let answers = anna.receives(2).await;
    assert!(answers[0].contains("id='1'") && answers[1].contains("id='2'"), "in order: {answers:?}");
    anna.hold().settled(4).await;
    assert_eq!(anna.hold().handled(), 4);
}

#[tokio::test]
async fn what_a_request_holds_waits_for_its_answer() {
    let (_bench, later, anna, bert) = bench().await;
    anna.read("<iq type='set' id='1'><wall xmlns='urn:example:later'/></iq>").await;
    let behind = anna.read("<presence to='bert@chess.example/b'/>");
    let mut behind = std::pin::pin!(behind);
    assert!(futures_poll(behind.as_mut()).await.is_none(), "it waits");
    assert!(bert.received().is_empty());
    later.answers.add_permits(1);
    behind.await;
    assert_eq!(bert.received().len(), 1);
    assert!(anna.one().contains("id='1'"));
}

/// Polls once.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}
