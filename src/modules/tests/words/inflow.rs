//! What a link brings: in order for each recipient, side by side for several, and bounded for each.

use std::sync::Arc;

use kernel::{
    About, Inflow, Interest, Kernel, Link, LinkKind, Module, Order, Packet, Refused, Registrar, Stage,
    Verdict,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use xmpp::{Jid, Kind, Stanza};

use crate::tests::bench::Bench;

/// Keeps what is sent to it.
#[derive(Default)]
struct Far(Mutex<Vec<String>>);

impl Link for Far {
    fn name(&self) -> &str {
        "far"
    }

    fn kind(&self) -> LinkKind {
        LinkKind::Server
    }

    fn send(&self, _: &Arc<Kernel>, packet: Box<Packet>) -> Result<(), Refused> {
        self.0.lock().push(packet.stanza.to_string());
        Ok(())
    }
}

/// Anna's messages wait until they are released.
struct Slow(Arc<Semaphore>);

impl Module for Slow {
    fn about(&self) -> About {
        About { name: "slow".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.hook_later(
            Stage::Send,
            Order::Guard,
            Interest::kinds(&[Kind::Message]),
            move |_, packet| {
                let to_anna =
                    packet.client().is_none() && packet.stanza.to().and_then(Jid::local) == Some("anna");
                let gate = to_anna.then(|| self.0.clone());
                Box::pin(async move {
                    if let Some(gate) = gate {
                        gate.acquire().await.unwrap().forget();
                    }
                    Verdict::Continue
                })
            },
        );
    }
}

fn message(to: &str, number: usize) -> Stanza {
    let xml = format!(
        "<message from='dora@away.example/d' to='{to}' id='{number}' type='chat'><body>{number}</body></message>"
    );
    Stanza::parse_str(&xml).unwrap()
}

#[tokio::test]
async fn one_recipient_who_is_waited_for_keeps_nobody_else_waiting() {
    let bench = Bench::new().await;
    let gate = Arc::new(Semaphore::new(0));
    bench.serve(vec![Arc::new(Slow(gate.clone()))]).await;
    let (anna, bert) =
        (bench.online("anna@chess.example/a").await, bench.online("bert@chess.example/b").await);
    let far = Arc::new(Far::default());
    bench.kernel.add_link("away.example", far.clone()).await.unwrap();
    let inflow = Inflow::new(bench.kernel.clone(), far.clone());
    inflow.manage();
    let domain = Jid::parse("away.example").unwrap();
    for number in 0..5 {
        inflow.take(&domain, message("anna@chess.example", number)).await;
        inflow.take(&domain, message("bert@chess.example", number)).await;
    }
    assert_eq!(bert.receives(5).await.len(), 5);
    assert!(anna.received().is_empty());
    assert_eq!(inflow.handled(), 0, "the first is not settled");
    gate.add_permits(5);
    inflow.idle().await;
    let received = anna.receives(5).await;
    for (number, message) in received.iter().enumerate() {
        assert!(message.contains(&format!("<body>{number}</body>")), "{received:?}");
    }
    assert_eq!(inflow.handled(), 10);
}

#[tokio::test]
async fn what_is_too_much_for_one_recipient_goes_back() {
    let bench = Bench::new().await;
    let gate = Arc::new(Semaphore::new(0));
    bench.serve(vec![Arc::new(Slow(gate.clone()))]).await;
    let anna = bench.online("anna@chess.example/a").await;
    let far = Arc::new(Far::default());
    bench.kernel.add_link("away.example", far.clone()).await.unwrap();
    let inflow = Inflow::new(bench.kernel.clone(), far.clone());
    let domain = Jid::parse("away.example").unwrap();
    // One is being processed, a hundred wait behind it.
    for number in 0..103 {
        inflow.take(&domain, message("anna@chess.example", number)).await;
    }
    let returned: Vec<String> = far.0.lock().drain(..).collect();
    assert_eq!(returned.len(), 2);
    assert!(
        returned[0].contains("id='101'") && returned[0].contains("<resource-constraint "),
        "{returned:?}"
    );
    assert!(returned[1].contains("id='102'"), "{returned:?}");
    gate.add_permits(101);
    inflow.idle().await;
    assert_eq!(anna.receives(101).await.len(), 101);
}
