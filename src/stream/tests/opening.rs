//! The road from a connection to a session, step by step.

use std::sync::Arc;

use auth::ChannelBinding;
use xmpp::{Jid, StreamHeader, ns};

use super::login::{Elsewhere, PASSWORD};
use super::scripted::Client;

const DATA: &[u8] = b"what both ends know";

async fn connected() -> Client {
    Client::connected(Arc::new(Elsewhere::default()).chained()).await
}

/// A client over a channel that has bindings.
async fn bound() -> Client {
    let bindings = ["tls-exporter", "tls-server-end-point"]
        .map(|kind| ChannelBinding { kind, data: DATA.to_vec() })
        .to_vec();
    Client::over(Arc::new(Elsewhere::default()).chained(), bindings).await
}

fn header() -> StreamHeader {
    StreamHeader {
        to: Some(Jid::parse("chess.example").unwrap()),
        from: None,
        id: None,
        version: (1, 0),
        lang: None,
        content_ns: ns::CLIENT.into(),
    }
}

/// What a client hears that opens with this header: our own, an error, and the end.
async fn refused(header: StreamHeader) -> String {
    let mut client = connected().await;
    client.open(header);
    let ours = client.reads().await;
    assert!(ours.starts_with("<stream"), "{ours}");
    client.ends().await
}

#[tokio::test]
async fn a_header_must_be_a_clients_and_for_a_domain_of_ours() {
    let of_a_server = StreamHeader { content_ns: ns::SERVER.into(), ..header() };
    assert!(refused(of_a_server).await.contains("<invalid-namespace "));
    assert!(refused(StreamHeader { version: (0, 9), ..header() }).await.contains("<unsupported-version "));
    let elsewhere = StreamHeader { to: Some(Jid::parse("elsewhere.example").unwrap()), ..header() };
    assert!(refused(elsewhere).await.contains("<host-unknown "));
    assert!(refused(StreamHeader { to: None, ..header() }).await.contains("<host-unknown "));
}

#[tokio::test]
async fn a_stream_may_end_at_each_step() {
    let mut client = connected().await;
    client.close();
    assert_eq!(client.reads().await, "</stream>");
    let mut client = connected().await;
    client.opens("chess.example").await;
    client.close();
    assert_eq!(client.reads().await, "</stream>");
    let mut client = connected().await;
    client.opens("chess.example").await;
    client.plain("jack", PASSWORD).await;
    client.close();
    assert_eq!(client.reads().await, "</stream>");
}

#[tokio::test]
async fn a_stream_that_was_authenticated_cannot_become_another_domains() {
    let mut client = connected().await;
    client.opens("chess.example").await;
    assert!(client.plain("jack", PASSWORD).await.starts_with("<success"));
    client.open(StreamHeader { to: Some(Jid::parse("elsewhere.example").unwrap()), ..header() });
    client.reads().await;
    assert!(client.ends().await.contains("<host-unknown "));
}

#[tokio::test]
async fn nothing_but_log_in_comes_before_log_in() {
    for early in
        ["<message to='jack@chess.example'/>", "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"]
    {
        let mut client = connected().await;
        client.opens("chess.example").await;
        client.write(early);
        assert!(client.ends().await.contains("<not-authorized "), "{early}");
    }
    let mut client = connected().await;
    client.opens("chess.example").await;
    client.write("<enable xmlns='urn:xmpp:sm:3'/>");
    assert!(client.reads().await.contains("<unexpected-request "));
    assert!(client.plain("jack", PASSWORD).await.starts_with("<success"));
}

#[tokio::test]
async fn attempts_end() {
    let mut client = connected().await;
    client.opens("chess.example").await;
    client.says("auth", " mechanism='SCRAM-SHA-256'", b"n,,n=jack,r=client");
    assert!(client.reads().await.starts_with("<challenge"));
    client.write("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert!(client.reads().await.contains("<aborted"));
    client.says("auth", " mechanism='EXTERNAL'", b"");
    assert!(client.reads().await.contains("<invalid-mechanism"), "it has no certificate");
    client.says("auth", " mechanism='PLAIN'", b"");
    assert!(client.reads().await.starts_with("<challenge"), "there was no initial response");
    client.says("response", "", format!("\0jack\0{PASSWORD}").as_bytes());
    assert!(client.reads().await.starts_with("<success"));
}

#[tokio::test]
async fn a_channel_is_bound_where_it_can_be() {
    let mut client = bound().await;
    let features = client.opens("chess.example").await;
    let kinds = "<channel-binding type='tls-exporter'/><channel-binding type='tls-server-end-point'/>";
    assert!(
        features.contains("<mechanism>SCRAM-SHA-256-PLUS</mechanism>") && features.contains(kinds),
        "{features}"
    );
    for (mechanism, flag, data, word) in [
        ("SCRAM-SHA-256-PLUS", "p=tls-exporter", &b"another channel"[..], "not-authorized"),
        ("SCRAM-SHA-256-PLUS", "p=tls-unique", DATA, "malformed-request"),
        ("SCRAM-SHA-256", "y", b"", "not-authorized"), // somebody in between hides the bindings
        ("SCRAM-SHA-256-PLUS", "p=tls-exporter", DATA, "<success"),
    ] {
        let answer = client.scram_over(mechanism, flag, data, "jack", PASSWORD).await;
        assert!(answer.contains(word), "{mechanism} {flag}: {answer}");
    }
    let mut client = bound().await;
    client.opens("chess.example").await;
    assert!(client.scram("jack", PASSWORD).await.starts_with("<success"), "who cannot bind need not");
    let mut client = connected().await;
    let features = client.opens("chess.example").await;
    assert!(!features.contains("PLUS") && !features.contains("channel-binding"), "{features}");
    assert!(client.scram_over("SCRAM-SHA-256", "y", b"", "jack", PASSWORD).await.starts_with("<success"));
}
