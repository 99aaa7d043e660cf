//! Channel binding, at both ends.

use std::sync::Arc;

use rustls::version::{TLS12, TLS13};

use super::*;
use crate::connection::tests::CHESS;
use crate::testing::authority::{Authority, Request, dns};
use crate::testing::{between, client_with, clock};
use crate::{TlsClientConfig, TlsStore};

use ChannelBinding::{TlsExporter, TlsServerEndPoint};

fn load(store: &TlsStore, algorithm: &'static rcgen::SignatureAlgorithm) {
    let dir = tempfile::tempdir().unwrap();
    let request = Request { algorithm, ..Request::new(vec![dns(CHESS)]) };
    let (cert, key) = Authority::new("one").files(dir.path(), CHESS, &request);
    store.load(CHESS, &cert, &key).unwrap();
}

/// What both ends have, which is the same.
fn common(ends: &[Connection; 2], kind: ChannelBinding) -> Option<Vec<u8>> {
    let [server, client] = ends.each_ref().map(|end| end.channel_binding(kind));
    assert_eq!(server, client, "{kind:?}");
    server
}

async fn connected(store: &TlsStore, client: &TlsClientConfig) -> [Connection; 2] {
    let (server, client) = between(store.direct_servers(), client.clone(), CHESS).await;
    [server.unwrap(), client.unwrap()]
}

#[tokio::test]
async fn both_ends_agree() {
    for algorithm in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384]
    {
        let store = TlsStore::new(clock()).unwrap();
        load(&store, algorithm);
        let mut all = Vec::new();
        for version in [&TLS13, &TLS12] {
            let client = TlsClientConfig(Arc::new(client_with(&[], &[version])));
            for _ in 0..2 {
                let ends = connected(&store, &client).await;
                let exporter = common(&ends, TlsExporter);
                assert_eq!(exporter.as_ref().map(Vec::len), (*version == TLS13).then_some(32));
                all.extend(exporter);
                assert_eq!(common(&ends, TlsServerEndPoint).map(|hash| hash.len()), Some(32));
            }
        }
        assert_eq!(all.len(), 2);
        assert_ne!(all[0], all[1], "each connection has its own");
    }
}

#[tokio::test]
async fn a_certificate_that_was_replaced_is_still_the_one_that_was_shown() {
    let store = TlsStore::new(clock()).unwrap();
    load(&store, &rcgen::PKCS_RSA_SHA256);
    for version in [&TLS13, &TLS12] {
        // It keeps its tickets.
        let client = TlsClientConfig(Arc::new(client_with(&[], &[version])));
        let mut ends = connected(&store, &client).await;
        let shown = common(&ends, TlsServerEndPoint).unwrap();
        received(&mut ends).await;
        let resumed = connected(&store, &client).await;
        assert!(resumed[0].tls().unwrap().resumed);
        assert_eq!(common(&resumed, TlsServerEndPoint), Some(shown.clone()), "resumed");
        load(&store, &rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(common(&ends, TlsServerEndPoint), Some(shown.clone()), "replaced");
        let new = connected(&store, &client).await;
        assert!(!new[0].tls().unwrap().resumed);
        assert_ne!(common(&new, TlsServerEndPoint), Some(shown), "{version:?}");
    }
}

/// The client has read what the server sent, a ticket with it.
async fn received([server, client]: &mut [Connection; 2]) {
    server.out().extend_from_slice(HEADER);
    let (flushed, event) = tokio::join!(server.flush(), client.event());
    flushed.unwrap();
    assert!(matches!(event, Ok(Some(StreamEvent::Open(_)))));
}

#[tokio::test]
async fn what_has_none() {
    let (stream, peer, _far) = tcp().await;
    let plain = Connection::plain(stream, peer, ElementLimits::default());
    assert_eq!(plain.channel_binding(TlsExporter), None);
    let store = TlsStore::new(clock()).unwrap();
    load(&store, &rcgen::PKCS_ED25519);
    let ends = connected(&store, &TlsClientConfig(Arc::new(client_with(&[], &[&TLS13])))).await;
    // Signed with ECDSA, whatever its own key.
    assert!(common(&ends, TlsServerEndPoint).is_some());
    for kind in [TlsExporter, TlsServerEndPoint] {
        assert_eq!(ChannelBinding::from_name(kind.name()), Some(kind));
    }
    assert_eq!(ChannelBinding::from_name("tls-unique"), None);
}
