//! Log-in by what TLS knows: channel binding, and client certificates.

use std::fs;

use client::Scram;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, OtherNameValue, SanType};
use xmpp::{Element, ns};

use crate::fixture::{Server, add_users, folder};
use crate::raw::{Raw, condition};

const USERS: [&str; 2] = ["anna@chess.example", "bob@chess.example"];

/// Names of a kind among the features.
fn names(features: &Element, list: (&str, &str)) -> Vec<String> {
    let list = features.find(list.0, list.1);
    let name = |one: &Element| one.get("type").map_or_else(|| one.text_content(), str::to_owned);
    list.map(|list| list.children().map(name).collect()).unwrap_or_default()
}

fn mechanisms(features: &Element) -> Vec<String> {
    names(features, ("mechanisms", ns::SASL))
}

/// A stream inside TLS, and its features.
fn secured(server: &Server) -> (Raw, Element) {
    let mut raw = Raw::open(server.address("c2s"), "chess.example").starttls(None);
    let features = raw.restart();
    (raw, features)
}

#[test]
fn a_client_binds_its_log_in_to_the_channel() {
    let server = Server::start_with(
        "[auth]\nscram = [\"sha-1\", \"sha-256\", \"sha-512\"]\n[[domain]]\nname = \"chess.example\"\n",
        &USERS,
    );
    let (mut raw, features) = secured(&server);
    let offered = mechanisms(&features);
    let expected = [
        "SCRAM-SHA-512-PLUS",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-512",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "PLAIN",
    ];
    assert_eq!(offered, expected);
    let bindings = names(&features, ("sasl-channel-binding", ns::SASL_CB));
    assert_eq!(bindings, ["tls-exporter", "tls-server-end-point"]);
    let scram = Scram::sha256("anna", "secret").bound("tls-exporter", vec![0; 32]);
    let challenge = raw.begin(&scram);
    assert_eq!(condition(&raw.finish(&scram, &challenge)), "not-authorized", "of another channel");
    let scram = Scram::sha256("anna", "secret").bound("tls-exporter", raw.exporter());
    let challenge = raw.begin(&scram);
    assert!(raw.finish(&scram, &challenge).is("success", ns::SASL));
    let (mut raw, _) = secured(&server);
    let end_point = {
        use sha2::{Digest, Sha256};
        Sha256::digest(raw.certificate()).to_vec()
    };
    let scram = Scram::sha1("anna", "secret").bound("tls-server-end-point", end_point);
    let challenge = raw.begin(&scram);
    assert!(raw.finish(&scram, &challenge).is("success", ns::SASL));
    let mut plain = Raw::connect(server.address("c2s_plain"), "chess.example");
    let offered = mechanisms(&plain.restart());
    assert_eq!(offered, ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"], "without TLS there is no channel");
}

/// An address in a certificate (RFC 6120 section 13.7.1.4).
fn address(jid: &str) -> SanType {
    SanType::OtherName((vec![1, 3, 6, 1, 5, 5, 7, 8, 5], OtherNameValue::Utf8String(jid.to_owned())))
}

/// A certificate of an issuer, with these addresses, and its key, both DER.
fn issued(issuer: &Issuer<'static, KeyPair>, addresses: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = addresses.iter().map(|jid| address(jid)).collect();
    (params.signed_by(&key, issuer).unwrap().der().to_vec(), key.serialize_der())
}

fn issuer() -> (Issuer<'static, KeyPair>, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

/// What EXTERNAL is answered with to who shows this certificate; `None`: it is not offered.
fn external(server: &Server, (chain, key): (Vec<u8>, Vec<u8>), identity: &str) -> Option<String> {
    let mut raw = Raw::open(server.address("c2s"), "chess.example");
    raw.send(&format!("<starttls xmlns='{}'/>", ns::TLS));
    raw.next();
    let mut raw = raw.handshake_as("chess.example", chain, key);
    if !mechanisms(&raw.restart()).contains(&"EXTERNAL".to_owned()) {
        return None;
    }
    use base64::Engine;
    let identity = match identity {
        "" => "=".to_owned(),
        jid => base64::engine::general_purpose::STANDARD.encode(jid),
    };
    raw.send(&format!("<auth xmlns='{}' mechanism='EXTERNAL'>{identity}</auth>", ns::SASL));
    let answer = raw.next();
    if !answer.is("success", ns::SASL) {
        return Some(condition(&answer));
    }
    raw.restart();
    raw.bind("x").unwrap();
    Some(raw.jid)
}

#[test]
fn a_certificate_logs_in_without_a_password() {
    let dir = folder(
        "[[domain]]\nname = \"chess.example\"\ntls = { cert = \"c.pem\", key = \"k.pem\", client_ca = \"ca.pem\" }\n",
    );
    let (authority, pem) = issuer();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["chess.example".to_owned()]).unwrap();
    fs::write(dir.path().join("c.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(dir.path().join("k.pem"), key.serialize_pem()).unwrap();
    fs::write(dir.path().join("ca.pem"), pem).unwrap();
    add_users(dir.path(), &USERS);
    let server = Server::start_in(dir);
    let said = |addresses: &[&str], identity| external(&server, issued(&authority, addresses), identity);
    let anna = || Some("anna@chess.example/x".to_owned());
    let word = |word: &str| Some(word.to_owned());
    assert_eq!(said(&["anna@chess.example"], ""), anna());
    assert_eq!(said(&["anna@chess.example"], "anna@chess.example"), anna());
    assert_eq!(said(&USERS, "anna@chess.example"), anna(), "one of several");
    assert_eq!(said(&USERS, ""), word("invalid-authzid"), "which of them?");
    assert_eq!(said(&["anna@chess.example"], "bob@chess.example"), word("invalid-authzid"));
    assert_eq!(said(&["nobody@chess.example"], ""), word("not-authorized"));
    assert_eq!(said(&["anna@other.example"], ""), None, "another domain's");
    assert_eq!(said(&[], ""), None);
    let (stranger, _) = issuer();
    assert_eq!(external(&server, issued(&stranger, &["anna@chess.example"]), ""), None, "of another issuer");
    let (_, features) = secured(&server);
    assert!(!mechanisms(&features).contains(&"EXTERNAL".to_owned()), "without a certificate");
}
