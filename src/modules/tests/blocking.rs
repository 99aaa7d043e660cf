//! XEP-0191.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{About, Interest, Limits, Module, Moment, Order, Registrar, Screen, Stage, Verdict};
use serde_json::json;
use storage::{Kinds, PrivacyChange, PrivacyItem, PrivacyList, Subject, Subscription};
use tokio::sync::Notify;
use xmpp::{Jid, Kind, Stanza, StanzaType};

use super::bench::{Bench, Client};

const NOTHING: [&str; 0] = [];
const ANNA: &str = "anna@chess.example/a";
const BERT: &str = "bert@chess.example/b";
const GET: &str = "<iq type='get' id='g'><blocklist xmlns='urn:xmpp:blocking'/></iq>";

fn items(jids: &[&str]) -> String {
    jids.iter().map(|jid| format!("<item jid='{jid}'/>")).collect()
}

fn command(name: &str, jids: &[&str]) -> String {
    let items = items(jids);
    format!("<iq type='set' id='s'><{name} xmlns='urn:xmpp:blocking'>{items}</{name}></iq>")
}

fn block(jids: &[&str]) -> String {
    command("block", jids)
}

fn unblock(jids: &[&str]) -> String {
    command("unblock", jids)
}

/// Blocks or unblocks, which succeeds, and throws away what else came.
async fn done(client: &Client, request: &str) {
    client.send(request).await;
    let got = client.received();
    assert!(got.iter().any(|stanza| stanza.contains("id='s' type='result'")), "{request}: {got:#?}");
}

/// The addresses on a client's block list.
async fn list(client: &Client) -> Vec<String> {
    let answer = client.ask(GET).await;
    assert!(answer.contains("type='result'"), "{answer}");
    let mut jids: Vec<_> =
        answer.split("jid='").skip(1).map(|rest| rest[..rest.find('\'').unwrap()].to_owned()).collect();
    jids.sort();
    jids
}

fn calls(bench: &Bench) -> u64 {
    bench.kernel.store().statement_counts().iter().map(|stat| stat.calls).sum()
}

fn deny(order: u32, jid: &str, kinds: Kinds) -> PrivacyItem {
    PrivacyItem { order, subject: Subject::Jid(Jid::parse(jid).unwrap()), allow: false, kinds }
}

fn unavailable(from: &str, to: &str) -> String {
    format!("<presence from='{from}' to='{to}' type='unavailable'/>")
}

#[tokio::test]
async fn the_list_is_read_and_changed() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    assert_eq!(
        anna.ask(GET).await,
        "<iq to='anna@chess.example/a' id='g' type='result'><blocklist xmlns='urn:xmpp:blocking'/></iq>"
    );
    done(&anna, &block(&["bert@chess.example", "Romeo@Montague.example/Orchard", "shakespeare.example"]))
        .await;
    done(&anna, &block(&["bert@chess.example", "carl@chess.example"])).await;
    let all =
        ["bert@chess.example", "carl@chess.example", "romeo@montague.example/Orchard", "shakespeare.example"];
    assert_eq!(list(&anna).await, all);
    done(&anna, &unblock(&["carl@chess.example", "nobody@chess.example"])).await;
    assert_eq!(list(&anna).await, [all[0], all[2], all[3]]);
    done(&anna, &unblock(&[])).await;
    assert_eq!(list(&anna).await, NOTHING);
    let account = anna.resource().account();
    assert!(account.screen().is_none());
    let privacy = bench.kernel.store().privacy();
    assert_eq!(privacy.names(account.id()).await.unwrap(), NOTHING);
    assert_eq!(privacy.default_list(account.id()).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let bench = Bench::with_modules(json!({ "blocking": { "blocked": 2 } }), Limits::default()).await;
    let anna = bench.online(ANNA).await;
    let bert = bench.online(BERT).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    let empty_item = "<iq type='set' id='s'><unblock xmlns='urn:xmpp:blocking'><item/></unblock></iq>";
    for (request, answer) in [
        (block(&[]), "<bad-request "),
        (empty_item.to_owned(), "<bad-request "),
        (block(&["carl@chess.example", "@"]), "<jid-malformed "),
        (unblock(&["@"]), "<jid-malformed "),
        (block(&["anna@chess.example"]), "you cannot block your own address"),
        (block(&["carl@chess.example", "anna@chess.example/x"]), "you cannot block your own address"),
        (block(&["chess.example"]), "you cannot block your own server"),
        (block(&["x.example", "y.example"]), "your block list is full (2 addresses)"),
    ] {
        let got = anna.ask(&request).await;
        assert!(got.contains("type='error'") && got.contains(answer), "{request}: {got}");
    }
    assert_eq!(list(&anna).await, ["bert@chess.example"]);
    done(&anna, &block(&["bert@chess.example", "carl@chess.example"])).await;
    for request in [GET.to_owned(), block(&["x.example"]), unblock(&[])] {
        let got = bench.online("anna@wuchess.example/a").await;
        let got = got.ask(&request.replacen("<iq ", "<iq to='anna@chess.example' ", 1)).await;
        assert!(got.contains("<forbidden "), "{got}");
    }
    let got = bert.ask(&GET.replacen("<iq ", "<iq to='anna@chess.example' ", 1)).await;
    assert!(got.contains("<service-unavailable "), "{got}");
}

#[tokio::test]
async fn nothing_comes_from_a_blocked_address() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    bert.received();
    let error =
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    for to in ["anna@chess.example", ANNA] {
        for stanza in [
            format!("<message type='chat' to='{to}' id='m'><body>x</body></message>"),
            format!("<message type='headline' to='{to}' id='m'><body>x</body></message>"),
            format!("<iq type='get' to='{to}' id='q'><query xmlns='jabber:iq:version'/></iq>"),
            format!("<iq type='set' to='{to}' id='q'><query xmlns='urn:example:x'/></iq>"),
            format!(
                "<iq type='get' to='{to}' id='q'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
            ),
        ] {
            let answer = bert.ask(&stanza).await;
            assert!(answer.contains("type='error'") && answer.contains(error), "{stanza}: {answer}");
            assert!(!answer.contains("blocked"), "it looks as if she were away: {answer}");
        }
        for stanza in [
            format!("<presence to='{to}'/>"),
            format!("<presence to='{to}' type='unavailable'/>"),
            format!("<presence to='{to}' type='probe'/>"),
            format!("<presence to='{to}' type='subscribe'/>"),
            format!("<presence to='{to}' type='unsubscribed'/>"),
            format!("<iq type='result' to='{to}' id='q'/>"),
            format!("<message type='error' to='{to}' id='m'/>"),
        ] {
            bert.send(&stanza).await;
            let pushed = |stanza: &String| stanza.contains("jabber:iq:roster"); // of his own roster
            let got: Vec<_> = bert.received().into_iter().filter(|stanza| !pushed(stanza)).collect();
            assert_eq!(got, NOTHING, "{stanza}");
        }
    }
    bert.send("<presence><show>away</show></presence>").await;
    assert_eq!(anna.received(), NOTHING);
    let account = anna.resource().account();
    let item = bench.kernel.roster(account).await.unwrap().get(&bert.bare()).unwrap().clone();
    assert_eq!(item.subscription, Subscription::Both, "polite blocking: her roster is as it was");
}

#[tokio::test]
async fn nothing_goes_to_a_blocked_address() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    bert.received();
    for stanza in [
        "<message to='bert@chess.example' type='chat'><body>x</body></message>",
        "<message to='bert@chess.example/b'><body>x</body></message>",
        "<iq to='bert@chess.example' type='get' id='q'><query xmlns='jabber:iq:version'/></iq>",
        "<presence to='bert@chess.example'/>",
        "<presence to='bert@chess.example' type='subscribe'/>",
        "<presence to='bert@chess.example' type='probe'/>",
    ] {
        let answer = anna.ask(stanza).await;
        assert!(answer.contains("<not-acceptable ") && answer.contains("type='error'"), "{stanza}: {answer}");
        assert!(answer.contains("<blocked xmlns='urn:xmpp:blocking:errors'/>"), "{stanza}: {answer}");
    }
    anna.send("<presence><show>away</show></presence>").await;
    anna.drop_connection().await;
    assert_eq!(bert.received(), NOTHING);
}

#[tokio::test]
async fn an_absent_account_keeps_no_message_of_a_blocked_sender() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    done(&anna, &block(&["bert@chess.example"])).await;
    anna.drop_connection().await;
    let bert = bench.online(BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    let message = "<message type='chat' to='anna@chess.example' id='m'><body>x</body></message>";
    let answer = bert.ask(message).await;
    assert!(answer.contains("<service-unavailable "), "{answer}");
    carl.send(message).await;
    assert_eq!(carl.received(), NOTHING);
    bench.kept("anna@chess.example", 1).await;
}

#[tokio::test]
async fn who_may_see_presence_sees_it_go_and_come_back() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    let phone = bench.bind("anna@chess.example/phone").await;
    phone.send("<presence><show>dnd</show></presence>").await;
    let silent = bench.bind("anna@chess.example/silent").await;
    for client in [&anna, &bert, &phone] {
        client.received();
    }
    done(&anna, &block(&["bert@chess.example", "carl@chess.example"])).await;
    let mut got = bert.received();
    got.sort();
    let to = "bert@chess.example";
    assert_eq!(got, [unavailable(ANNA, to), unavailable("anna@chess.example/phone", to)]);
    assert_eq!(carl.received(), NOTHING, "he may not see it");
    phone.send("<presence><show>xa</show></presence>").await;
    bert.send("<presence><show>away</show></presence>").await;
    assert_eq!(bert.received().len(), 1, "only his own");
    phone.received();
    anna.received();
    done(&anna, &block(&["bert@chess.example"])).await;
    assert_eq!(bert.received(), NOTHING, "it was blocked already");
    anna.send(&unblock(&[])).await;
    let mut got = bert.received();
    got.sort();
    assert_eq!(
        got,
        [
            "<presence from='anna@chess.example/a' to='bert@chess.example'/>",
            "<presence from='anna@chess.example/phone' to='bert@chess.example'><show>xa</show></presence>",
        ]
    );
    assert_eq!(carl.received(), NOTHING);
    let his = "<presence from='bert@chess.example/b' to='anna@chess.example/a'><show>away</show></presence>";
    assert!(anna.received().contains(&his.to_owned()), "she sees what she has missed");
    assert_eq!(silent.received(), NOTHING);
}

#[tokio::test]
async fn an_unblocked_address_that_another_item_covers_stays_blocked() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@wuchess.example/a").await;
    let bert = bench.online(BERT).await;
    for (one, other) in [(&anna, &bert), (&bert, &anna)] {
        one.send(&format!("<presence type='subscribe' to='{}'/>", other.bare())).await;
        other.send(&format!("<presence type='subscribed' to='{}'/>", one.bare())).await;
    }
    bert.received();
    anna.received();
    done(&anna, &block(&["bert@chess.example"])).await;
    assert_eq!(bert.one(), unavailable("anna@wuchess.example/a", "bert@chess.example"));
    done(&anna, &block(&["chess.example"])).await;
    done(&anna, &unblock(&["bert@chess.example"])).await;
    assert_eq!(bert.received(), NOTHING);
    done(&anna, &unblock(&["chess.example"])).await;
    assert_eq!(bert.one(), "<presence from='anna@wuchess.example/a' to='bert@chess.example'/>");
}

#[tokio::test]
async fn a_domain_stands_for_all_its_contacts_and_a_full_jid_for_one_resource() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@wuchess.example/a").await;
    let bert = bench.online(BERT).await;
    let other = bench.online("bert@chess.example/other").await;
    let carl = bench.online("carl@chess.example/c").await;
    for watcher in [&bert, &carl] {
        watcher.send("<presence type='subscribe' to='anna@wuchess.example'/>").await;
        anna.send(&format!("<presence type='subscribed' to='{}'/>", watcher.bare())).await;
    }
    for client in [&anna, &bert, &other, &carl] {
        client.received();
    }
    let from = "anna@wuchess.example/a";
    done(&anna, &block(&[BERT])).await;
    assert_eq!(bert.one(), unavailable(from, BERT));
    assert_eq!(other.received(), NOTHING);
    assert!(
        bert.ask("<message to='anna@wuchess.example'><body>x</body></message>")
            .await
            .contains("service-unav")
    );
    other.send("<message to='anna@wuchess.example'><body>x</body></message>").await;
    assert!(anna.one().contains("<body>x</body>"));
    done(&anna, &unblock(&[])).await;
    assert_eq!(bert.one(), format!("<presence from='{from}' to='{BERT}'/>"));
    done(&anna, &block(&["chess.example"])).await;
    for client in [&bert, &other] {
        assert_eq!(client.one(), unavailable(from, "bert@chess.example"));
    }
    assert_eq!(carl.one(), unavailable(from, "carl@chess.example"));
}

#[tokio::test]
async fn directed_presence_is_taken_back() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let bert = bench.online(BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    anna.send("<presence to='bert@chess.example/b'/>").await;
    anna.send("<presence to='carl@chess.example'/>").await;
    bert.received();
    carl.received();
    done(&anna, &block(&["bert@chess.example"])).await;
    assert_eq!(bert.one(), unavailable(ANNA, BERT));
    assert_eq!(carl.received(), NOTHING);
    anna.drop_connection().await;
    assert_eq!(bert.received(), NOTHING);
    assert_eq!(carl.received().len(), 1);
}

#[tokio::test]
async fn resources_of_one_account_are_never_blocked() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let phone = bench.online("anna@chess.example/phone").await;
    anna.received();
    // by a privacy list, since blocking refuses it
    let change = |_: Option<&PrivacyList>| {
        let items = vec![deny(1, "anna@chess.example", Kinds::ALL), deny(2, "chess.example", Kinds::ALL)];
        let change = PrivacyChange {
            list: "x".into(),
            put: items.clone(),
            default: Some(true),
            ..PrivacyChange::default()
        };
        Ok::<_, storage::StorageError>(Some((Some(PrivacyList { name: "x".into(), items }), change)))
    };
    bench.kernel.change_default_list(anna.resource().account(), change, || {}).await.unwrap();
    phone.send("<message to='anna@chess.example/a'><body>x</body></message>").await;
    assert!(anna.one().contains("<body>x</body>"));
    phone.send("<presence><show>away</show></presence>").await;
    assert!(anna.one().contains("<show>away</show>"));
    let server = "<iq type='get' id='p' to='chess.example'><ping xmlns='urn:xmpp:ping'/></iq>";
    assert!(anna.ask(server).await.contains("type='result'"));
}

#[tokio::test]
async fn pushes_go_to_those_who_have_asked_and_before_the_result() {
    let bench = Bench::new().await;
    let desk = bench.online("anna@chess.example/desk").await;
    let phone = bench.online("anna@chess.example/phone").await;
    let deaf = bench.online("anna@chess.example/deaf").await;
    for client in [&desk, &phone] {
        client.send(GET).await;
    }
    for client in [&desk, &phone, &deaf] {
        client.received();
    }
    let push = |to: &str, number: u32, name: &str, jids: &[&str]| {
        let items = items(jids);
        let payload = match jids {
            [] => format!("<{name} xmlns='urn:xmpp:blocking'/>"),
            _ => format!("<{name} xmlns='urn:xmpp:blocking'>{items}</{name}>"),
        };
        format!("<iq to='anna@chess.example/{to}' id='block-{number}' type='set'>{payload}</iq>")
    };
    let both = ["bert@chess.example", "x.example"];
    let steps =
        [("block", &both[..]), ("block", &["y.example"]), ("unblock", &["x.example"]), ("unblock", &[])];
    for (number, (name, jids)) in (1..).zip(steps) {
        desk.send(&command(name, jids)).await;
        let result = "<iq to='anna@chess.example/desk' id='s' type='result'/>";
        assert_eq!(desk.received(), [push("desk", number, name, jids).as_str(), result]);
    }
    let pushed: Vec<_> =
        (1..).zip(steps).map(|(number, (name, jids))| push("phone", number, name, jids)).collect();
    assert_eq!(phone.received(), pushed, "in the order of the changes");
    deaf.send(&block(&both)).await;
    assert_eq!(deaf.one(), "<iq to='anna@chess.example/deaf' id='s' type='result'/>");
    assert_eq!(phone.received().len(), 1);
    for request in [block(&both), unblock(&["z.example"])] {
        done(&deaf, &request).await;
        assert_eq!(phone.received(), NOTHING, "nothing has changed");
    }
}

#[tokio::test]
async fn what_is_sent_behind_a_change_is_screened_by_it() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let bert = bench.online(BERT).await;
    let message = "<message to='bert@chess.example' id='m'><body>x</body></message>";
    for (request, passes) in
        [(block(&["bert@chess.example"]), false), (unblock(&["bert@chess.example"]), true)]
    {
        for xml in [request.as_str(), message] {
            let stanza = Stanza::parse_str(xml).unwrap().with_from(anna.resource().jid().clone());
            anna.hold().process(stanza).await; // not waiting for the answer
        }
        anna.hold().settled(anna.hold().read()).await;
        let got = anna.received();
        assert!(got[0].contains("type='result'"), "{got:#?}");
        assert_eq!(got.len(), if passes { 1 } else { 2 }, "{got:#?}");
        assert_eq!(bert.received().len(), usize::from(passes));
    }
}

#[tokio::test]
async fn it_survives_a_restart() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let id = anna.resource().account().id();
    let mut other = deny(1, "z.example", Kinds::ALL);
    other.allow = true;
    let named = PrivacyChange { list: "blocklist".into(), put: vec![other], ..PrivacyChange::default() };
    bench.kernel.store().privacy().change(id, named).await.unwrap();
    done(&anna, &block(&["bert@chess.example"])).await;
    done(&anna, &block(&["x.example"])).await;
    drop(anna);
    let bench = bench.restarted().await;
    let bert = bench.online(BERT).await;
    let message = "<message type='chat' to='anna@chess.example' id='m'><body>x</body></message>";
    assert!(
        bert.ask(message).await.contains("<service-unavailable "),
        "read with the account, nobody is logged in"
    );
    bench.kept("anna@chess.example", 0).await;
    let anna = bench.online(ANNA).await;
    assert_eq!(list(&anna).await, ["bert@chess.example", "x.example"]);
    let screen = anna.resource().account().screen().unwrap();
    assert_eq!(screen.list().name, "blocklist-2", "a list of another's making is left alone");
    assert_eq!(screen.list().items.len(), 2);
    done(&anna, &unblock(&[])).await;
    assert_eq!(bench.kernel.store().privacy().names(id).await.unwrap(), ["blocklist"]);
}

#[tokio::test]
async fn no_stanza_costs_a_query() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    done(&anna, &block(&["bert@chess.example", "x.example"])).await;
    let before = calls(&bench);
    for round in 0..2500 {
        anna.send("<message to='bert@chess.example'><body>x</body></message>").await;
        bert.send("<message to='anna@chess.example'><body>x</body></message>").await;
        bert.send("<presence to='anna@chess.example' type='subscribe'/>").await;
        carl.send("<message to='anna@chess.example'><body>x</body></message>").await;
        if round % 100 == 0 {
            assert!(!anna.received().is_empty() && !bert.received().is_empty());
        }
    }
    assert_eq!(calls(&bench), before);
}

#[tokio::test]
async fn a_broadcast_leaves_the_blocked_out_and_costs_no_query() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let mut contacts = Vec::new();
    for number in 0..200 {
        let name = format!("c{number}");
        bench.kernel.store().accounts().create("chess.example", &name, &[], 0).await.unwrap();
        let contact = bench.online(&format!("{name}@chess.example/r")).await;
        contact.send("<presence type='subscribe' to='anna@chess.example'/>").await;
        anna.send(&format!("<presence type='subscribed' to='{}'/>", contact.bare())).await;
        contact.received();
        contacts.push(contact);
    }
    anna.received();
    done(&anna, &block(&["c7@chess.example"])).await;
    assert_eq!(contacts[7].one(), unavailable(ANNA, "c7@chess.example"));
    let before = calls(&bench);
    anna.send("<presence><show>away</show></presence>").await;
    assert_eq!(calls(&bench), before);
    for (number, contact) in contacts.iter().enumerate() {
        assert_eq!(contact.received().len(), usize::from(number != 7), "c{number}");
    }
}

#[tokio::test]
async fn an_account_without_a_list_costs_nothing_more() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    let privacy = || {
        let counts = bench.kernel.store().statement_counts();
        counts.iter().filter(|stat| stat.name.contains("privacy")).map(|stat| stat.calls).sum::<u64>()
    };
    anna.send("<message to='bert@chess.example'><body>x</body></message>").await;
    bert.send("<message to='anna@chess.example'><body>x</body></message>").await;
    anna.received();
    assert_eq!(list(&anna).await, NOTHING);
    assert_eq!(privacy(), 0, "the list came with the account");
    assert!(anna.resource().account().screen().is_none());
}

#[tokio::test]
async fn sessions_with_active_lists_go_by_those() {
    let bench = Bench::new().await;
    let bert = bench.online(BERT).await;
    let [top, middle, low] = [("top", 5), ("middle", 3), ("low", 1)].map(|(name, priority)| {
        let bench = &bench;
        async move {
            let client = bench.bind(&format!("anna@chess.example/{name}")).await;
            client.send(&format!("<presence><priority>{priority}</priority></presence>")).await;
            client
        }
    });
    let (top, middle, low) = (top.await, middle.await, low.await);
    done(&low, &block(&["bert@chess.example"])).await;
    let screen = |items| Some(Arc::new(Screen::new(PrivacyList { name: "active".into(), items })));
    let admits = || screen(vec![deny(1, "carl@chess.example", Kinds::ALL)]);
    bench.kernel.set_active_screen(middle.resource(), admits());
    bench.kernel.set_active_screen(low.resource(), admits());
    for client in [&top, &middle, &low] {
        client.received();
    }
    let message = "<message type='chat' to='anna@chess.example'><body>x</body></message>";
    bert.send(message).await;
    assert_eq!(bert.received(), NOTHING);
    assert_eq!([&top, &middle, &low].map(|client| client.received().len()), [0, 1, 0]);
    assert!(
        bert.ask(&message.replace("'anna@chess.example'", "'anna@chess.example/top'"))
            .await
            .contains("service-unav")
    );
    let carl = bench.online("carl@chess.example/c").await;
    carl.send(message).await;
    assert_eq!([&top, &middle, &low].map(|client| client.received().len()), [1, 0, 0]);
    assert!(
        top.ask("<message to='bert@chess.example'><body>x</body></message>").await.contains("not-acceptable")
    );
    middle.send("<message to='bert@chess.example'><body>x</body></message>").await;
    assert_eq!((middle.received().len(), bert.received().len()), (0, 1));
    bench.kernel.set_active_screen(middle.resource(), None);
    bench.kernel.set_active_screen(low.resource(), None);
    assert!(bert.ask(message).await.contains("service-unav"));
}

/// Holds up the first presence that is being broadcast, or the first session that leaves, once it is armed.
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
        registrar.session(Moment::Unavailable, move |_, _| {
            let barrier = barrier.clone();
            Box::pin(async move { barrier.pass().await })
        });
    }
}

/// The phone sends this while the desk blocks bert; what bert sees of the phone at last.
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
