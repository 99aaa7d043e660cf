//! Filters of what links bring, in a kernel.

use std::sync::Arc;

use ::kernel::{Hold, Kernel, Link, LinkKind, Packet};
use parking_lot::Mutex;
use serde_json::json;
use xmpp::{Jid, Stanza};

use super::bench::{Bench, DOMAIN, received};
use super::guest::{ANSWER, Guest, manifest};
use super::kit::built;

/// Keeps what it is to send.
struct Wire {
    kind: LinkKind,
    sent: Mutex<Vec<String>>,
}

impl Link for Wire {
    fn name(&self) -> &str {
        "wire"
    }

    fn kind(&self) -> LinkKind {
        self.kind
    }

    fn send(&self, _: &Arc<Kernel>, packet: Box<Packet>) -> Result<(), kernel::Refused> {
        self.sent.lock().push(packet.stanza.to_string());
        Ok(())
    }
}

struct Linked {
    bench: Bench,
    anna: Hold,
    wires: [Arc<Wire>; 2],
}

const SERVER: usize = 0;
const COMPONENT: usize = 1;

impl Linked {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let owner = bench.try_deploy("owner", &built("owner"), &["service"], Some("owner.chess.example"));
        bench.serve(vec![owner.unwrap().module()]).await;
        let anna = bench.bind("anna").await;
        let wire = |kind| Arc::new(Wire { kind, sent: Mutex::default() });
        let wires = [wire(LinkKind::Server), wire(LinkKind::Component)];
        bench.kernel.add_link("far.example", wires[SERVER].clone()).await.unwrap();
        bench.kernel.add_link("bot.example", wires[COMPONENT].clone()).await.unwrap();
        Self { bench, anna, wires }
    }

    /// A message with this payload comes by a link.
    async fn bring(&self, by: usize, local: &str, payload: &str) {
        let domain = Jid::domain_only(["far.example", "bot.example"][by]).unwrap();
        let xml = format!(
            "<message from='{local}@{domain}' to='{}' id='1'><{payload} xmlns='urn:example:owner'/><body>x</body></message>",
            self.anna.jid()
        );
        self.bench.kernel.enter(self.wires[by].clone(), domain, Stanza::parse_str(&xml).unwrap()).await;
    }

    /// Calls and failures of a hook.
    fn counted(&self, hook: &str) -> (u64, Vec<(&'static str, u64)>) {
        let stats = self.bench.platform.stats_of("owner").hooks;
        let found = stats.into_iter().find(|one| one.hook == hook);
        found.map_or((0, Vec::new()), |one| (one.calls, one.failures.into_iter().collect()))
    }

    fn sent(&self, by: usize) -> Vec<String> {
        std::mem::take(&mut self.wires[by].sent.lock())
    }
}

#[tokio::test]
async fn each_link_has_its_own_filter() {
    let linked = Linked::new().await;
    linked.bring(SERVER, "a", "drop").await;
    assert_eq!((linked.counted("server-in").0, linked.counted("component-in").0), (1, 0));
    linked.bring(COMPONENT, "a", "drop").await;
    assert_eq!((linked.counted("server-in").0, linked.counted("component-in").0), (1, 1));
    assert_eq!(received(&linked.anna), [""; 0]);
    assert_eq!((linked.sent(SERVER), linked.sent(COMPONENT)), (Vec::new(), Vec::new()), "dropped in silence");
    linked.bring(SERVER, "a", "pass").await;
    assert_eq!(received(&linked.anna).len(), 1);
    linked.bring(SERVER, "a", "reject").await;
    let errors = linked.sent(SERVER);
    assert!(errors.len() == 1 && errors[0].contains("<policy-violation"), "{errors:?}");
    assert!(errors[0].contains(">no yes yes no<"), "from another server, to this one: {errors:?}");
    linked.bring(COMPONENT, "a", "reject").await;
    let errors = linked.sent(COMPONENT);
    assert!(errors.len() == 1 && errors[0].contains(">yes no yes no<"), "from a component: {errors:?}");
    // What a client sends is none of its business.
    let anna = &linked.anna;
    linked
        .bench
        .send(anna, &format!("<message to='{}'><drop xmlns='urn:example:owner'/></message>", anna.jid()))
        .await;
    assert_eq!(received(anna).len(), 1);
    assert_eq!((linked.counted("server-in").0, linked.counted("component-in").0), (3, 2));
}

#[tokio::test]
async fn the_domain_is_answerable_not_each_of_its_users() {
    let linked = Linked::new().await;
    for local in ["a", "b", "c"] {
        linked.bring(SERVER, local, "panic").await;
    }
    let (calls, failures) = linked.counted("server-in");
    assert_eq!((calls, failures), (2, vec![("blamed", 1), ("trap", 2)]));
    assert_eq!(received(&linked.anna).len(), 3, "by default they pass");
    // Another domain is judged all the same.
    linked.bring(COMPONENT, "a", "drop").await;
    assert_eq!(linked.counted("component-in"), (1, Vec::new()));
    assert_eq!(received(&linked.anna).len(), 0);
}

/// A filter of clients' stanzas sees nothing that a link brings.
#[tokio::test]
async fn a_filter_of_clients_is_not_called_for_links() {
    let bench = Bench::new().await;
    let file = bench.folder.path().join("guest.wasm");
    std::fs::write(&file, Guest { manifest: manifest(json!({})), ..Guest::filter(ANSWER) }.build()).unwrap();
    let guest = bench.deploy("guest", &file, &[]);
    bench.serve(vec![guest.module()]).await;
    let anna = bench.bind("anna").await;
    let wire = Arc::new(Wire { kind: LinkKind::Server, sent: Mutex::default() });
    let xml = format!("<message from='a@far.example' to='{}'><body>x</body></message>", anna.jid());
    let domain = Jid::domain_only("far.example").unwrap();
    bench.kernel.enter(wire, domain, Stanza::parse_str(&xml).unwrap()).await;
    assert_eq!(received(&anna).len(), 1);
    assert_eq!(bench.platform.stats_of("guest").hooks[0].calls, 0);
    bench.send(&anna, &format!("<message to='{DOMAIN}'/>")).await;
    assert_eq!(bench.platform.stats_of("guest").hooks[0].calls, 1);
}
