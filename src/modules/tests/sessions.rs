//! Sessions whose connections are lost, and messages that arrive while a resource comes online.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use kernel::{Attachment, BindRequest};
use xmpp::Stanza;

use super::bench::Bench;

#[tokio::test]
async fn a_session_that_nobody_holds_any_more_ends() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let resource = bert.resource().clone();
    drop(bert);
    let gone = anna.receives(1).await;
    assert_eq!(gone, ["<presence from='bert@chess.example/b' to='anna@chess.example' type='unavailable'/>"]);
    assert_eq!(resource.attachment(), Attachment::Closed);
}

#[tokio::test]
async fn a_bind_that_is_given_up_half_way_loses_nothing() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    anna.send("<message type='chat' id='1' to='bert@chess.example'><body>x</body></message>").await;
    let request = BindRequest {
        account: bert.resource().account().clone(),
        resource: Some("b".into()),
        about: bert.resource().about(),
        login: None,
    };
    {
        let mut binding = pin!(bench.kernel.bind(request));
        assert!(binding.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    bench.kept("bert@chess.example", 1).await;
    let bert = bench.online("bert@chess.example/b2").await;
    let ended = async {
        while bert.resource().account().resources().len() != 1 {
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), ended).await;
    assert!(ended.is_ok(), "what nobody waited for has not ended");
}

#[tokio::test]
async fn a_message_that_comes_while_a_resource_comes_online_is_behind_the_kept_ones() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.bind("bert@chess.example/b").await;
    let chat =
        |id: &str| format!("<message type='chat' id='{id}' to='bert@chess.example'><body>x</body></message>");
    anna.send(&chat("kept")).await;
    let held = bench.kernel.arrive(bert.resource(), Stanza::parse_str("<presence/>").unwrap());
    bert.send("<presence/>").await; // finds that a read-back is already running
    assert_eq!(bert.received().len(), 1, "presence passes");
    anna.send(&chat("new")).await;
    anna.send("<presence to='bert@chess.example/b'/>").await;
    assert!(bert.received().is_empty(), "both wait, and their sender does not");
    drop(held);
    let then = bert.receives(2).await;
    assert!(then[0].contains("id='new'"), "{then:#?}");
    assert_eq!(then[1], "<presence from='anna@chess.example/a' to='bert@chess.example/b'/>");
    bert.send("<presence type='unavailable'/>").await;
    bert.send("<presence/>").await;
    let kept = bert.receives(3).await;
    assert!(kept.iter().any(|stanza| stanza.contains("id='kept'")), "{kept:#?}");
}
