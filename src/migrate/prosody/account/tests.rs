use super::super::lua_parser::returned;
use super::*;
use crate::prosody::understood::understood;

fn user(accounts: &str, details: Option<&str>) -> RawUser {
    let mut from = Belongings::new("a", "h");
    for (store, lua) in [("accounts", Some(accounts)), ("account_details", details)] {
        let Some(lua) = lua.filter(|lua| !lua.is_empty()) else { continue };
        let value = returned(format!("return {lua}").as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
        from.tables.insert(store.to_owned(), value.table().cloned().unwrap_or_default());
    }
    understood(from)
}

fn hashed(keys: &ScramKeys, salt: &str) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (stored, server) = (hex(&keys.stored_key), hex(&keys.server_key));
    format!(
        "{{salt=\"{salt}\", iteration_count={}, stored_key=\"{stored}\", server_key=\"{server}\"}}",
        keys.iterations
    )
}

#[test]
fn the_length_of_the_keys_tells_the_hash_and_the_salt_is_its_bytes() {
    let salt = "16de4b54-bebd";
    for hash in Hash::ALL {
        let made = auth::derive_keys(hash, "pencil", salt.as_bytes(), 4096).unwrap();
        let user = user(&hashed(&made, salt), None);
        let RawPassword::Keys(keys) = &user.accounts[0].password else { panic!("{hash:?}") };
        assert!(keys == &[made] && auth::verify_plain("pencil", keys), "{hash:?}");
    }
}

#[test]
fn a_password_that_is_there_counts_more_than_keys() {
    let user = user(
        r#"{password="caf\195\169", salt="x", disabled=true, created=1795465412.5, updated=1}"#,
        Some("{registered=1}"),
    );
    assert!(matches!(&user.accounts[0].password, RawPassword::Plain(password) if password == "café"));
    assert!(user.accounts[0].disabled == Some(true) && user.skipped.is_empty());
    assert_eq!(user.accounts[0].created_us, Some(1_795_465_412_500_000));
}

#[test]
fn keys_that_cannot_be_used_are_none() {
    let made = auth::derive_keys(Hash::Sha1, "pencil", b"salt", 4096).unwrap();
    let good = hashed(&made, "salt");
    for (from, to) in [
        ("4096", "0"),
        ("4096", "1.5"),
        ("4096", "1e99"),
        ("4096", "(0/0)"),
        ("\"salt\"", "\"\""),
        ("\"salt\"", "7"),
        ("stored_key=\"", "stored_key=\"00"),
        ("stored_key=\"", "stored_key=\"0"),
        ("server_key=\"", "server_key=\"zz"),
        ("server_key", "other"),
    ] {
        assert!(good.contains(from), "{from}");
        let user = user(&good.replace(from, to), None);
        assert!(matches!(user.accounts[0].password, RawPassword::None), "{from} {to}");
    }
    assert!(matches!(user("{password=\"\"}", None).accounts[0].password, RawPassword::None));
    assert!(matches!(user("{password=\"\\255\"}", None).accounts[0].password, RawPassword::None));
}

#[test]
fn details_without_an_account_and_others_are_counted() {
    let user = user("", Some("{registered=1, email=\"a@b\"}"));
    assert!(user.accounts.is_empty());
    let counted: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.reason, one.rows)).collect();
    assert_eq!(counted, [(Kind::Account, Reason::UnknownUser, 1), (Kind::Other, Reason::NotTakenYet, 1)]);
    let user = self::user("{password=\"x\"}", Some("{registered=1795465412}"));
    assert_eq!(user.accounts[0].created_us, Some(1_795_465_412_000_000));
}
