//! Passwords in their forms.

use crate::{RawPassword, RawUser, Reason};
use auth::{Hash, derive_keys, verify_plain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use storage::ScramKeys;

use super::read::{read_text, read_user};

fn keys(hash: Hash) -> ScramKeys {
    derive_keys(hash, "pässword", b"sixteen salt byt", 1000).unwrap()
}

fn credentials(mechanism: &str, keys: &ScramKeys, encode: fn(&[u8]) -> String) -> String {
    format!(
        "<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='{mechanism}'><iter-count>1000</iter-count><salt>{}</salt>\
         <server-key>\n {}\n</server-key><stored-key>{}</stored-key></scram-credentials>",
        encode(&keys.salt),
        encode(&keys.server_key),
        encode(&keys.stored_key)
    )
}

fn once(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn twice(bytes: &[u8]) -> String {
    once(once(bytes).as_bytes())
}

fn with_password(password: &str, more: &str) -> RawUser {
    let xml = format!(
        "<host xmlns='urn:xmpp:pie:0' jid='h'><user name='u' password='{password}'>{more}</user></host>"
    );
    read_text(xml).unwrap().users.remove(0)
}

fn taken(user: &RawUser) -> &[ScramKeys] {
    match &user.accounts[0].password {
        RawPassword::Keys(keys) => keys,
        _ => panic!("no keys: {:?}", user.skipped),
    }
}

#[test]
fn keys_of_each_mechanism_encoded_once_or_twice() {
    for (mechanism, hash) in crate::xep0227::scram::MECHANISMS {
        for encode in [once, twice] {
            let user = read_user(&credentials(mechanism, &keys(hash), encode));
            assert!(taken(&user) == [keys(hash)] && verify_plain("pässword", taken(&user)));
        }
    }
    let all: String = crate::xep0227::scram::MECHANISMS
        .iter()
        .map(|(name, hash)| credentials(name, &keys(*hash), once))
        .collect();
    assert_eq!(taken(&read_user(&all)).len(), 3);
}

/// A salt that is base64 itself is not decoded again where the keys are encoded once.
#[test]
fn a_salt_that_looks_encoded() {
    let keys = derive_keys(Hash::Sha1, "p", b"AAAA", 1000).unwrap();
    let user = read_user(&credentials("SCRAM-SHA-1", &keys, once));
    assert_eq!(taken(&user)[0].salt, b"AAAA");
}

#[test]
fn useless_keys_are_named() {
    let good = credentials("SCRAM-SHA-1", &keys(Hash::Sha1), once);
    let bad = [
        credentials("SCRAM-SHA-256", &keys(Hash::Sha1), once),
        credentials("SCRAM-MD5", &keys(Hash::Sha1), once),
        good.replace("1000", "0"),
        good.replace("<salt>", "<salt>!"),
        "<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-1'/>".to_owned(),
    ];
    for bad in bad {
        let user = read_user(&bad);
        assert!(matches!(user.accounts[0].password, RawPassword::None));
        assert_eq!(user.skipped[0].reason, Reason::UnusablePassword);
    }
    let user = read_user(&[good.clone(), good].concat());
    assert_eq!((taken(&user).len(), user.skipped[0].reason), (1, Reason::Duplicate));
}

#[test]
fn what_stands_in_the_attribute() {
    for hash in [
        "$2y$10$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK",
        "secret",
        "scram:a,b",
        "scram:AA==,AA==,AA==,1",
    ] {
        let user = with_password(hash, "");
        assert!(
            matches!(&user.accounts[0].password, RawPassword::Unknown { text, realm: None } if text == hash)
        );
    }
    assert!(matches!(with_password("", "").accounts[0].password, RawPassword::None));
    for (hash, encode) in
        [(Hash::Sha1, once as fn(&[u8]) -> String), (Hash::Sha256, once), (Hash::Sha1, twice)]
    {
        let keys = keys(hash);
        let text = format!(
            "scram:{},{},{},1000",
            encode(&keys.stored_key),
            encode(&keys.server_key),
            encode(&keys.salt)
        );
        assert!(taken(&with_password(&text, "")) == [keys]);
    }
}

#[test]
fn keys_come_before_the_attribute() {
    let user = with_password("secret", &credentials("SCRAM-SHA-1", &keys(Hash::Sha1), once));
    assert_eq!(taken(&user).len(), 1);
    assert_eq!(user.skipped[0].reason, Reason::Stale);
    let said = format!("{:?}", user.skipped);
    assert!(!said.contains("secret\""), "{said}");
}
