//! When `<r/>` is answered.

use std::sync::Arc;

use kernel::{About, Interest, Module, Order, Registrar, Stage, Verdict};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use xmpp::Kind;

use super::scripted::Client;

const MESSAGE: &str = "<message to='chess.example'><body>x</body></message>";
const ASK: &str = "<r xmlns='urn:xmpp:sm:3'/>";

/// Takes messages, each with a write that completes when the semaphore permits it.
struct Slow(Arc<Semaphore>);

impl Module for Slow {
    fn about(&self) -> About {
        About { name: "slow".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.hook(Stage::Send, Order::Record, Interest::kinds(&[Kind::Message]), move |_, packet| {
            let write = self.0.clone().acquire_owned();
            packet.settle(Box::pin(async move {
                write.await.unwrap().forget();
                Ok(())
            }));
            Verdict::Handled
        });
    }
}

/// A client with stream management on, and the semaphore that permits its messages' writes.
async fn managed() -> (Client, Arc<Semaphore>) {
    let writes = Arc::new(Semaphore::new(0));
    let mut client = Client::bound(vec![Arc::new(Slow(writes.clone()))]).await;
    client.write("<enable xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(client.reads().await, "<enabled/>");
    tokio::time::pause(); // nothing waits for the store from here on; time advances when all tasks are idle
    (client, writes)
}

#[tokio::test]
async fn after_a_second_it_says_what_is_settled_and_again_when_the_rest_is() {
    let (mut client, writes) = managed().await;
    let began = Instant::now();
    writes.add_permits(1);
    client.write(MESSAGE);
    client.write(MESSAGE);
    client.write(ASK);
    assert_eq!(client.reads().await, "<a h='1'/>");
    assert_eq!(began.elapsed().as_secs(), 1);
    writes.add_permits(1);
    assert_eq!(client.reads().await, "<a h='2'/>");
    assert_eq!(began.elapsed().as_secs(), 1, "at once");
    client.write(ASK);
    assert_eq!(client.reads().await, "<a h='2'/>");
    assert_eq!(began.elapsed().as_secs(), 1, "nothing is under way");
}

#[tokio::test]
async fn each_question_is_answered_when_what_was_read_before_it_is_settled() {
    let (mut client, writes) = managed().await;
    let began = Instant::now();
    for _ in 0..3 {
        client.write(MESSAGE);
        client.write(ASK);
    }
    tokio::task::yield_now().await;
    for h in 1..=3 {
        writes.add_permits(1);
        assert_eq!(client.reads().await, format!("<a h='{h}'/>"));
    }
    assert_eq!(began.elapsed().as_secs(), 0);
}
