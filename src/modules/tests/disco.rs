//! XEP-0030: what is on, and nothing else.

use super::bench::Bench;

const INFO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
const ITEMS: &str = "<query xmlns='http://jabber.org/protocol/disco#items'/>";

fn get(to: &str, query: &str) -> String {
    format!("<iq type='get' id='d' to='{to}'>{query}</iq>")
}

#[tokio::test]
async fn the_host() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    insta::assert_snapshot!("host_info", anna.ask(&get("chess.example", INFO)).await.replace("><", ">\n<"));
    assert_eq!(
        anna.ask(&get("chess.example", ITEMS)).await,
        "<iq from='chess.example' to='anna@chess.example/a' id='d' type='result'>\
         <query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
    );
}

#[tokio::test]
async fn an_account_to_those_who_may_see_it() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let carl = bench.online("carl@chess.example/c").await;
    let answer = bert.ask(&get("anna@chess.example", INFO)).await;
    insta::assert_snapshot!("account_info", answer.replace("><", ">\n<"));
    assert!(anna.ask(&get("anna@chess.example", INFO)).await.contains("registered"));
    assert!(bert.ask(&get("anna@chess.example", ITEMS)).await.contains("jid='anna@chess.example/a'"));
    for to in ["anna@chess.example", "nobody@chess.example"] {
        assert!(carl.ask(&get(to, INFO)).await.contains("<service-unavailable "));
        for node in ["", " node='x'"] {
            let answer = carl.ask(&get(to, &ITEMS.replace("/>", &format!("{node}/>")))).await;
            let nothing =
                format!("type='result'><query xmlns='http://jabber.org/protocol/disco#items'{node}/></iq>");
            assert!(answer.ends_with(&nothing), "{answer}");
        }
    }
}

#[tokio::test]
async fn an_unknown_node() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    for (to, query) in [("chess.example", INFO), ("chess.example", ITEMS), ("anna@chess.example", INFO)] {
        let answer = anna.ask(&get(to, &query.replace("/>", " node='x'/>"))).await;
        assert!(answer.contains("<item-not-found "), "{answer}");
    }
}
