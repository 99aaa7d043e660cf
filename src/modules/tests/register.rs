//! XEP-0077: accounts that clients create, change and cancel.

use auth::LogIn;
use kernel::{SessionAbout, Transport};
use xmpp::Stanza;

use super::bench::Bench;

const ADDRESS: &str = "192.0.2.7:1";

fn about(address: &str, tls: bool) -> SessionAbout {
    SessionAbout { transport: Transport::Tcp, tls, address: address.parse().unwrap() }
}

impl Bench {
    /// The answer to a client that has not authenticated.
    async fn early(&self, about: SessionAbout, xml: &str) -> String {
        let host = self.kernel.host("chess.example").unwrap();
        let answer = self.kernel.early(&host, about, &Stanza::parse_str(xml).unwrap()).await;
        answer.map(|stanza| stanza.to_string()).unwrap_or_default()
    }

    async fn exists(&self, local: &str) -> bool {
        self.kernel.store().accounts().lookup("chess.example", local).await.unwrap().is_some()
    }
}

fn set(fields: &str) -> String {
    format!("<iq type='set' id='1'><query xmlns='jabber:iq:register'>{fields}</query></iq>")
}

fn named(name: &str) -> String {
    set(&format!("<username>{name}</username><password>secret</password>"))
}

#[tokio::test]
async fn an_account_is_made_before_log_in() {
    let bench = Bench::new().await;
    bench.serve_passwords().await;
    let form = bench
        .early(about(ADDRESS, true), "<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>")
        .await;
    assert!(form.contains("<username></username>") || form.contains("<username/>"), "{form}");
    // looked up without success, which is cached; creating the account invalidates that
    let host = bench.kernel.host("chess.example").unwrap();
    assert!(bench.kernel.account(&host, "dora").await.unwrap().is_none());
    assert_eq!(bench.early(about(ADDRESS, true), &named("Dora")).await, "<iq id='1' type='result'></iq>");
    assert!(bench.kernel.account(&host, "dora").await.unwrap().is_some());
    let auth = host.options().auth.clone();
    assert!(auth.verify_plain(LogIn::from_nowhere("chess.example", "dora"), "secret").await.is_ok());
    assert!(bench.early(about(ADDRESS, true), &named("dora")).await.contains("<conflict"));
}

#[tokio::test]
async fn what_cannot_be_registered() {
    let bench = Bench::new().await;
    bench.serve_passwords().await;
    for (fields, condition) in [
        ("", "not-acceptable"),
        ("<username>x</username>", "not-acceptable"),
        ("<username>x</username><password/>", "not-acceptable"),
        ("<username>a b@c</username><password>secret</password>", "not-acceptable"),
    ] {
        let answer = bench.early(about("192.0.2.8:1", true), &set(fields)).await;
        assert!(answer.contains(condition), "{fields}: {answer}");
    }
    assert!(bench.early(about("192.0.2.9:1", false), &named("plain")).await.contains("not-allowed"));
    assert!(!bench.exists("plain").await, "no password in the clear");
    assert_eq!(
        bench.early(about("127.0.0.1:1", false), &named("near")).await,
        "<iq id='1' type='result'></iq>"
    );
    assert_eq!(
        bench.early(about(ADDRESS, true), "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>").await,
        ""
    );
    let elsewhere = named("other").replace("id='1'", "id='1' to='wuchess.example'");
    assert_eq!(bench.early(about(ADDRESS, true), &elsewhere).await, "", "for another domain");
}

#[tokio::test]
async fn an_address_makes_so_many_accounts_in_a_minute() {
    let bench = Bench::new().await;
    bench.serve_passwords().await;
    for number in 0..3 {
        let answer = bench.early(about(ADDRESS, true), &named(&format!("n{number}"))).await;
        assert!(answer.contains("result"), "{answer}");
    }
    let refused = bench.early(about("192.0.2.7:99", true), &named("n4")).await;
    assert!(refused.contains("resource-constraint") && refused.contains("try again in"), "{refused}");
    assert!(!bench.exists("n4").await);
    assert!(
        bench.early(about("192.0.2.10:1", true), &named("n5")).await.contains("result"),
        "another address"
    );
    bench.clock.advance(std::time::Duration::from_secs(60));
    assert!(bench.early(about(ADDRESS, true), &named("n6")).await.contains("result"), "a minute later");
}

#[tokio::test]
async fn a_domain_whose_accounts_are_elsewhere_takes_none() {
    let bench = Bench::new().await;
    assert!(bench.early(about(ADDRESS, true), &named("dora")).await.contains("not-allowed"));
}

#[tokio::test]
async fn a_password_is_changed_by_its_owner_alone() {
    let bench = Bench::new().await;
    bench.serve_passwords().await;
    let anna = bench.online("anna@chess.example/a").await;
    let other = bench.bind("anna@chess.example/other").await;
    let get = anna.ask("<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>").await;
    assert!(get.contains("<registered") && get.contains("<username>anna</username>"), "{get}");
    anna.send(&named("anna")).await;
    let answer = anna.receives(1).await.remove(0);
    assert!(answer.contains("type='result'"), "{answer}");
    let auth = bench.kernel.host("chess.example").unwrap().options().auth.clone();
    assert!(auth.verify_plain(LogIn::from_nowhere("chess.example", "anna"), "secret").await.is_ok());
    assert!(
        other.resource().is_closed() && !anna.resource().is_closed(),
        "what knew the former password ends"
    );
    assert!(anna.ask(&named("bert")).await.contains("not-allowed"));
    for to in ["bert@chess.example", "wuchess.example"] {
        let answer = anna.ask(&named("anna").replace("id='1'", &format!("id='1' to='{to}'"))).await;
        assert!(answer.contains("forbidden"), "{to}: {answer}");
    }
}

#[tokio::test]
async fn an_account_is_given_up_with_everything_of_it() {
    let bench = Bench::new().await;
    bench.serve_passwords().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let other = bench.bind("anna@chess.example/other").await;
    let id = anna.resource().account().id();
    let remove = set("<remove/>");
    anna.read(&remove).await;
    let answer = loop {
        let got = anna.receives(1).await;
        if let Some(answer) = got.into_iter().find(|stanza| stanza.contains("id='1'")) {
            break answer;
        }
    };
    assert!(answer.contains("type='result'"), "{answer}");
    let rows = bench.kernel.store().rows_of_account(id).await.unwrap();
    assert!(rows.iter().all(|(_, count)| *count == 0), "{rows:?}");
    assert!(other.resource().is_closed(), "other sessions are closed first");
    let told = bert.receives(3).await.concat();
    assert!(told.contains("unavailable") && told.contains("unsubscribed"), "{told}");
    let closing = async {
        while anna.resource().closing().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), closing).await.expect("its own session parts");
    assert!(!bench.exists("anna").await);
    let host = bench.kernel.host("chess.example").unwrap();
    assert!(bench.kernel.account(&host, "anna").await.unwrap().is_none());
}
