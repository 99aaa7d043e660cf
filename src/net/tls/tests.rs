mod clients;
mod servers;

use std::os::unix::fs::PermissionsExt;

use rustls::CipherSuite;
use tokio::io::AsyncWriteExt;
use xmpp::StreamEvent;

use super::*;
use crate::connection::TlsAcceptError;
use crate::testing::{HEADER, NOW_US, client, client_with, der, handshake, issue, issue_for, shown, store};

const CHESS: &str = "chess.example";
const BRAND: &str = "wuchess.example";

#[tokio::test]
async fn sni_chooses_the_certificate() {
    let (store, dir) = store(&[CHESS, BRAND, "müller.example"]);
    let cases = [
        (CHESS, "chess.example"),
        (BRAND, "wuchess.example"),
        ("WuChess.Example", "wuchess.example"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
    ];
    for (sni, file) in cases {
        let (server, client) = handshake(store.direct(), &client(&["xmpp-client"]), sni).await;
        assert_eq!(shown(&client.unwrap()), der(&dir.path().join(format!("{file}.crt"))), "{sni}");
        let about = server.unwrap().tls().unwrap();
        assert_eq!(about.alpn.as_deref(), Some("xmpp-client"));
        assert_eq!(about.version, "TLSv1_3");
        assert_eq!(about.sni.as_deref(), Some(sni.to_ascii_lowercase().as_str()));
        assert!(!about.resumed);
    }
}

#[tokio::test]
async fn keys_are_derived_with_sha_256_although_the_client_prefers_the_other() {
    let (store, _dir) = store(&[CHESS]);
    for config in [store.direct(), store.https()] {
        let (_, client) = handshake(config, &client(&[]), CHESS).await;
        let client = client.unwrap();
        let suite = client.get_ref().1.negotiated_cipher_suite().unwrap().suite();
        assert_eq!(suite, CipherSuite::TLS13_AES_128_GCM_SHA256);
    }
}

#[tokio::test]
async fn a_certificate_is_shown_for_every_name_it_is_for() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["chess.example", "ws.chess.example", "*.play.example"];
    let (cert, key) = issue_for(dir.path(), &names, 2020, 2040);
    let store = TlsStore::new(crate::testing::clock()).unwrap();
    store.load(CHESS, &cert, &key).unwrap();
    for sni in ["chess.example", "WS.chess.example", "a.play.example"] {
        for config in [store.direct(), store.https()] {
            let (_, client) = handshake(config, &client(&[]), sni).await;
            assert_eq!(shown(&client.unwrap()), der(&cert), "{sni}");
        }
    }
    for sni in ["www.chess.example", "play.example", "a.b.play.example"] {
        let (server, _) = handshake(store.direct(), &client(&[]), sni).await;
        assert!(matches!(server, Err(TlsAcceptError::UnknownName)), "{sni}");
    }
    store.remove(CHESS);
    let (server, _) = handshake(store.direct(), &client(&[]), "ws.chess.example").await;
    assert!(matches!(server, Err(TlsAcceptError::UnknownName)));
}

#[tokio::test]
async fn an_unknown_name_is_refused() {
    let (store, _dir) = store(&[CHESS]);
    let (server, client) = handshake(store.direct(), &client(&[]), "other.example").await;
    assert!(matches!(server, Err(TlsAcceptError::UnknownName)));
    let error = client.unwrap_err();
    assert!(error.to_string().contains("AccessDenied"), "{error}");
}

#[tokio::test]
async fn without_sni_the_default_domain() {
    let (store, dir) = store(&[CHESS, BRAND]);
    let mut quiet = client(&[]);
    quiet.enable_sni = false;
    let (server, client) = handshake(store.direct(), &quiet, BRAND).await;
    assert_eq!(server.unwrap().tls().unwrap().sni, None);
    assert_eq!(shown(&client.unwrap()), der(&dir.path().join("chess.example.crt")));
    store.set_default(BRAND);
    let (_, client) = handshake(store.direct(), &quiet, CHESS).await;
    assert_eq!(shown(&client.unwrap()), der(&dir.path().join("wuchess.example.crt")));
    store.remove(BRAND);
    let (_, client) = handshake(store.direct(), &quiet, CHESS).await;
    assert_eq!(shown(&client.unwrap()), der(&dir.path().join("chess.example.crt")), "another one");
    store.remove(CHESS);
    let (server, _) = handshake(store.direct(), &quiet, CHESS).await;
    assert!(matches!(server, Err(TlsAcceptError::UnknownName)));
}

#[tokio::test]
async fn starttls_goes_by_sni_then_by_domain() {
    let (store, dir) = store(&[CHESS, BRAND]);
    let config = store.for_domain(CHESS).unwrap();
    for (sni, file) in [(CHESS, CHESS), (BRAND, BRAND), ("host.hoster.example", CHESS)] {
        let (_, client) = handshake(config.clone(), &client(&[]), sni).await;
        assert_eq!(shown(&client.unwrap()), der(&dir.path().join(format!("{file}.crt"))), "{sni}");
    }
    let mut quiet = client(&[]);
    quiet.enable_sni = false;
    let (_, client) = handshake(store.for_domain(BRAND).unwrap(), &quiet, CHESS).await;
    assert_eq!(shown(&client.unwrap()), der(&dir.path().join("wuchess.example.crt")));
    assert!(store.for_domain("other.example").is_none());
}

#[tokio::test]
async fn alpn() {
    let (store, _dir) = store(&[CHESS]);
    for (offered, accepted) in [
        (&["xmpp-client"][..], true),
        (&["h2", "xmpp-client"], true),
        (&[], true),
        (&["h2", "http/1.1"], false),
    ] {
        let (server, client) = handshake(store.direct(), &client(offered), CHESS).await;
        assert_eq!(client.is_ok(), accepted, "{offered:?}");
        match server {
            Ok(_) => assert!(accepted),
            Err(error) => assert!(matches!(error, TlsAcceptError::WrongAlpn) && !accepted, "{error}"),
        }
    }
}

#[tokio::test]
async fn tls_1_2_is_spoken_too() {
    let (store, _dir) = store(&[CHESS]);
    let old = client_with(&[], &[&rustls::version::TLS12]);
    let (server, client) = handshake(store.direct(), &old, CHESS).await;
    client.unwrap();
    assert_eq!(server.unwrap().tls().unwrap().version, "TLSv1_2");
}

#[tokio::test]
async fn a_ticket_resumes() {
    let (store, _dir) = store(&[CHESS]);
    let old = client_with(&[], &[&rustls::version::TLS12]);
    for resumed in [false, true] {
        let (server, client) = handshake(store.direct(), &old, CHESS).await;
        client.unwrap();
        assert_eq!(server.unwrap().tls().unwrap().resumed, resumed);
    }
}

/// A reload reads all files again: that must cost no client its tickets.
#[tokio::test]
async fn a_ticket_resumes_after_the_same_certificate_was_loaded_again() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = issue(dir.path(), CHESS, 2026, 2027);
    let store = TlsStore::new(crate::testing::clock()).unwrap();
    let old = client_with(&[], &[&rustls::version::TLS12]);
    for resumed in [false, true, true] {
        store.load(CHESS, &cert, &key).unwrap();
        let (server, client) = handshake(store.for_domain(CHESS).unwrap(), &old, CHESS).await;
        client.unwrap();
        assert_eq!(server.unwrap().tls().unwrap().resumed, resumed);
    }
    let (cert, key) = issue(dir.path(), CHESS, 2026, 2028);
    store.load(CHESS, &cert, &key).unwrap();
    let (server, client) = handshake(store.for_domain(CHESS).unwrap(), &old, CHESS).await;
    client.unwrap();
    assert!(!server.unwrap().tls().unwrap().resumed, "another certificate");
}

#[tokio::test]
async fn a_new_certificate_for_new_handshakes_only() {
    let (store, _kept) = store(&[BRAND]);
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = issue(dir.path(), CHESS, 2026, 2027);
    store.load(CHESS, &cert, &key).unwrap();
    let (first, config) = (der(&cert), store.for_domain(CHESS).unwrap());
    let (server, open) = handshake(store.direct(), &client(&[]), CHESS).await;
    let (mut server, mut open) = (server.unwrap(), open.unwrap());
    assert_eq!(shown(&open), first);

    // A broken file changes nothing.
    std::fs::write(&cert, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(store.load(CHESS, &cert, &key).unwrap_err().fault, TlsFault::Pem(_)));
    let (_, again) = handshake(store.direct(), &client(&[]), CHESS).await;
    assert_eq!(shown(&again.unwrap()), first);

    let (cert, key) = issue(dir.path(), CHESS, 2026, 2028);
    store.load(CHESS, &cert, &key).unwrap();
    for config in [store.direct(), store.for_domain(CHESS).unwrap(), config] {
        let (_, renewed) = handshake(config, &client(&[]), CHESS).await;
        assert_eq!(shown(&renewed.unwrap()), der(&cert));
    }
    open.write_all(HEADER).await.unwrap();
    assert!(matches!(server.event().await, Ok(Some(StreamEvent::Open(_)))));
}

#[tokio::test]
async fn an_alias_borrows_until_it_has_its_own() {
    let (store, dir) = store(&[CHESS]);
    let room = "conference.chess.example";
    assert!(!store.alias(room, "other.example"));
    assert!(store.alias(room, CHESS));
    let (_, client_end) = handshake(store.direct(), &client(&[]), room).await;
    assert_eq!(shown(&client_end.unwrap()), der(&dir.path().join("chess.example.crt")));
    store.self_signed(room, dir.path()).unwrap();
    assert!(store.alias(room, CHESS));
    let (_, client_end) = handshake(store.direct(), &client(&[]), room).await;
    assert_eq!(shown(&client_end.unwrap()), der(&dir.path().join("conference.chess.example.crt")));
    store.alias("pubsub.chess.example", CHESS);
    store.remove(CHESS);
    assert!(store.for_domain("pubsub.chess.example").is_none());
    assert!(store.for_domain(room).is_some());
}

#[test]
fn what_can_be_wrong_with_files() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = issue(dir.path(), CHESS, 2026, 2027);
    let (other_cert, other_key) = issue(dir.path(), BRAND, 2026, 2027);
    let missing = dir.path().join("missing.pem");
    let text = dir.path().join("text.pem");
    std::fs::write(&text, "no PEM in here\n").unwrap();
    let junk = dir.path().join("junk.pem");
    std::fs::write(&junk, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let bad_key = dir.path().join("bad.key");
    std::fs::write(&bad_key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    let cases: [(&Path, &Path, &Path, &str); 8] = [
        (&missing, &key, &missing, "cannot be read"),
        (&cert, &missing, &missing, "cannot be read"),
        (&text, &key, &text, "contains no certificate"),
        (&cert, &text, &text, "contains no private key"),
        (&cert, &other_key, &other_key, "does not match the certificate"),
        (&other_cert, &key, &key, "does not match the certificate"),
        (&junk, &key, &junk, "contains an unusable certificate"),
        (&cert, &bad_key, &bad_key, "contains an unusable private key"),
    ];
    for (cert, key, path, what) in cases {
        let error = check_files(CHESS, cert, key, NOW_US).unwrap_err();
        assert_eq!(error.path, path);
        assert_eq!(error.field == CertField::Key, path == key);
        assert!(error.to_string().contains(what), "{error}");
        assert!(!error.remedy().is_empty());
    }
    // A file with both certificate and key serves as either.
    let both = dir.path().join("both.pem");
    let joined = [std::fs::read(&key).unwrap(), std::fs::read(&cert).unwrap()].concat();
    std::fs::write(&both, joined).unwrap();
    assert_eq!(check_files(CHESS, &both, &both, NOW_US).unwrap().warnings, []);
}

#[test]
fn what_is_only_warned_about() {
    let dir = tempfile::tempdir().unwrap();
    let warnings = |domain: &str, from, to| {
        let (cert, key) = issue(dir.path(), CHESS, from, to);
        check_files(domain, &cert, &key, NOW_US).unwrap().warnings
    };
    assert_eq!(warnings(CHESS, 2026, 2027), []);
    assert_eq!(warnings(CHESS, 2024, 2026), [TlsWarning::Expired]);
    assert_eq!(warnings(CHESS, 2027, 2028), [TlsWarning::NotYetValid]);
    assert_eq!(warnings(BRAND, 2026, 2027), [TlsWarning::OtherName(BRAND.to_owned())]);
    let (cert, key) = issue(dir.path(), CHESS, 2026, 2027);
    let end_of_2026 = 1_798_761_600_000_000;
    let three_days_before = end_of_2026 - 3 * 86_400_000_000;
    let loaded = check_files(CHESS, &cert, &key, three_days_before).unwrap();
    assert_eq!(loaded.warnings, [TlsWarning::ExpiresSoon(3)]);
    assert_eq!(loaded.not_after_us, Some(end_of_2026));
}

#[test]
fn self_signed_is_kept_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("certificates");
    let store = TlsStore::new(crate::testing::clock()).unwrap();
    let loaded = store.self_signed(CHESS, &folder).unwrap();
    assert_eq!(loaded.warnings, [TlsWarning::SelfSigned]);
    let (cert, key) = (folder.join("chess.example.crt"), folder.join("chess.example.key"));
    let mode = std::fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for name in [CHESS, "conference.chess.example"] {
        assert_eq!(check_files(name, &cert, &key, NOW_US).unwrap().warnings, []);
    }
    let first = der(&cert);
    store.self_signed(CHESS, &folder).unwrap();
    assert_eq!(der(&cert), first);
    // Expired, or half of it lost: a new one is created.
    let later = Arc::new(runtime::ManualClock::new(NOW_US + 4000 * 86_400_000_000));
    TlsStore::new(later).unwrap().self_signed(CHESS, &folder).unwrap();
    let second = der(&cert);
    assert_ne!(second, first);
    std::fs::remove_file(&key).unwrap();
    store.self_signed(CHESS, &folder).unwrap();
    assert_ne!(der(&cert), second);
}

#[test]
fn self_signed_for_an_address() {
    let dir = tempfile::tempdir().unwrap();
    let store = TlsStore::new(crate::testing::clock()).unwrap();
    for address in ["127.0.0.1", "[::1]"] {
        let loaded = store.self_signed(address, dir.path()).unwrap();
        assert_eq!(loaded.warnings, [TlsWarning::SelfSigned], "{address}");
        assert!(store.for_domain(address).is_some());
    }
}
