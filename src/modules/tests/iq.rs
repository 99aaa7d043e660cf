//! Small requests, and that each is answered exactly once.

use super::bench::Bench;

#[tokio::test]
async fn one_answer_each() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let _bert = bench.online("bert@chess.example/b").await;
    for (request, answer) in [
        ("<iq type='get' id='1' to='chess.example'><ping xmlns='urn:xmpp:ping'/></iq>", "type='result'"),
        ("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", "type='result'"),
        (
            "<iq type='get' id='1' to='bert@chess.example'><ping xmlns='urn:xmpp:ping'/></iq>",
            "service-unavailable",
        ),
        (
            "<iq type='get' id='1' to='nobody@chess.example'><ping xmlns='urn:xmpp:ping'/></iq>",
            "service-unavailable",
        ),
        (
            "<iq type='get' id='1' to='bert@chess.example/x'><ping xmlns='urn:xmpp:ping'/></iq>",
            "service-unavailable",
        ),
        (
            "<iq type='get' id='1' to='chess.example'><query xmlns='jabber:iq:version'/></iq>",
            "<name>Castling</name>",
        ),
        (
            "<iq type='get' id='1' to='chess.example'><time xmlns='urn:xmpp:time'/></iq>",
            "2026-11-24T12:00:00Z",
        ),
        (
            "<iq type='set' id='1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
            "type='result'",
        ),
        (
            "<iq type='set' id='1' to='chess.example'><ping xmlns='urn:xmpp:ping'/></iq>",
            "service-unavailable",
        ),
        ("<iq type='get' id='1' to='chess.example'><x xmlns='urn:example'/></iq>", "service-unavailable"),
        ("<iq type='get' id='1'><x xmlns='urn:example'/></iq>", "service-unavailable"),
        (
            "<iq type='get' id='1' to='nowhere.example'><x xmlns='urn:example'/></iq>",
            "remote-server-not-found",
        ),
    ] {
        let got = anna.ask(request).await;
        assert!(got.contains(answer) && got.contains("id='1'"), "{request}: {got}");
    }
    for answer in ["result", "error"] {
        anna.send(&format!("<iq type='{answer}' id='1' to='chess.example'/>")).await;
        assert!(anna.received().is_empty(), "an answer is not answered");
    }
}

#[tokio::test]
async fn a_name_that_nobody_has_costs_one_query_a_minute() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let store = bench.kernel.store();
    let statements = || store.statement_counts().iter().map(|one| one.calls).sum::<u64>();
    let to_nobody = "<message type='chat' id='1' to='nobody@chess.example'><body>x</body></message>";
    let before = statements();
    for _ in 0..100 {
        assert!(anna.ask(to_nobody).await.contains("service-unavailable"));
    }
    assert_eq!(statements(), before + 1);
    bench.clock.advance(std::time::Duration::from_secs(60));
    anna.ask(to_nobody).await;
    assert_eq!(statements(), before + 2);
    store.accounts().create("chess.example", "nobody", &[], 0).await.unwrap();
    bench.kernel.account_made(anna.resource().host(), "nobody").await.unwrap();
    anna.send(to_nobody).await;
    bench.kept("nobody@chess.example", 1).await;
}

#[tokio::test]
async fn stream_features() {
    let bench = Bench::new().await;
    let host = bench.kernel.host("chess.example").unwrap();
    let table = bench.kernel.table(&host).unwrap();
    let features: Vec<_> = table.bind_features().iter().map(|f| f.to_xml("jabber:client")).collect();
    assert_eq!(
        features,
        [
            "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>",
            "<ver xmlns='urn:xmpp:features:rosterver'/>",
            "<sub xmlns='urn:xmpp:features:pre-approval'/>",
        ]
    );
}

/// Those who must not learn which accounts exist get the same answer for an existing one and for a missing
/// one.
#[tokio::test]
async fn strangers_cannot_tell_who_exists() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let requests = [
        ("get", "<query xmlns='jabber:iq:roster'/>", "forbidden"),
        ("set", "<query xmlns='jabber:iq:roster'><item jid='x@y'/></query>", "forbidden"),
        ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "service-unavailable"),
        ("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", "type='result'"),
        ("get", "<query xmlns='http://jabber.org/protocol/disco#items' node='n&amp;'/>", "node='n&amp;'"),
        ("get", "<ping xmlns='urn:xmpp:ping'/>", "service-unavailable"),
        ("get", "<vCard xmlns='vcard-temp'/>", "service-unavailable"),
        ("set", "<vCard xmlns='vcard-temp'/>", "forbidden"),
        ("get", "<query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query>", "forbidden"),
        ("set", "<query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query>", "forbidden"),
        ("get", "<query xmlns='jabber:iq:last'/>", "forbidden"),
        ("get", "<blocklist xmlns='urn:xmpp:blocking'/>", "forbidden"),
        ("set", "<block xmlns='urn:xmpp:blocking'><item jid='x@y'/></block>", "forbidden"),
        ("set", "<unblock xmlns='urn:xmpp:blocking'/>", "forbidden"),
        ("set", "<enable xmlns='urn:xmpp:carbons:2'/>", "not-allowed"),
        ("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", "forbidden"),
        ("get", "<query xmlns='jabber:iq:register'/>", "forbidden"),
        ("set", "<query xmlns='jabber:iq:register'><remove/></query>", "forbidden"),
        ("get", "<x xmlns='urn:example:unknown'/>", "service-unavailable"),
    ];
    for (kind, payload, expected) in requests {
        for resource in ["", "/r"] {
            let ask = async |name: &str| {
                let to = format!("{name}@chess.example{resource}");
                let answer = anna.ask(&format!("<iq type='{kind}' id='1' to='{to}'>{payload}</iq>")).await;
                answer.replace(name, "NAME")
            };
            let (there, nowhere) = (ask("bert").await, ask("nobody").await);
            assert_eq!(there, nowhere, "{payload} to {resource:?}");
            let expected = if resource.is_empty() { expected } else { "error" };
            assert!(there.contains(expected), "{there}");
        }
    }
}
