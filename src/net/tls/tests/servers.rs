//! Between servers: our client side, our server side.

use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::*;
use crate::connection::Connection;
use crate::testing::authority::{Authority, Request, dns};
use crate::testing::{between, tcp};

/// Two servers with certificates of one authority.
fn two(ca: &Authority) -> (TlsStore, TlsStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = |domain: &str| {
        let store = TlsStore::new(crate::testing::clock()).unwrap();
        let (cert, key) = ca.files(dir.path(), domain, &Request::new(vec![dns(domain)]));
        store.load(domain, &cert, &key).unwrap();
        store
    };
    (store(CHESS), store(BRAND))
}

#[tokio::test]
async fn both_show_their_certificates() {
    let ca = Authority::new("one");
    let (chess, brand) = two(&ca);
    for (config, alpn) in
        [(chess.direct_servers(), Some("xmpp-server")), (chess.servers_of_domain(CHESS).unwrap(), None)]
    {
        let (server, client) = between(config, brand.client(BRAND).unwrap(), CHESS).await;
        let (server, client) = (server.unwrap(), client.unwrap());
        let about = server.tls().unwrap();
        assert_eq!((about.sni.as_deref(), about.alpn.as_deref()), (Some(CHESS), alpn));
        assert_eq!((client.tls().unwrap().alpn.as_deref(), client.tls().unwrap().version), (alpn, "TLSv1_3"));
        let shown = [&server, &client].map(|end| end.peer_certificate().unwrap());
        let verified = shown.each_ref().map(|peer| peer.verify(BRAND, &ca.roots(), NOW_US).is_ok());
        assert_eq!(verified, [true, false]);
        assert_eq!(shown[1].verify(CHESS, &ca.roots(), NOW_US), Ok(()));
        assert_eq!(shown[1].dns_names(), [CHESS]);
    }
}

#[tokio::test]
async fn without_a_certificate_none_is_shown() {
    let (chess, _brand) = two(&Authority::new("one"));
    let nameless = TlsStore::new(crate::testing::clock()).unwrap();
    let (server, client) = between(chess.direct_servers(), nameless.client(BRAND).unwrap(), CHESS).await;
    assert_eq!(server.unwrap().peer_certificate(), None);
    assert!(client.unwrap().peer_certificate().is_some());
    // A server's certificate is asked for by servers only.
    let (_, brand) = two(&Authority::new("one"));
    let config = chess.for_domain(CHESS).unwrap();
    let (server, _) = between(config, brand.client(BRAND).unwrap(), CHESS).await;
    assert_eq!(server.unwrap().peer_certificate(), None);
}

#[tokio::test]
async fn protocols() {
    let (chess, brand) = two(&Authority::new("one"));
    // A port for clients.
    let (server, refused) = between(chess.direct(), brand.client(BRAND).unwrap(), CHESS).await;
    assert!(matches!(server, Err(TlsAcceptError::WrongAlpn)));
    assert!(matches!(refused, Err(TlsAcceptError::WrongAlpn)));
    let (server, refused) =
        between(chess.direct_servers(), brand.client(BRAND).unwrap(), "other.example").await;
    assert!(matches!(server, Err(TlsAcceptError::UnknownName)));
    assert!(matches!(refused, Err(TlsAcceptError::Handshake(_))));
    for (offered, accepted) in [(&["xmpp-server"][..], true), (&[], true), (&["xmpp-client"], false)] {
        let (server, _) = handshake(chess.direct_servers(), &client(offered), CHESS).await;
        assert_eq!(server.is_ok(), accepted, "{offered:?}");
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_sent() {
    let (chess, brand) = two(&Authority::new("one"));
    let (_, client) = between(chess.direct_servers(), brand.client(BRAND).unwrap(), "a b").await;
    assert!(matches!(client, Err(TlsAcceptError::BadName(name)) if name == "a b"));
    // An address is not sent: the default domain answers.
    let (server, client) = between(chess.direct_servers(), brand.client(BRAND).unwrap(), "[::1]").await;
    assert_eq!(server.unwrap().tls().unwrap().sni, None);
    assert_eq!(client.unwrap().peer_certificate().unwrap().dns_names(), [CHESS]);
}

#[test]
fn a_configuration_is_kept_until_the_certificate_changes() {
    let ca = Authority::new("one");
    let dir = tempfile::tempdir().unwrap();
    let store = TlsStore::new(crate::testing::clock()).unwrap();
    let same = |one: &TlsClientConfig, other: &TlsClientConfig| Arc::ptr_eq(&one.0, &other.0);
    let none = store.client(CHESS).unwrap();
    assert!(same(&none, &store.client(BRAND).unwrap()));
    let request = Request::new(vec![dns(CHESS)]);
    let (cert, key) = ca.files(dir.path(), CHESS, &request);
    store.load(CHESS, &cert, &key).unwrap();
    let first = store.client(CHESS).unwrap();
    store.load(CHESS, &cert, &key).unwrap();
    assert!(same(&first, &store.client(CHESS).unwrap()) && !same(&first, &none));
    let (cert, key) = ca.files(dir.path(), CHESS, &request);
    store.load(CHESS, &cert, &key).unwrap();
    assert!(!same(&first, &store.client(CHESS).unwrap()));
}

/// A certificate shown with the key of another.
fn stolen(dir: &Path) -> Arc<SingleCertAndKey> {
    let pair = |name| {
        let (cert, key) = issue(dir, name, 2026, 2027);
        files::read_pair(name, &cert, &key, NOW_US).unwrap().key
    };
    let key = CertifiedKey::new(pair(CHESS).cert, pair(BRAND).key);
    Arc::new(SingleCertAndKey::from(key))
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (chess, brand) = two(&Authority::new("one"));
    let stolen = stolen(dir.path());
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let server = rustls::ServerConfig::builder_with_provider(provider::provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(stolen.clone() as Arc<dyn ResolvesServerCert>);
        let (stream, peer, far) = tcp().await;
        let config = brand.client(BRAND).unwrap();
        let (client, _) = tokio::join!(
            Connection::connect_tls(far, peer, config, CHESS, xmpp::ElementLimits::default()),
            tokio_rustls::TlsAcceptor::from(Arc::new(server)).accept(stream),
        );
        assert!(matches!(client, Err(TlsAcceptError::Handshake(_))), "as a server");
        let mut client = client_with(&[], &[version]);
        client.client_auth_cert_resolver = stolen.clone();
        let (server, _) = handshake(chess.direct_servers(), &client, CHESS).await;
        assert!(matches!(server, Err(TlsAcceptError::Handshake(_))), "as a client");
    }
}

#[tokio::test]
async fn a_chain_too_long_is_refused() {
    let (chess, _) = two(&Authority::new("one"));
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = issue(dir.path(), BRAND, 2026, 2027);
    let pair = files::read_pair(BRAND, &cert, &key, NOW_US).unwrap().key;
    for (times, accepted) in [(20, true), (200, false)] {
        let chain = pair.cert.iter().cycle().take(times).cloned().collect();
        let mut client = client(&[]);
        let key = CertifiedKey::new(chain, pair.key.clone());
        client.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(key));
        let (server, _) = handshake(chess.direct_servers(), &client, CHESS).await;
        assert_eq!(server.is_ok(), accepted, "{times}");
    }
}
