//! Rows as no real server writes them.

use std::sync::Arc;

use crate::{Kind, RawPassword, RawUser, Reason};
use proptest::prelude::*;
use storage::Subscription;
use storage::source::Value;

use super::super::gathered::Gathered;
use super::super::table::Table;
use super::said;
use crate::row::Row;

/// A row with these columns.
fn row(columns: &[(&'static str, Value)]) -> Row {
    let names: Arc<[&'static str]> = columns.iter().map(|(name, _)| *name).collect();
    Row { columns: names, values: columns.iter().map(|(_, value)| value.clone()).collect() }
}

fn gather(rows: Vec<(Table, Row)>) -> (RawUser, u64) {
    let mut gathered = Gathered::new("alice".into(), "chess.example".into());
    rows.into_iter().for_each(|(table, row)| gathered.take(table, row));
    gathered.finish()
}

fn text(text: &str) -> Value {
    text.into()
}

#[test]
fn codes_and_flags_as_postgresql_has_them() {
    let contact = row(&[
        ("jid", text("bob@chess.example")),
        ("nick", text("Bob")),
        ("subscription", text("B ")),
        ("ask", text("I ")),
        ("askmessage", Value::Bytes(b"hello".to_vec())),
        ("approved", Value::Bool(true)),
    ]);
    let list = row(&[("id", Value::Integer(3)), ("name", text("l"))]);
    let item = row(&[
        ("id", Value::Integer(3)),
        ("t", text("n")),
        ("value", text("")),
        ("action", text("a")),
        ("ord", text("7")),
        ("match_all", Value::Bool(false)),
    ]);
    let (user, _) =
        gather(vec![(Table::Roster, contact), (Table::PrivacyList, list), (Table::PrivacyItem, item)]);
    let contact = &user.contacts[0];
    assert_eq!(
        (&contact.subscription, contact.approved, contact.ask),
        (&Ok(Subscription::Both), true, false)
    );
    assert_eq!(user.requests[0].text.as_deref(), Some("hello"));
    assert_eq!((user.rules[0].order, user.rules[0].kinds), (7, storage::Kinds::ALL));
    assert!(user.skipped.is_empty());
}

#[test]
fn a_row_without_a_type_is_overtaken_by_one_with_it() {
    let key = |letter: &str, kind: Value| {
        let key = format!("{}=", letter.repeat(27));
        let column = |name| (name, text(&key));
        row(&[
            column("password"),
            column("serverkey"),
            ("salt", text("AAAA")),
            ("iterationcount", Value::Integer(4096)),
            ("type", kind),
        ])
    };
    let rows = vec![(Table::Users, key("A", Value::Null)), (Table::Users, key("B", Value::Integer(2)))];
    let (user, _) = gather(rows);
    let RawPassword::Keys(keys) = &user.accounts[0].password else { panic!("no keys") };
    assert_eq!((keys.len(), keys[0].stored_key[0]), (1, 4));
    assert_eq!(said(&user.skipped), [r#"account Stale "users" 1"#]);
}

#[test]
fn a_plain_row_with_keys_is_no_password() {
    let columns = [("password", text("secret")), ("serverkey", text("x")), ("salt", text("y"))];
    let (user, _) = gather(vec![(Table::Users, row(&columns))]);
    assert!(matches!(user.accounts[0].password, RawPassword::None));
    assert!(!format!("{:?}", user.skipped).contains("secret"));
}

#[test]
fn an_item_whose_list_is_not_there_is_told() {
    let (user, _) = gather(vec![(Table::PrivacyItem, row(&[("id", Value::Integer(3))]))]);
    assert_eq!(said(&user.skipped), [r#"privacy Damaged "list 3" 1"#]);
}

#[test]
fn archives_of_rooms_are_not_of_a_user() {
    let archived = |kind| (Table::Archive, row(&[("kind", text(kind))]));
    let (user, rooms) = gather(vec![archived("groupchat"), archived("chat"), archived("chat")]);
    assert_eq!((rooms, said(&user.skipped)), (1, vec![r#"archive NotTakenYet "" 2"#.to_owned()]));
}

#[test]
fn a_value_beyond_the_limit_is_left_out_and_the_rest_is_taken() {
    let vcard = |length: usize| (Table::VCard, row(&[("vcard", text(&"x".repeat(length)))]));
    let (user, _) = gather(vec![vcard((64 << 20) + 1), vcard(5)]);
    assert_eq!(user.vcards, ["xxxxx"]);
    let [skipped] = user.skipped.as_slice() else { panic!("{:?}", user.skipped) };
    assert_eq!((skipped.kind, skipped.reason, skipped.rows), (Kind::VCard, Reason::TooLarge, 1));
}

#[test]
fn what_a_user_may_have_is_bounded() {
    let value = "x".repeat(50 << 20);
    let private = || (Table::Private, row(&[("namespace", text("n")), ("data", text(&value))]));
    let (user, _) = gather((0..7).map(|_| private()).collect());
    assert_eq!(user.private.len(), 5);
    assert_eq!(said(&user.skipped), [r#"private TooLarge "private_storage" 2"#]);
}

fn values() -> impl Strategy<Value = Value> {
    let codes = ["", "N", "I", "B", "n", "j", "s", "a", "d", "groupchat", "sha256:", "urn:xmpp:vcard4"];
    let xml = [
        "<a/>",
        "<message xmlns='jabber:client'><delay stamp='x'>Offline Storage</delay></message>",
        "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><photo><uri>data:;base64,</uri></photo></vcard>",
        "<metadata xmlns='urn:xmpp:avatar:metadata'><info id=''/></metadata>",
        "storage:bookmarks",
        "urn:xmpp:bookmarks:1",
        "urn:xmpp:avatar:data",
        "urn:xmpp:avatar:metadata",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        (0..3_i64).prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Real),
        ".{0,20}".prop_map(Value::Text),
        proptest::sample::select(codes.to_vec()).prop_map(Value::from),
        proptest::sample::select(xml.to_vec()).prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
    ]
}

/// Any table with any values in its columns, some of which may be missing.
fn rows() -> impl Strategy<Value = Vec<(Table, Row)>> {
    let table = proptest::sample::select(Table::ALL.to_vec());
    let one = (table, proptest::collection::vec(values(), 12)).prop_map(|(table, values)| {
        let shape = table.shape();
        let columns: Arc<[&'static str]> = shape.needed.iter().chain(shape.optional).copied().collect();
        (table, Row { columns, values })
    });
    proptest::collection::vec(one, 0..30)
}

proptest! {
    /// No row is lost: each is a record, a part of one, or is told.
    #[test]
    fn any_rows_are_answered(rows in rows()) {
        let count = |wanted: Table| rows.iter().filter(|(table, _)| *table == wanted).count() as u64;
        let (messages, last, groups) = (count(Table::Spool), count(Table::Last), count(Table::Groups));
        let (private, archive) = (count(Table::Private), count(Table::Archive) + count(Table::ArchivePrefs));
        let (user, rooms) = gather(rows);
        let told = |kind| user.skipped.iter().filter(|one| one.kind == kind).map(|one| one.rows).sum::<u64>();
        prop_assert_eq!(user.messages.len() as u64 + told(Kind::Offline), messages);
        prop_assert_eq!(user.last.len() as u64 + told(Kind::Last), last);
        let grouped: usize = user.contacts.iter().map(|contact| contact.groups.len()).sum();
        prop_assert_eq!(grouped as u64 + told(Kind::Group), groups);
        prop_assert_eq!(rooms + told(Kind::Archive), archive);
        // Bookmarks of personal eventing may be one more.
        let all = user.private.len() as u64 + told(Kind::Private);
        prop_assert!(all == private || all == private + 1);
    }
}
