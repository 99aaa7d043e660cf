//! The client side.

use super::*;
use crate::connection::tests::{CHESS, name};
use crate::testing::between;
use crate::traffic;

const STARTTLS: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PROCEED: &[u8] = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// Both ends, when `<starttls/>` has been sent and read.
async fn asked() -> (Connection, Connection) {
    let (stream, peer, far) = tcp().await;
    let limits = ElementLimits::default();
    let (mut server, mut client) =
        (Connection::plain(stream, peer, limits), Connection::plain(far, peer, limits));
    client.out().extend_from_slice(&[HEADER, STARTTLS].concat());
    client.flush().await.unwrap();
    assert!(matches!(server.event().await, Ok(Some(StreamEvent::Open(_)))));
    assert_eq!(name(&mut server).await.as_deref(), Some("starttls"));
    server.out().extend_from_slice(&[HEADER, PROCEED].concat());
    (server, client)
}

#[tokio::test]
async fn starttls_as_the_client() {
    let (store, _dir) = store(&[CHESS]);
    let (server, mut client) = asked().await;
    let config = store.client("other.example").unwrap();
    let upgrade = async {
        assert!(matches!(client.event().await, Ok(Some(StreamEvent::Open(_)))));
        assert_eq!(name(&mut client).await.as_deref(), Some("proceed"));
        client.starttls_client(config.clone(), CHESS).await
    };
    let (server, client) = tokio::join!(server.starttls(store.servers_of_domain(CHESS).unwrap()), upgrade);
    let (mut server, mut client) = (server.unwrap(), client.unwrap());
    assert_eq!(server.tls().unwrap().sni.as_deref(), Some(CHESS));
    let sent = traffic::TCP.sent.get();
    // A new stream in both directions.
    client.out().extend_from_slice(HEADER);
    server.out().extend_from_slice(HEADER);
    for end in [&mut server, &mut client] {
        end.flush().await.unwrap();
    }
    for end in [&mut server, &mut client] {
        assert!(matches!(end.event().await, Ok(Some(StreamEvent::Open(_)))));
    }
    assert!(traffic::TCP.sent.get() > sent);
    assert!(matches!(client.starttls_client(config, CHESS).await, Err(TlsAcceptError::AlreadyTls)));
}

#[tokio::test]
async fn what_is_injected_after_proceed_is_refused() {
    let (store, _dir) = store(&[CHESS]);
    let (mut server, mut client) = asked().await;
    server.out().extend_from_slice(b"<stream:features/>");
    server.flush().await.unwrap();
    assert!(matches!(client.event().await, Ok(Some(StreamEvent::Open(_)))));
    assert_eq!(name(&mut client).await.as_deref(), Some("proceed"));
    let bytes = client.buffered();
    assert_ne!(bytes, 0);
    let refused = client.starttls_client(store.client(CHESS).unwrap(), CHESS).await;
    assert!(matches!(refused, Err(TlsAcceptError::Injected(injected)) if injected == bytes));
}

#[tokio::test]
async fn shutdown_ends_cleanly_in_both_directions() {
    let (store, _dir) = store(&[CHESS]);
    let (server, client) = between(store.direct_servers(), store.client(CHESS).unwrap(), CHESS).await;
    let (mut server, mut client) = (server.unwrap(), client.unwrap());
    client.out().extend_from_slice(&[HEADER, b"</stream:stream>"].concat());
    let reads = async {
        assert!(matches!(server.event().await, Ok(Some(StreamEvent::Open(_)))));
        assert_eq!(name(&mut server).await, None);
        assert!(matches!(server.event().await, Ok(None)));
        server.shutdown().await;
    };
    tokio::join!(client.shutdown(), reads);
}

#[tokio::test]
async fn the_future_of_a_handshake_as_the_client_is_small() {
    let (store, _dir) = store(&[CHESS]);
    let config = || store.client(CHESS).unwrap();
    let (_near, peer, far) = tcp().await;
    let connect = Connection::connect_tls(far, peer, config(), CHESS, ElementLimits::default());
    assert!(size_of_val(&connect) <= 1024, "{}", size_of_val(&connect));
    let (plain, _client) = plain(ElementLimits::default()).await;
    let starttls = plain.starttls_client(config(), CHESS);
    assert!(size_of_val(&starttls) <= 1024, "{}", size_of_val(&starttls));
}
