//! Data that cannot be taken as it is: nothing is dropped without a word, and one bad row stops nothing.

use std::collections::BTreeMap;

use storage::{Kinds, Subject};

use super::bed::Bed;
use super::script::{Script, contact, jack, message, rule, user};
use crate::{Kind, Order, RawContact, RawPassword, RawRequest, RawRule, RawUser, Reason, Report, Server};

fn order() -> Order {
    Order::new(Server::Jabberd2)
}

fn skipped(report: &Report) -> BTreeMap<(Kind, Reason), u64> {
    let mut all = BTreeMap::new();
    for kinds in report.tally.counts.values() {
        for (kind, counts) in kinds {
            for (reason, rows) in &counts.skipped {
                *all.entry((*kind, *reason)).or_default() += rows;
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts() {
    let bed = Bed::new().await;
    let unknown = RawContact { subscription: Err("remove".into()), ..contact("x@chess.example", "") };
    let contacts = vec![
        contact("Mixed.Case@Elsewhere.Example", "first"),
        contact("mixed.case@elsewhere.example", "second"),
        contact("twice@chess.example", "one"),
        contact("twice@chess.example", "two"),
        contact("@", ""),
        contact("jack@chess.example", "me"),
        contact("res@chess.example/Phone", "with\u{0}out \u{1}odd characters"),
        RawContact { groups: vec!["a".into(), "a".into(), String::new()], ..contact("g@chess.example", "") },
        unknown,
    ];
    let report = bed.import(Script(vec![RawUser { contacts, ..user("jack") }]), &order()).await;
    let expected = [
        ((Kind::Roster, Reason::SameButForCase), 1),
        ((Kind::Roster, Reason::Duplicate), 1),
        ((Kind::Roster, Reason::BadJid), 1),
        ((Kind::Roster, Reason::OwnAddress), 1),
        ((Kind::Roster, Reason::UnknownValue), 1),
        ((Kind::Group, Reason::SameButForCase), 1),
        ((Kind::Group, Reason::Duplicate), 2),
        ((Kind::Group, Reason::BadJid), 1),
        ((Kind::Group, Reason::OwnAddress), 1),
        ((Kind::Group, Reason::UnknownValue), 1),
        ((Kind::Group, Reason::Empty), 1),
    ];
    assert_eq!(skipped(&report), expected.into());
    let state = bed.state(&order(), "jack@chess.example").await.unwrap();
    let mut here: Vec<_> = state
        .roster
        .items
        .iter()
        .map(|item| (item.jid.as_str(), item.name.as_deref().unwrap_or("")))
        .collect();
    here.sort_unstable();
    let expected = [
        ("g@chess.example", ""),
        ("mixed.case@elsewhere.example", "second"),
        ("res@chess.example/Phone", "without odd characters"),
        ("twice@chess.example", "two"),
    ];
    assert_eq!(here, expected);
    assert!(
        report
            .lines()
            .any(|line| line == "jack@chess.example: roster @ the localpart is empty: invalid address"),
        "{:?}",
        report.lines().collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts() {
    let bed = Bed::new().await;
    let mut twice = user("shouty");
    let mut other = twice.accounts[0].clone();
    other.local = Some("SHOUTY".into());
    twice.accounts.insert(0, other);
    let stranger = RawUser { accounts: Vec::new(), ..jack() };
    let elsewhere = RawUser { host: "other.example".into(), ..jack() };
    let users = vec![twice, stranger, elsewhere, user("a b"), user("ok"), user("OK")];
    let report = bed.import(Script(users), &order()).await;
    let skipped = skipped(&report);
    // Another spelling of one user, and a user of another spelling.
    assert_eq!(skipped[&(Kind::Account, Reason::SameButForCase)], 2);
    assert_eq!(skipped[&(Kind::Account, Reason::DomainNotServed)], 1);
    assert_eq!(skipped[&(Kind::Account, Reason::BadJid)], 1);
    assert_eq!(skipped[&(Kind::Roster, Reason::UnknownUser)], 2);
    assert_eq!(bed.store.accounts().count("chess.example").await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_and_messages() {
    let bed = Bed::new().await;
    let picture = |bytes: usize| format!("<PHOTO><BINVAL>{}</BINVAL></PHOTO>", "A".repeat(bytes));
    let vcard = |within: &str| vec![format!("<vCard xmlns='vcard-temp'><FN>J</FN>{within}</vCard>")];
    let mut broken = message("x");
    broken.xml = "<message><body>".into();
    let mut odd = message("x");
    odd.xml = "<message xmlns='jabber:client' from='@'/>".into();
    let private =
        vec!["<a xmlns='urn:a'".into(), "<a xmlns='urn:a'>1</a>".into(), "<a xmlns='urn:a'>2</a>".into()];
    let users = vec![
        RawUser {
            private,
            vcards: vcard(&picture(5 << 20)),
            messages: vec![broken, odd, message("ok")],
            ..user("one")
        },
        RawUser { vcards: vcard(&picture(16383)), ..user("two") },
        RawUser { vcards: vec!["<vCard xmlns='vcard-temp'/>".into()], ..user("three") },
    ];
    let report = bed.import(Script(users), &order()).await;
    let expected = [
        ((Kind::Private, Reason::BrokenXml), 1),
        ((Kind::Private, Reason::Duplicate), 1),
        ((Kind::VCard, Reason::Empty), 1),
        ((Kind::Offline, Reason::BrokenXml), 1),
        ((Kind::Offline, Reason::BadJid), 1),
    ];
    assert_eq!(skipped(&report), expected.into());
    for jid in ["one@chess.example", "two@chess.example"] {
        let vcard = bed.state(&order(), jid).await.unwrap().vcard.unwrap();
        assert_eq!(vcard, "<vCard xmlns='vcard-temp'><FN>J</FN></vCard>");
    }
    let named: Vec<_> =
        report.tally.listed.iter().map(|one| (one.user.as_str(), one.kind, one.reason)).collect();
    assert!(named.contains(&("one", Kind::VCard, Reason::TooLarge)), "{named:?}");
    assert!(named.contains(&("two", Kind::VCard, Reason::Damaged)), "{named:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn privacy() {
    let bed = Bed::new().await;
    let group = RawRule { subject: Some("group".into()), value: Some("Nobody".into()), ..rule("l", 0, "") };
    let everybody = RawRule { subject: None, value: None, kinds: Kinds::MESSAGE, ..rule("l", 0, "") };
    let wrong =
        RawRule { subject: Some("subscription".into()), value: Some("all".into()), ..rule("l", 9, "") };
    let rules =
        vec![rule("l", 0, "a.example"), group, everybody, wrong, rule("l", 3, "@"), rule("", 1, "a.example")];
    let defaults = vec!["l".into(), "gone".into()];
    let blocked = vec!["b.example".into(), "B.example".into(), "@".into()];
    let user = RawUser { rules, default_lists: defaults, blocked, ..user("jack") };
    let report = bed.import(Script(vec![user]), &order()).await;
    let expected = [
        ((Kind::Privacy, Reason::UnknownValue), 2),
        ((Kind::Privacy, Reason::BadJid), 2),
        ((Kind::Privacy, Reason::TooLarge), 1),
        ((Kind::Privacy, Reason::Stale), 2),
    ];
    assert_eq!(skipped(&report), expected.into());
    let state = bed.state(&order(), "jack@chess.example").await.unwrap();
    assert_eq!(state.default_list.as_deref(), Some("blocklist"), "of the addresses that are blocked");
    let list = state.lists.iter().find(|list| list.name == "l").unwrap();
    let orders: Vec<_> = list.items.iter().map(|item| item.order).collect();
    assert_eq!(orders, [1, 2, 3], "those of one order in the order of their rows");
    assert_eq!(
        list.items[1].subject,
        Subject::Group("Nobody".into()),
        "a group that does not exist may come to exist"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_much_of_everything() {
    let bed = Bed::new().await;
    let contacts = (0..20_000).map(|number| contact(&format!("c{number}@chess.example"), "C")).collect();
    let messages: Vec<_> = (0..10_000).map(|number| message(&number.to_string())).collect();
    let requests = (0..500)
        .map(|number| RawRequest { jid: format!("r{number}@other.example"), ..RawRequest::default() });
    let much = RawUser { contacts, messages, requests: requests.collect(), ..user("jack") };
    bed.import(Script(vec![much.clone(), user("next")]), &order()).await;
    let state = bed.state(&order(), "jack@chess.example").await.unwrap();
    assert_eq!((state.roster.items.len(), state.messages.len()), (20_500, 10_000));
    assert!(String::from_utf8_lossy(&state.messages[9_999].xml).contains("<body>9999</body>"));
    let again = bed.import(Script(vec![much, user("next")]), &order()).await;
    assert_eq!(again.tally.counts["chess.example"][&Kind::Roster].written(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_are_chosen_and_renamed() {
    let bed = Bed::new().await;
    let old = |local: &str| RawUser {
        host: "Old.example".into(),
        contacts: vec![contact("anna@old.example", "Anna"), contact("bert@other.example", "Bert")],
        rules: vec![rule("l", 1, "old.example")],
        messages: vec![message("x")],
        ..user(local)
    };
    let map = [("old.example".to_owned(), "wuchess.example".to_owned())].into();
    let order = Order { map, domains: vec!["old.example".into()], ..order() };
    let report = bed.import(Script(vec![old("jack"), user("jack")]), &order).await;
    assert_eq!(skipped(&report)[&(Kind::Account, Reason::DomainNotChosen)], 1);
    let state = bed.state(&order, "jack@wuchess.example").await.unwrap();
    let mut jids: Vec<_> = state.roster.items.iter().map(|item| item.jid.to_string()).collect();
    jids.sort();
    assert_eq!(jids, ["anna@wuchess.example", "bert@other.example"]);
    assert!(bed.state(&order, "jack@chess.example").await.is_none());
    let Err((_, error)) = bed
        .try_import(
            Script(vec![old("jack")]),
            &Order { map: Default::default(), domains: Vec::new(), ..order },
        )
        .await
    else {
        panic!("no domain of this server")
    };
    assert!(error.to_string().contains("--map OLD=NEW"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_are_chosen() {
    let bed = Bed::new().await;
    let order = Order { kinds: vec![Kind::Account, Kind::Roster], ..order() };
    let report = bed.import(Script(vec![jack()]), &order).await;
    assert_eq!(skipped(&report)[&(Kind::Offline, Reason::KindNotChosen)], 2);
    let state = bed.state(&order, "jack@chess.example").await.unwrap();
    assert_eq!((state.roster.items.len(), state.messages.len(), state.private.len()), (3, 0, 0));
    bed.import(Script(vec![jack()]), &Order { kinds: vec![Kind::Offline], ..order.clone() }).await;
    let state = bed.state(&order, "jack@chess.example").await.unwrap();
    assert_eq!((state.roster.items.len(), state.messages.len()), (3, 2), "and the rest stays");
}

/// `u0`, `u1` and so on, with what a source may have as their passwords.
fn with_passwords(texts: &[&str]) -> Vec<RawUser> {
    let one = |(number, text): (usize, &&str)| {
        let mut user = user(&format!("u{number}"));
        user.accounts[0].password = RawPassword::Unknown { text: (*text).to_owned(), realm: None };
        user
    };
    texts.iter().enumerate().map(one).collect()
}

/// A hash that cannot be read is no password: whoever knows it could log in with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_a_hash_is_no_password() {
    let hashes = [
        "$6$saltsalt$abcdefghijklmnop",
        "$argon2id$v=19$short",
        "{SSHA}abcdefghijkl",
        "scram:x,y,z,1",
        "a\0b",
    ];
    let bed = Bed::new().await;
    let users = with_passwords(&hashes);
    let report = bed.import(Script(users.clone()), &order()).await;
    let named = report.tally.listed.iter().filter(|one| one.reason == Reason::UnusablePassword).count();
    assert_eq!(named, hashes.len());
    for number in 0..hashes.len() {
        let state = bed.state(&order(), &format!("u{number}@chess.example")).await.unwrap();
        assert!(matches!(&state.kept, storage::Kept::Keys(keys) if keys.is_empty()), "{number}");
    }
    let again = bed.import(Script(users), &order()).await;
    assert_eq!(again.tally.counts["chess.example"][&Kind::Account].written(), 0);
}

/// Sources come in the order of bytes, where capitals are first.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_spelt_as_he_should_be_comes_first() {
    let bed = Bed::new().await;
    let mut other = user("BOB");
    other.contacts.push(contact("other@chess.example", "Other"));
    let report = bed.import(Script(vec![other, user("Carol"), user("bob")]), &order()).await;
    let bob = bed.state(&order(), "bob@chess.example").await.unwrap();
    assert!(matches!(&bob.kept, storage::Kept::Keys(keys) if auth::verify_plain("pw bob", keys)));
    assert!(bob.roster.items.is_empty());
    assert!(bed.state(&order(), "carol@chess.example").await.is_some());
    assert_eq!(skipped(&report)[&(Kind::Account, Reason::SameButForCase)], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_domains_do_not_become_one() {
    let bed = Bed::new().await;
    let map = [("other.example".to_owned(), "chess.example".to_owned())];
    let order = Order { map: map.into(), ..order() };
    let other = RawUser { host: "other.example".into(), ..jack() };
    let Err((_, error)) = bed.try_import(Script(vec![jack(), other]), &order).await else { panic!("taken") };
    assert!(error.to_string().contains("two domains of the source would become chess.example"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_accounts_is_the_wrong_one() {
    let bed = Bed::new().await;
    bed.import(Script(vec![jack()]), &order()).await;
    let Err((report, error)) = bed.try_import(Script(Vec::new()), &order()).await else { panic!("taken") };
    assert!(error.to_string().contains("no accounts") && report.error.is_some(), "{error}");
    assert!(bed.state(&order(), "jack@chess.example").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn and_what_only_begins_like_one_is_a_password() {
    let passwords = [
        "pa$$word",
        "$1",
        "a$b$c",
        "{x}",
        "{",
        "{SSHA",
        "{hello}world",
        "{A}b",
        "{MD5}",
        "$1$2",
        "$money$lots of it",
    ];
    let bed = Bed::new().await;
    bed.import(Script(with_passwords(&passwords)), &order()).await;
    for (number, password) in passwords.iter().enumerate() {
        let state = bed.state(&order(), &format!("u{number}@chess.example")).await.unwrap();
        let verified = matches!(&state.kept, storage::Kept::Keys(keys) if auth::verify_plain(password, keys));
        assert!(verified, "{password}");
    }
}
