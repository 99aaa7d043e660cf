//! Clients with certificates (XEP-0178).

use rcgen::ExtendedKeyUsagePurpose::ClientAuth;
use rustls::ClientConfig;
use rustls::sign::SingleCertAndKey;
use tokio::io::AsyncReadExt;

use super::*;
use crate::connection::Connection;
use crate::testing::authority::{Authority, Request, xmpp_addr};

/// A client that has a certificate, and shows it if asked.
fn juliet(ca: &Authority, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
    let dir = tempfile::tempdir().unwrap();
    let names = vec![xmpp_addr("juliet@chess.example")];
    let (cert, key) = ca.files(dir.path(), CHESS, &Request { usages: &[ClientAuth], ..Request::new(names) });
    let mut config = client_with(&[], versions);
    let pair = files::read_pair(CHESS, &cert, &key, NOW_US).unwrap();
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(pair.key));
    config
}

/// The JIDs in the certificate that a client has shown.
async fn shown_by(config: TlsConfig, client: &ClientConfig, name: &str) -> Option<Vec<String>> {
    let (server, _client) = handshake(config, client, name).await;
    server.unwrap().peer_certificate().map(|peer| peer.xmpp_addrs())
}

#[tokio::test]
async fn clients_of_a_domain_with_a_ca_are_asked() {
    let ca = Authority::new("one");
    let (store, _dir) = store(&[CHESS, BRAND]);
    let juliet = juliet(&ca, provider::VERSIONS);
    let jid = Some(vec!["juliet@chess.example".to_owned()]);
    let of = |domain| store.for_domain(domain).unwrap();
    assert_eq!(shown_by(store.direct(), &juliet, CHESS).await, None);
    assert_eq!(shown_by(of(CHESS), &juliet, CHESS).await, None);
    // A configuration that is in use already, as one of a listener.
    let (direct, starttls) = (store.direct(), of(CHESS));
    store.set_client_ca(CHESS, Some(ca.roots()));
    for config in [direct, starttls] {
        assert_eq!(shown_by(config, &juliet, CHESS).await, jid);
    }
    assert_eq!(shown_by(store.direct(), &juliet, BRAND).await, None);
    assert_eq!(shown_by(store.https(), &juliet, CHESS).await, None);
    // By the stream, not by SNI.
    assert_eq!(shown_by(of(CHESS), &juliet, BRAND).await, jid);
    assert_eq!(shown_by(of(BRAND), &juliet, CHESS).await, None);
    // Nothing has to be shown.
    assert_eq!(shown_by(store.direct(), &client(&[]), CHESS).await, None);
    assert_eq!(store.client_ca(CHESS).map(|roots| roots.len()), Some(1));
    store.set_client_ca(CHESS, None);
    assert_eq!(shown_by(store.direct(), &juliet, CHESS).await, None);
    store.set_client_ca(CHESS, Some(ca.roots()));
    store.remove(CHESS);
    assert!(store.client_ca(CHESS).is_none());
}

#[tokio::test]
async fn what_is_shown_can_be_verified() {
    let (ca, other) = (Authority::new("one"), Authority::new("two"));
    let (store, _dir) = store(&[CHESS]);
    store.set_client_ca(CHESS, Some(ca.roots()));
    for (issuer, verified) in [(&ca, Ok(())), (&other, Err(PeerFault::UnknownIssuer))] {
        let juliet = juliet(issuer, provider::VERSIONS);
        let (server, _client) = handshake(store.direct(), &juliet, CHESS).await;
        let peer = server.unwrap().peer_certificate().unwrap();
        assert_eq!(peer.verify_client(&store.client_ca(CHESS).unwrap(), NOW_US), verified);
    }
}

/// The server's end of a handshake, after which the client has its ticket.
async fn ticketed(config: TlsConfig, client: &ClientConfig) -> Connection {
    let (server, far) = handshake(config, client, CHESS).await;
    let (mut server, mut far) = (server.unwrap(), far.unwrap());
    server.out().extend_from_slice(b"<a/>");
    let mut got = [0; 4];
    let (flushed, read) = tokio::join!(server.flush(), far.read_exact(&mut got));
    flushed.unwrap();
    read.unwrap();
    server
}

#[tokio::test]
async fn a_resumed_session_has_the_certificate_that_it_began_with() {
    let ca = Authority::new("one");
    let (store, _dir) = store(&[CHESS]);
    store.set_client_ca(CHESS, Some(ca.roots()));
    for version in provider::VERSIONS {
        let juliet = juliet(&ca, &[version]);
        for config in [store.direct(), store.for_domain(CHESS).unwrap(), store.direct_servers()] {
            let first = ticketed(config.clone(), &juliet).await;
            let second = ticketed(config, &juliet).await;
            assert!(!first.tls().unwrap().resumed && second.tls().unwrap().resumed, "{version:?}");
            assert_eq!(first.peer_certificate(), second.peer_certificate());
            assert!(second.peer_certificate().is_some());
        }
    }
}

#[tokio::test]
async fn a_session_that_was_not_asked_is_not_resumed_where_it_is() {
    let ca = Authority::new("one");
    let (store, _dir) = store(&[CHESS]);
    for version in provider::VERSIONS {
        let juliet = juliet(&ca, &[version]);
        store.set_client_ca(CHESS, None);
        ticketed(store.direct(), &juliet).await;
        assert!(ticketed(store.direct(), &juliet).await.tls().unwrap().resumed);
        store.set_client_ca(CHESS, Some(ca.roots()));
        let server = ticketed(store.direct(), &juliet).await;
        assert!(!server.tls().unwrap().resumed && server.peer_certificate().is_some());
    }
}
