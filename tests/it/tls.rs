//! TLS: which certificate a handshake gets, what reload changes about it, and what STARTTLS refuses.

use std::fs;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use xmpp::ns;

use crate::fixture::{Server, add_users, folder};
use crate::raw::{Raw, header};

const JACK: &str = "jack@chess.example";
const OTHER: &str = "jack@wuchess.example";

/// One domain with files, one with a certificate of the server's making.
const CONFIG: &str = "[[domain]]\nname = \"chess.example\"\ntls = { cert = \"chess.pem\", key = \"chess.key\" }\n\
                      [[domain]]\nname = \"wuchess.example\"\n";

/// Writes a certificate and its key as the configuration names them; the certificate as DER.
fn issue(dir: &Path, name: &str) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(dir.join("chess.pem"), certificate.pem()).unwrap();
    fs::write(dir.join("chess.key"), key.serialize_pem()).unwrap();
    certificate.der().to_vec()
}

fn start() -> (Server, Vec<u8>, Vec<u8>) {
    let dir = folder(CONFIG);
    let chess = issue(dir.path(), "chess.example");
    add_users(dir.path(), &[JACK, OTHER]);
    let server = Server::start_in(dir);
    let made = server.dir.path().join("data/certificates/wuchess.example.crt");
    let wuchess = CertificateDer::from_pem_file(made).unwrap().to_vec();
    (server, chess, wuchess)
}

fn direct(server: &Server, sni: &str) -> Raw {
    let raw = Raw::connect(server.address("c2s_tls"), sni);
    raw.handshake(sni, &["xmpp-client"], None).unwrap()
}

fn starttls(server: &Server, to: &str, sni: Option<&str>) -> Raw {
    Raw::open(server.address("c2s"), to).starttls(sni)
}

#[test]
fn each_domain_has_its_certificate() {
    let (server, chess, wuchess) = start();
    // direct TLS: by SNI; an address is no SNI
    assert_eq!(direct(&server, "chess.example").certificate(), chess);
    assert_eq!(direct(&server, "CHESS.example").certificate(), chess);
    assert_eq!(direct(&server, "wuchess.example").certificate(), wuchess);
    assert_eq!(direct(&server, "127.0.0.1").certificate(), chess, "the first domain is the default");
    let unknown = Raw::connect(server.address("c2s_tls"), "no.example");
    assert!(unknown.handshake("no.example", &["xmpp-client"], None).is_err());
    // STARTTLS: by SNI, else by the stream's `to`
    assert_eq!(starttls(&server, "chess.example", None).certificate(), chess);
    assert_eq!(starttls(&server, "wuchess.example", None).certificate(), wuchess);
    assert_eq!(starttls(&server, "wuchess.example", Some("127.0.0.1")).certificate(), wuchess);
    assert_eq!(starttls(&server, "wuchess.example", Some("xmpp.hoster.example")).certificate(), wuchess);
    assert_eq!(starttls(&server, "chess.example", Some("wuchess.example")).certificate(), wuchess);
}

#[test]
fn a_client_that_verifies_is_satisfied() {
    let (server, _, wuchess) = start();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(wuchess)).unwrap();
    let connect = || Raw::connect(server.address("c2s_tls"), "wuchess.example");
    let mut raw = connect().handshake("wuchess.example", &["xmpp-client"], Some(roots.clone())).unwrap();
    raw.restart();
    raw.authenticate("jack", "secret").unwrap();
    assert!(connect().handshake("chess.example", &["xmpp-client"], Some(roots)).is_err());
}

#[test]
fn direct_tls_agrees_on_its_protocol() {
    let (server, ..) = start();
    let connect = || Raw::connect(server.address("c2s_tls"), "chess.example");
    let agreed = |offered: &[&str]| {
        connect()
            .handshake("chess.example", offered, None)
            .map(|raw| raw.protocol())
            .map_err(|e| e.to_string())
    };
    assert_eq!(agreed(&["xmpp-client"]), Ok(Some("xmpp-client".into())));
    assert_eq!(agreed(&["h2", "xmpp-client"]), Ok(Some("xmpp-client".into())));
    assert_eq!(agreed(&[]), Ok(None), "clients without ALPN are let in");
    assert!(agreed(&["http/1.1"]).unwrap_err().contains("NoApplicationProtocol"));
}

#[test]
fn reload_changes_new_handshakes_only() {
    let (server, first, wuchess) = start();
    let mut open = [direct(&server, "chess.example"), starttls(&server, "chess.example", None)];
    for (raw, resource) in open.iter_mut().zip(["direct", "starttls"]) {
        raw.restart();
        raw.authenticate("jack", "secret").unwrap();
        raw.bind(resource).unwrap();
    }
    let second = issue(server.dir.path(), "chess.example");
    assert_eq!(direct(&server, "chess.example").certificate(), first, "not before reload");
    server.ok(&["reload"]);
    let check = |expected: &[u8]| {
        assert_eq!(direct(&server, "chess.example").certificate(), expected);
        assert_eq!(starttls(&server, "chess.example", None).certificate(), expected);
        assert_eq!(direct(&server, "wuchess.example").certificate(), wuchess);
    };
    check(&second);
    open.iter_mut().for_each(|raw| drop(raw.ping()));

    // what cannot be used leaves the old one in use, and the operator is told
    let key = server.dir.path().join("chess.key");
    fs::write(&key, "nonsense").unwrap();
    let said = server.ok(&["reload"]);
    assert!(said.contains("chess.key contains no private key"), "{said}");
    assert!(said.contains("a certificate already in use remains in use"), "{said}");
    check(&second);
    fs::remove_file(&key).unwrap();
    let said = server.ok(&["reload"]);
    assert!(said.contains("chess.key cannot be read"), "{said}");
    check(&second);
    let other = rcgen::KeyPair::generate().unwrap();
    fs::write(&key, other.serialize_pem()).unwrap();
    let said = server.ok(&["reload"]);
    assert!(said.contains("does not match the certificate"), "{said}");
    check(&second);
    open.iter_mut().for_each(|raw| drop(raw.ping()));

    let third = issue(server.dir.path(), "chess.example");
    assert_eq!(server.ok(&["reload"]), "wuchess.example: the certificate is self-signed\n");
    check(&third);
}

#[test]
fn a_server_does_not_start_with_a_certificate_it_cannot_use() {
    let dir = folder(CONFIG);
    issue(dir.path(), "chess.example");
    fs::write(dir.path().join("chess.key"), "nonsense").unwrap();
    let config = fs::read_to_string(dir.path().join("castling.toml")).unwrap();
    let line = config.lines().position(|line| line.contains("chess.key")).unwrap() + 1;
    for command in ["serve", "check"] {
        let output = crate::fixture::castling(dir.path(), &[command], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said.contains(&format!("castling.toml:{line}: "))
                && said.contains("chess.key contains no private key"),
            "{said}"
        );
    }
}

#[test]
fn starttls_is_required() {
    let (server, ..) = start();
    let mut raw = Raw::connect(server.address("c2s"), "chess.example");
    let features = raw.restart();
    let offered: Vec<_> = features.children().map(|feature| feature.name().to_owned()).collect();
    assert_eq!(offered, ["starttls"]);
    assert!(features.find("starttls", ns::TLS).unwrap().find("required", ns::TLS).is_some());
    let answer = raw.plain("jack", "secret");
    assert!(answer.is("error", ns::STREAM), "{}", answer.to_xml(""));
    assert_eq!(crate::raw::condition(&answer), "policy-violation");
    raw.ended();
}

#[test]
fn what_is_sent_behind_starttls_in_the_clear_is_not_obeyed() {
    let (server, ..) = start();
    let mut raw = Raw::open(server.address("c2s"), "chess.example");
    let injected = format!(
        "<starttls xmlns='{}'/>{}<auth xmlns='{}' mechanism='PLAIN'>AGphY2sAc2VjcmV0</auth>",
        ns::TLS,
        header("chess.example"),
        ns::SASL
    );
    raw.send(&injected);
    // at most <proceed/>, which nothing of what was injected has an answer to
    if let Some(element) = raw.try_next() {
        assert!(element.is("proceed", ns::TLS), "{}", element.to_xml(""));
        raw.ended();
    }
    let list = server.ok(&["session", "list", "--json"]);
    assert_eq!(list.trim(), "[]");
    starttls(&server, "chess.example", None).restart();
}

#[test]
fn direct_tls_is_not_the_beginning_of_a_plain_stream() {
    let (server, ..) = start();
    let mut raw = Raw::connect(server.address("c2s_tls"), "chess.example");
    raw.send(&header("chess.example"));
    // an alert of TLS is no XML: the connection only has to end
    raw.closed();
    let mut good = direct(&server, "chess.example");
    good.restart();
    assert!(good.plain("jack", "secret").is("success", ns::SASL));
}
