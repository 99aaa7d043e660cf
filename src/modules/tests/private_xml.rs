//! XEP-0049: private data of clients.

use kernel::DomainLimits;
use serde_json::json;

use super::bench::{Bench, Client};

fn iq(kind: &str, within: &str) -> String {
    format!("<iq type='{kind}' id='1'><query xmlns='jabber:iq:private'>{within}</query></iq>")
}

/// What the query of the answer contains.
async fn get(client: &Client, element: &str) -> String {
    let answer = client.ask(&iq("get", element)).await;
    let start = format!(
        "<iq to='{}' id='1' type='result'><query xmlns='jabber:iq:private'>",
        client.resource().jid()
    );
    let found = answer.strip_prefix(&start).and_then(|rest| rest.strip_suffix("</query></iq>"));
    found.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn set(client: &Client, elements: &str) {
    let answer = client.ask(&iq("set", elements)).await;
    assert_eq!(answer, format!("<iq to='{}' id='1' type='result'/>", client.resource().jid()));
}

async fn refused(client: &Client, request: &str, condition: &str) {
    let answer = client.ask(request).await;
    assert!(
        answer.contains(" type='error'") && answer.contains(&format!("<{condition} ")),
        "{request}: {answer}"
    );
}

#[tokio::test]
async fn stored_and_read_by_every_resource() {
    let bench = Bench::new().await;
    let one = bench.bind("anna@chess.example/one").await;
    let other = bench.bind("anna@chess.example/other").await;
    assert_eq!(
        get(&one, "<storage xmlns='storage:bookmarks'/>").await,
        "<storage xmlns='storage:bookmarks'/>"
    );
    let bookmarks = "<storage xmlns='storage:bookmarks'><conference jid='a@b.example' name='1 &amp; 2'>\
                     <nick>anna</nick></conference></storage>";
    set(&one, bookmarks).await;
    for client in [&one, &other] {
        assert_eq!(get(client, "<storage xmlns='storage:bookmarks'/>").await, bookmarks);
    }
    set(&other, "<storage xmlns='storage:bookmarks'/>").await;
    assert_eq!(
        get(&one, "<storage xmlns='storage:bookmarks'/>").await,
        "<storage xmlns='storage:bookmarks'/>"
    );
    let notes = "<storage xmlns='storage:rosternotes'/>";
    assert_eq!(get(&one, notes).await, notes, "another namespace is another element");
    let elsewhere = bench.bind("anna@wuchess.example/w").await;
    set(&one, bookmarks).await;
    assert!(
        !get(&elsewhere, "<storage xmlns='storage:bookmarks'/>").await.contains("nick"),
        "another account"
    );
}

#[tokio::test]
async fn several_at_once() {
    let bench = Bench::with_modules(
        json!({ "private_xml": { "entries": 3, "bytes": 1024 } }),
        DomainLimits::default(),
    )
    .await;
    let anna = bench.bind("anna@chess.example/a").await;
    set(&anna, "<a xmlns='x:a'>1</a><b xmlns='x:a'>2</b>").await;
    assert_eq!(get(&anna, "<a xmlns='x:a'/>").await, "<a xmlns='x:a'>1</a>");
    assert_eq!(get(&anna, "<b xmlns='x:a'/>").await, "<b xmlns='x:a'>2</b>");
    refused(&anna, &iq("set", "<a xmlns='x:a'/><a xmlns='x:a'/>"), "bad-request").await;
    // all or none
    refused(&anna, &iq("set", "<a xmlns='x:a'>3</a><c xmlns='x:c'/><d xmlns='x:d'/>"), "resource-constraint")
        .await;
    let long = "x".repeat(600);
    refused(
        &anna,
        &iq("set", &format!("<a xmlns='x:a'>{long}</a><b xmlns='x:a'>{long}</b>")),
        "resource-constraint",
    )
    .await;
    refused(&anna, &iq("set", "<a xmlns='x:a'>3</a><vCard xmlns='vcard-temp'/>"), "not-acceptable").await;
    assert_eq!(get(&anna, "<a xmlns='x:a'/>").await, "<a xmlns='x:a'>1</a>");
    assert_eq!(get(&anna, "<c xmlns='x:c'/>").await, "<c xmlns='x:c'/>");
    // one grows by as much as the other shrinks
    set(&anna, &format!("<a xmlns='x:a'>{long}</a><b xmlns='x:a'/>")).await;
    set(&anna, &format!("<a xmlns='x:a'/><b xmlns='x:a'>{long}</b>")).await;
    assert!(get(&anna, "<b xmlns='x:a'/>").await.contains(&long));
}

#[tokio::test]
async fn so_much_and_no_more() {
    let bench = Bench::with_modules(
        json!({ "private_xml": { "entries": 2, "bytes": 1024 } }),
        DomainLimits::default(),
    )
    .await;
    let anna = bench.bind("anna@chess.example/a").await;
    let long = "x".repeat(500);
    set(&anna, &format!("<a xmlns='x:a'>{long}</a>")).await;
    refused(&anna, &iq("set", &format!("<b xmlns='x:b'>{long}y</b>")), "resource-constraint").await;
    set(&anna, "<b xmlns='x:b'/>").await;
    refused(&anna, &iq("set", "<c xmlns='x:c'/>"), "resource-constraint").await;
    set(&anna, "<a xmlns='x:a'>2</a>").await;
    assert_eq!(get(&anna, "<c xmlns='x:c'/>").await, "<c xmlns='x:c'/>");
    let bert = bench.bind("bert@chess.example/b").await;
    set(&bert, "<c xmlns='x:c'/>").await;
    let endless =
        Bench::with_modules(json!({ "private_xml": { "entries": 0, "bytes": 0 } }), DomainLimits::default())
            .await;
    let anna = endless.bind("anna@chess.example/a").await;
    for n in 0..200 {
        set(&anna, &format!("<a xmlns='x:{n}'/>")).await;
    }
}

#[tokio::test]
async fn what_is_refused() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    for kind in ["get", "set"] {
        refused(&anna, &iq(kind, ""), "not-acceptable").await;
        for element in [
            "<x/>",
            "<x xmlns=''/>",
            "<x xmlns='jabber:iq:roster'/>",
            "<x xmlns='http://jabber.org/protocol/muc'/>",
            "<vCard xmlns='vcard-temp'/>",
        ] {
            refused(&anna, &iq(kind, element), "not-acceptable").await;
        }
        let others = iq(kind, "<x xmlns='x:x'/>").replace(" id=", " to='bert@chess.example' id=");
        refused(&anna, &others, "forbidden").await;
        let host = iq(kind, "<x xmlns='x:x'/>").replace(" id=", " to='chess.example' id=");
        refused(&anna, &host, "service-unavailable").await;
    }
    refused(&anna, &iq("get", "<x xmlns='x:x'/><y xmlns='x:x'/>"), "bad-request").await;
    let long = format!("<x xmlns='x:{}'>{}</x>", "n".repeat(100_000), "<y/>".repeat(4000));
    refused(&anna, &iq("set", &long), "policy-violation").await;
    let own = iq("set", "<x xmlns='x:x'/>").replace(" id=", " to='anna@chess.example' id=");
    assert!(anna.ask(&own).await.contains(" type='result'"));
}
