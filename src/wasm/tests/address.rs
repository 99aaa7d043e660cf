//! An address that belongs to a plugin, in a kernel.

use ::kernel::{Hold, Target};
use xmpp::Jid;

use super::bench::{Bench, DOMAIN, next, received};
use super::kit::built;
use crate::LoadError;

const ADDRESS: &str = "owner.chess.example";
const GRANT: &str = "service:owner.chess.example";

struct Owned {
    bench: Bench,
}

impl Owned {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let owner = bench.try_deploy("owner", &built("owner"), &[GRANT], Some(ADDRESS)).unwrap();
        bench.serve(vec![owner.module()]).await;
        Self { bench }
    }

    async fn say(&self, from: &Hold, to: &str, words: &str) {
        let xml = format!("<message to='{to}' type='chat' id='{words}'><body>{words}</body></message>");
        self.bench.send(from, &xml).await;
    }

    async fn ask(&self, from: &Hold, words: &str) {
        let iq =
            format!("<iq type='get' id='1' to='{ADDRESS}'><do xmlns='urn:example:owner'>{words}</do></iq>");
        self.bench.send(from, &iq).await;
    }

    fn failures(&self) -> Vec<(&'static str, u64)> {
        let hooks = self.bench.platform.stats_of("owner").hooks;
        hooks.into_iter().flat_map(|hook| hook.failures).collect()
    }
}

#[tokio::test]
async fn every_jid_at_the_address_is_the_plugins_and_none_below() {
    let owned = Owned::new().await;
    let anna = owned.bench.bind("anna").await;
    for to in [ADDRESS, "x@owner.chess.example", "x@owner.chess.example/y"] {
        owned.say(&anna, to, "echo hi").await;
        let answer = next(&anna).await;
        assert!(answer.contains("<body>hi</body>") && answer.contains(&format!("from='{to}'")), "{answer}");
    }
    owned.say(&anna, "below.owner.chess.example", "echo hi").await;
    assert!(next(&anna).await.contains("<remote-server-not-found"));
    let table = owned.bench.kernel.table(anna.host()).unwrap();
    let items = table.announced(&Target::Host).unwrap().items.clone();
    assert_eq!(items.iter().map(|item| item.jid.as_str()).collect::<Vec<_>>(), [ADDRESS]);
    let info = format!(
        "<iq type='get' id='1' to='{ADDRESS}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    );
    owned.bench.send(&anna, &info).await;
    assert!(next(&anna).await.contains("category='automation'"));
}

#[tokio::test]
async fn it_sends_from_there_and_from_nowhere_else() {
    let owned = Owned::new().await;
    let anna = owned.bench.bind("anna").await;
    owned.say(&anna, ADDRESS, "from other@owner.chess.example/r").await;
    let hello = next(&anna).await;
    assert!(hello.contains("from='other@owner.chess.example/r'") && hello.contains("hello"), "{hello}");
    assert!(next(&anna).await.contains("<body>sent</body>"));
    for elsewhere in [DOMAIN, "bert@chess.example", "x.owner.chess.example", "a@far.example"] {
        owned.say(&anna, ADDRESS, &format!("from {elsewhere}")).await;
        let answer = next(&anna).await;
        assert!(answer.contains("<body>not-granted</body>"), "{elsewhere}: {answer}");
    }
}

#[tokio::test]
async fn it_asks_from_there() {
    let owned = Owned::new().await;
    let anna = owned.bench.bind("anna").await;
    owned.say(&anna, "x@owner.chess.example", "ask").await;
    let ping = next(&anna).await;
    assert!(ping.contains("<ping") && ping.contains("from='x@owner.chess.example'"), "{ping}");
    let id = ping.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    owned.bench.send(&anna, &format!("<iq type='result' id='{id}' to='x@owner.chess.example'/>")).await;
    assert!(next(&anna).await.contains("<body>answered</body>"));
}

#[tokio::test]
async fn a_request_has_one_answer() {
    let owned = Owned::new().await;
    let anna = owned.bench.bind("anna").await;
    owned.ask(&anna, "twice").await;
    assert!(next(&anna).await.contains("type='result'"));
    assert!(next(&anna).await.contains("<body>bad-argument</body>"));
    owned.ask(&anna, "unasked").await;
    let answer = next(&anna).await;
    assert!(answer.contains("<conflict") && answer.contains("bad-argument"), "{answer}");
    owned.ask(&anna, "answer panic").await;
    assert!(next(&anna).await.contains("type='result'"));
    owned.say(&anna, ADDRESS, "echo on").await;
    let next = next(&anna).await;
    assert!(next.contains("<body>on</body>"), "the failure of an answered request is not returned: {next}");
}

#[tokio::test]
async fn what_it_does_not_answer_the_server_answers() {
    let owned = Owned::new().await;
    let anna = owned.bench.bind("anna").await;
    tokio::time::pause(); // whatever is waited for comes at once
    owned.ask(&anna, "nothing").await;
    let answer = next(&anna).await;
    assert!(answer.contains("id='1'") && answer.contains("<remote-server-timeout"), "{answer}");
    assert!(answer.contains(&format!("from='{ADDRESS}'")), "{answer}");
    tokio::time::resume();
    assert_eq!(owned.failures(), [("unanswered", 1)]);
    owned.ask(&anna, "answer").await;
    assert!(next(&anna).await.contains("type='result'"));
    assert_eq!(received(&anna), [""; 0]);
}

#[tokio::test]
async fn what_fails_is_returned_and_the_next_call_has_another_instance() {
    let owned = Owned::new().await;
    let (anna, bert) = (owned.bench.bind("anna").await, owned.bench.bind("bert").await);
    owned.ask(&anna, "panic").await;
    assert!(next(&anna).await.contains("<internal-server-error"));
    owned.say(&anna, ADDRESS, "panic").await;
    let bounce = next(&anna).await;
    assert!(bounce.contains("id='panic'") && bounce.contains("<internal-server-error"), "{bounce}");
    owned.say(&anna, ADDRESS, "echo x").await;
    let bounce = next(&anna).await;
    assert!(
        bounce.contains("<service-unavailable") && bounce.contains("type='wait'"),
        "it fails for her: {bounce}"
    );
    owned.bench.send(&anna, &format!("<presence to='{ADDRESS}'/>")).await;
    owned.say(&bert, ADDRESS, "echo for him").await;
    assert!(next(&bert).await.contains("<body>for him</body>"));
    assert_eq!(received(&anna), [""; 0], "presence is not answered");
    assert_eq!(owned.failures(), [("blamed", 2), ("trap", 2)]);
}

#[tokio::test]
async fn stanzas_of_one_sender_stay_in_order() {
    let owned = Owned::new().await;
    let anna = owned.bench.bind("anna").await;
    for number in 0..50 {
        owned.say(&anna, ADDRESS, &format!("echo {number}")).await;
    }
    for number in 0..50 {
        let answer = next(&anna).await;
        assert!(answer.contains(&format!("<body>{number}</body>")), "{number}: {answer}");
    }
}

/// All of her stanzas arrive before the first is told, since nothing in between waits.
#[tokio::test]
async fn a_flood_is_refused_and_starves_nobody() {
    let owned = Owned::new().await;
    let (anna, bert) = (owned.bench.bind("anna").await, owned.bench.bind("bert").await);
    owned.say(&anna, ADDRESS, "loop").await;
    for number in 0..60 {
        owned.say(&anna, ADDRESS, &format!("echo {number}")).await;
    }
    let refused = received(&anna);
    assert_eq!(refused.len(), 11, "50 of one sender wait");
    assert!(refused.iter().all(|one| one.contains("<resource-constraint") && one.contains("type='wait'")));
    owned.say(&bert, ADDRESS, "echo for him").await;
    assert!(next(&bert).await.contains("<body>for him</body>"));
    // It is disabled meanwhile: what waits is returned, and nothing is lost.
    owned.bench.platform.provide(&[]);
    assert!(next(&anna).await.contains("<internal-server-error"), "it ran for too long");
    for _ in 0..49 {
        let returned = next(&anna).await;
        assert!(returned.contains("this service is not available"), "{returned}");
    }
    assert_eq!(received(&anna), [""; 0]);
}

#[tokio::test]
async fn without_the_address_or_its_grant_it_is_not_deployed() {
    let bench = Bench::new().await;
    let deploy = |grants: &[&str], address| bench.try_deploy("owner", &built("owner"), grants, address).err();
    let missing = deploy(&[GRANT], None).unwrap();
    assert!(matches!(&missing, LoadError::NoAddress { domain, .. } if domain == DOMAIN), "{missing}");
    for (grants, address, expected) in [
        (&[][..], ADDRESS, "it lacks required grants: service"),
        (&["service:other.chess.example"], ADDRESS, "it lacks required grants: service:owner.chess.example"),
        (&["service:chess.example"], ADDRESS, "it lacks required grants: service:owner.chess.example"),
    ] {
        assert_eq!(deploy(grants, Some(address)).unwrap().to_string(), expected, "{grants:?}");
    }
    assert!(deploy(&["service"], Some(ADDRESS)).is_none(), "every address that it is given");
    let filter = bench.try_deploy("sunshine", &built("sunshine"), &["sessions.close"], Some(ADDRESS)).err();
    assert!(matches!(filter, Some(LoadError::NoService { .. })), "{filter:?}");
}

#[tokio::test]
async fn an_address_has_one_owner_and_is_gone_with_it() {
    let owned = Owned::new().await;
    let anna = owned.bench.bind("anna").await;
    owned.bench.serve(Vec::new()).await;
    owned.say(&anna, ADDRESS, "echo x").await;
    assert!(next(&anna).await.contains("<remote-server-not-found"));
    let twice = ["owner", "owner-2"]
        .map(|name| owned.bench.try_deploy(name, &built("owner"), &[GRANT], Some(ADDRESS)).unwrap().module());
    let host = owned.bench.kernel.host(DOMAIN).unwrap();
    let served = ::kernel::Served {
        jid: Jid::domain_only(DOMAIN).unwrap(),
        options: host.options(),
        modules: twice.to_vec(),
    };
    let taken = owned.bench.kernel.serve(vec![served]).await.err().unwrap();
    assert_eq!(taken.to_string(), "the address owner.chess.example is claimed by both owner and owner-2");
}
