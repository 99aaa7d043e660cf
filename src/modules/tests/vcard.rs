//! XEP-0054: what users publish of themselves.

use kernel::DomainLimits;
use serde_json::json;

use super::bench::{Bench, Client};

const GET: &str = "<vCard xmlns='vcard-temp'/>";
const CARD: &str = "<vCard xmlns='vcard-temp'><FN>Anna</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>AA==</BINVAL></PHOTO></vCard>";

fn iq(kind: &str, to: Option<&str>, payload: &str) -> String {
    let to = to.map(|to| format!(" to='{to}'")).unwrap_or_default();
    format!("<iq type='{kind}' id='1'{to}>{payload}</iq>")
}

async fn answers(client: &Client, request: &str, expected: &str) {
    let answer = client.ask(request).await;
    assert!(answer.contains(expected) && answer.contains(" id='1'"), "{request}: {answer}");
}

#[tokio::test]
async fn published_and_read() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    let bert = bench.bind("bert@chess.example/b").await;
    let elsewhere = bench.bind("anna@wuchess.example/w").await;
    answers(&anna, &iq("get", None, GET), "<item-not-found ").await;
    answers(&anna, &iq("set", None, CARD), " type='result'/>").await;
    answers(&anna, &iq("get", None, GET), CARD).await;
    let at = Some("anna@chess.example");
    for client in [&anna, &bert, &elsewhere] {
        answers(client, &iq("get", at, GET), CARD).await;
    }
    let other = CARD.replace("Anna", "A.");
    answers(&anna, &iq("set", at, &other), " type='result'/>").await;
    answers(&bert, &iq("get", at, GET), &other).await;
    answers(&anna, &iq("set", None, GET), " type='result'/>").await;
    answers(&bert, &iq("get", at, GET), "type='result'><vCard xmlns='vcard-temp'/></iq>").await;
}

#[tokio::test]
async fn who_has_none_looks_like_who_does_not_exist() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    for local in ["bert", "nobody"] {
        answers(&anna, &iq("get", Some(&format!("{local}@chess.example")), GET), "<service-unavailable ")
            .await;
    }
}

#[tokio::test]
async fn only_ones_own_is_changed() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    let bert = bench.bind("bert@chess.example/b").await;
    answers(&anna, &iq("set", None, CARD), " type='result'/>").await;
    answers(&bert, &iq("set", Some("anna@chess.example"), GET), "<forbidden ").await;
    answers(&bert, &iq("set", Some("chess.example"), GET), "<service-unavailable ").await;
    answers(&anna, &iq("get", None, GET), CARD).await;
}

#[tokio::test]
async fn so_large_and_no_larger() {
    let bench = Bench::with_modules(json!({ "vcard": { "bytes": 1024 } }), DomainLimits::default()).await;
    let anna = bench.bind("anna@chess.example/a").await;
    let card = |length: usize| {
        let around = "<vCard xmlns='vcard-temp'><FN></FN></vCard>".len();
        format!("<vCard xmlns='vcard-temp'><FN>{}</FN></vCard>", "x".repeat(length - around))
    };
    answers(&anna, &iq("set", None, &card(1024)), " type='result'/>").await;
    answers(&anna, &iq("set", None, &card(1025)), "<policy-violation ").await;
    answers(&anna, &iq("get", None, GET), &card(1024)).await;
}

#[tokio::test]
async fn of_the_domain() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    let card = "<vCard xmlns='vcard-temp'><FN>chess</FN><JABBERID>chess.example</JABBERID></vCard>";
    answers(&anna, &iq("get", Some("chess.example"), GET), card).await;
}

#[tokio::test]
async fn one_statement_for_a_look() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    let bert = bench.bind("bert@chess.example/b").await;
    answers(&anna, &iq("set", None, CARD), " type='result'/>").await;
    let calls = || bench.kernel.store().statement_counts().iter().map(|one| one.calls).sum::<u64>();
    let before = calls();
    answers(&bert, &iq("get", Some("anna@chess.example"), GET), CARD).await;
    assert_eq!(calls(), before + 1);
}
