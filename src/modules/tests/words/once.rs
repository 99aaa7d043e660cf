//! Receive is called once for all recipients of a host, and rules on each; Delivered is called with those
//! that took the stanza.

use std::sync::Arc;

use kernel::{About, Interest, Module, Order, Registrar, Ruling, Stage, Verdict};
use parking_lot::Mutex;
use storage::{RosterChange, RosterItem, Subscription};
use xmpp::{Jid, Kind, StanzaType};

use crate::tests::bench::Bench;

#[derive(Default)]
struct Once {
    /// For each call at Receive, the sender of the presence and the number of recipients.
    asked: Mutex<Vec<(Option<Jid>, usize)>>,
    /// For each call at Delivered, the number of resources that took it.
    taken: Mutex<Vec<usize>>,
}

impl Module for Once {
    fn about(&self) -> About {
        About { name: "once".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let presence = Interest::types(Kind::Presence, &[StanzaType::None]);
        let this = self.clone();
        registrar.hook(Stage::Receive, Order::Normal, presence.clone(), move |_, packet| {
            let whose = packet.origin.resource().map(|resource| resource.jid().clone());
            this.asked.lock().push((whose, packet.recipients.len()));
            for recipient in packet.recipients.iter_mut().filter(|one| one.to.local() == Some("user7")) {
                recipient.ruling = Some(Ruling::Drop);
            }
            Verdict::Continue
        });
        registrar.hook(Stage::Delivered, Order::Normal, presence, move |_, packet| {
            self.taken
                .lock()
                .push(packet.recipients.iter().map(|recipient| recipient.taken_by().len()).sum());
            Verdict::Continue
        });
    }
}

#[tokio::test]
async fn a_broadcast_to_two_hundred_contacts_is_one_call() {
    let bench = Bench::new().await;
    let store = bench.kernel.store();
    let anna = store.accounts().lookup("chess.example", "anna").await.unwrap().unwrap().id;
    let mut contacts = Vec::new();
    for number in 0..200 {
        let local = format!("user{number}");
        store.accounts().create("chess.example", &local, &[], 0).await.unwrap();
        let jid = Jid::parse(&format!("{local}@chess.example")).unwrap();
        contacts.push(RosterItem {
            subscription: Subscription::From,
            in_roster: true,
            ..RosterItem::new(jid)
        });
    }
    store
        .roster()
        .apply(anna, RosterChange { version: 1, put: contacts, ..Default::default() })
        .await
        .unwrap();
    let mut online = Vec::new();
    for number in 0..100 {
        online.push(bench.online(&format!("user{number}@chess.example/x")).await);
    }
    online.iter().for_each(|client| drop(client.received()));
    let once = Arc::new(Once::default());
    bench.serve(vec![once.clone()]).await;
    let statements = || store.statement_counts().iter().map(|one| one.calls).sum::<u64>();
    let anna = bench.bind("anna@chess.example/a").await;
    let before = statements();
    anna.send("<presence/>").await;
    // anna's own account, whose only resource is the sender, and the hundred available ones
    let whose = Jid::parse("anna@chess.example/a").unwrap();
    assert_eq!(*once.asked.lock(), [(Some(whose), 101)]);
    assert_eq!(*once.taken.lock(), [100]);
    assert_eq!(statements(), before, "whoever is away costs no statement");
    let got: Vec<_> = online.iter().map(|client| client.received().len()).collect();
    assert_eq!((got.iter().sum::<usize>(), got[7]), (99, 0), "the one that was ruled out gets nothing");
    let counters = bench.kernel.counters();
    assert_eq!(counters.dropped_by("once"), 1);
    assert!(counters.dropped_by("rfc6121") >= 100, "{:?}", counters.drops());
}
