//! The new schema, and versions that are newer or older than that of the server that could be asked: `fixtures/make.py`.

use std::path::PathBuf;

use crate::{MigrateError, RawPassword, RawUser};
use storage::{Hash, Kinds, Subscription};
use xmpp::datetime;

use super::{Read, read, said};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration/ejabberd-more"))
        .join(name)
}

async fn new() -> Read {
    read(&fixture("new.db"), None).await.unwrap()
}

fn password(user: &RawUser) -> &RawPassword {
    let [account] = user.accounts.as_slice() else { panic!("{} accounts", user.accounts.len()) };
    &account.password
}

fn hashes(user: &RawUser, plain: &str) -> Vec<Hash> {
    let RawPassword::Keys(keys) = password(user) else { panic!("no keys") };
    let verified = |key| auth::verify_plain(plain, std::slice::from_ref(key));
    assert!(keys.iter().all(verified));
    keys.iter().map(|key| key.hash).collect()
}

fn plain(user: &RawUser) -> &str {
    let RawPassword::Plain(text) = password(user) else { panic!("not plain") };
    text
}

#[tokio::test]
async fn hosts_and_users() {
    let read = new().await;
    assert_eq!(read.survey.hosts, ["a.example", "b.example"]);
    assert_eq!(read.survey.users, Some(11));
    let names: Vec<_> = read.users.keys().map(String::as_str).collect();
    let locals = ["a", "a.b", "bad", "before", "both", "half", "mirror", "own", "pep", "tom"];
    let mut expected: Vec<_> = locals.iter().map(|local| format!("{local}@a.example")).collect();
    expected.extend(["ext@b.example".to_owned(), "tom@b.example".to_owned()]);
    expected.sort();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn passwords_in_several_forms() {
    let read = new().await;
    let tom = read.user("tom@a.example");
    assert_eq!(hashes(tom, "secret-tom"), [Hash::Sha1, Hash::Sha256, Hash::Sha512]);
    assert_eq!(tom.accounts[0].created_us, datetime::parse("2026-03-04T05:06:07Z"));
    assert_eq!(plain(read.user("tom@b.example")), "other-tom");
    assert_eq!(hashes(read.user("before@a.example"), "secret-before"), [Hash::Sha256]);
    assert_eq!(plain(read.user("both@a.example")), "secret-both");
    assert!(read.user("ext@b.example").accounts.is_empty());
}

#[tokio::test]
async fn passwords_that_cannot_be_used() {
    let read = new().await;
    let bad = read.user("bad@a.example");
    assert!(matches!(password(bad), RawPassword::None));
    assert_eq!(said(&bad.skipped), [r#"account UnusablePassword "users" 0"#]);
    let half = read.user("half@a.example");
    assert_eq!(hashes(half, "secret-half"), [Hash::Sha1]);
    assert_eq!(said(&half.skipped), [r#"account UnusablePassword "users" 1"#]);
}

#[tokio::test]
async fn a_roster_with_all_codes() {
    let read = new().await;
    let tom = read.user("tom@a.example");
    let contacts: Vec<_> = tom
        .contacts
        .iter()
        .map(|one| (one.jid.as_str(), one.subscription.clone(), one.ask, one.approved, one.groups.clone()))
        .collect();
    let none = Ok(Subscription::None);
    let groups = |groups: &[&str]| groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>();
    let expected = [
        ("asked@b.example", none.clone(), true, false, groups(&[])),
        ("both@b.example", none.clone(), true, false, groups(&[])),
        ("friend@b.example", Ok(Subscription::Both), false, true, groups(&["One", "Two"])),
        ("grouped@b.example", none.clone(), false, false, groups(&["One"])),
        ("leaving@b.example", Ok(Subscription::To), false, false, groups(&[])),
        ("named@b.example", none, false, false, groups(&[])),
        ("odd@b.example/res", Err("X".to_owned()), false, false, groups(&[])),
        ("old@b.example", Ok(Subscription::To), true, false, groups(&[])),
    ];
    assert_eq!(contacts, expected);
    let requests: Vec<_> = tom.requests.iter().map(|one| (one.jid.as_str(), one.text.as_deref())).collect();
    let expected = [
        ("asks@b.example", Some("let me in")),
        ("both@b.example", None),
        ("grouped@b.example", None),
        ("named@b.example", None),
    ];
    assert_eq!(requests, expected);
    assert_eq!(read.user("ext@b.example").contacts[0].subscription, Ok(Subscription::From));
}

#[tokio::test]
async fn stamps_of_messages() {
    let read = new().await;
    let messages = &read.user("tom@a.example").messages;
    let stamps: Vec<_> = messages.iter().map(|one| datetime::format(one.stored_us.unwrap())).collect();
    let expected = [
        "2026-01-01T00:00:00.500Z",
        "2026-03-04T05:06:07Z",
        "2026-01-02T00:00:00Z",
        "2026-01-03T00:00:00Z",
        "2026-03-04T05:06:07Z",
    ];
    assert_eq!(stamps, expected);
    assert_eq!(
        messages[1].xml,
        "<message xmlns='jabber:client' id='2'><body>without a namespace or a stamp</body></message>"
    );
    assert_eq!(messages[4].xml, "<message xmlns='jabber:client' id='5'><bro");
}

#[tokio::test]
async fn what_is_said_of_one_user() {
    let read = new().await;
    let expected = [
        r#"archive NotTakenYet "" 3"#,
        r#"group NoContact "gone@b.example" 1"#,
        r#"offline Empty "seq 5" 1"#,
        r#"offline Empty "seq 6" 1"#,
        r#"privacy Empty "empty" 1"#,
        r#"privacy UnknownValue "work" 1"#,
        r#"privacy UnknownValue "work" 1"#,
        r#"roster UnknownValue "odd@b.example/res" 0"#,
    ];
    assert_eq!(said(&read.user("tom@a.example").skipped), expected);
    assert_eq!(said(&read.user("a@a.example").skipped), [r#"last UnknownValue "last" 1"#]);
    let last = &read.user("tom@a.example").last[0];
    assert_eq!((last.at_us, last.status.as_str()), (1_772_600_767_000_000, "bye"));
}

#[tokio::test]
async fn privacy_lists_of_users_of_the_same_name() {
    let read = new().await;
    let shown = |user: &str| -> Vec<String> {
        let rule = |rule: &crate::RawRule| {
            let (subject, value) =
                (rule.subject.as_deref().unwrap_or("-"), rule.value.as_deref().unwrap_or("-"));
            format!("{} {} {subject} {value} {}", rule.list, rule.order, rule.allow)
        };
        read.user(user).rules.iter().map(rule).collect()
    };
    let expected = ["work 1 subscription both true", "work 2 group One false", "work 9 - - true"];
    assert_eq!(shown("tom@a.example"), expected);
    assert_eq!(shown("tom@b.example"), ["work 1 jid b@x.example false"]);
    assert_eq!(shown("a@a.example"), ["home 4 jid c@x.example false"]);
    let kinds: Vec<_> = read.user("tom@a.example").rules.iter().map(|rule| rule.kinds).collect();
    let four = Kinds::MESSAGE | Kinds::IQ | Kinds::PRESENCE_IN | Kinds::PRESENCE_OUT;
    assert_eq!(kinds, [four, Kinds::IQ | Kinds::PRESENCE_OUT, Kinds::ALL]);
    assert_eq!(read.user("tom@a.example").default_lists, ["work"]);
    assert!(read.user("tom@b.example").default_lists.is_empty());
}

#[tokio::test]
async fn bookmarks_and_vcards_of_personal_eventing() {
    let read = new().await;
    let pep = read.user("pep@a.example");
    let bookmarks = "<storage xmlns='storage:bookmarks'>\
        <conference jid='r1@c.example' name='Room &amp; 1' autojoin='true'><nick>N</nick></conference>\
        <conference jid='r2@c.example'/></storage>";
    assert_eq!(pep.private, [bookmarks]);
    let card = "<vCard xmlns='vcard-temp'><FN>Pep P.</FN><N><FAMILY>P.</FAMILY><GIVEN>Pep</GIVEN></N>\
        <TEL><WORK/><NUMBER>+1</NUMBER></TEL><ORG><ORGNAME>O</ORGNAME><ORGUNIT>U</ORGUNIT></ORG>\
        <JABBERID>x</JABBERID><PHOTO><TYPE>image/gif</TYPE><BINVAL>BBBB</BINVAL></PHOTO></vCard>";
    assert_eq!(pep.vcards, [card]);
    // The broken bookmark, the older vCard, the other picture, and a node with two items.
    assert_eq!(said(&pep.skipped), [r#"pep NotTakenYet "" 6"#]);

    let mirror = read.user("mirror@a.example");
    assert_eq!(mirror.private, ["<storage xmlns='storage:bookmarks'/>"]);
    assert!(mirror.skipped.is_empty());

    let own = read.user("own@a.example");
    let private = [
        "<storage xmlns='storage:bookmarks'><url url='u' name='n'/></storage>",
        "<x xmlns='urn:example:bare'><y/></x>",
    ];
    assert_eq!(own.private, private);
    assert_eq!(own.vcards, ["<vCard xmlns='vcard-temp'><FN>Own</FN></vCard>"]);
    assert_eq!(said(&own.skipped), [r#"pep NotTakenYet "" 4"#]);
}

#[tokio::test]
async fn what_belongs_to_no_user() {
    let read = new().await;
    let leftovers: Vec<_> = read
        .leftovers
        .iter()
        .map(|one| format!("{} {}", one.host, said(std::slice::from_ref(&one.rows)).join("")))
        .collect();
    let expected = [
        r#" privacy UnknownUser "privacy_list_data" 1"#,
        r#" pep UnknownUser "pubsub_item" 1"#,
        r#" room NotTakenYet "muc_room" 1"#,
        r#" other NotTakenYet "oauth_token" 1"#,
        r#" other NotTakenYet "sr_group" 2"#,
        r#"a.example archive NotTakenYet "" 1"#,
        r#"pubsub.a.example other NotTakenYet "pubsub_item" 1"#,
        r#"pubsub.a.example other NotTakenYet "pubsub_node" 1"#,
    ];
    assert_eq!(leftovers, expected);
    assert!(!format!("{leftovers:?}").contains("secret"));
}

/// Without SCRAM, times, and most tables; with text that is not UTF-8.
#[tokio::test]
async fn an_old_version() {
    let read = read(&fixture("old.db"), Some("old.example")).await.unwrap();
    assert_eq!(read.survey.hosts, ["old.example"]);
    let names: Vec<_> = read.users.keys().map(String::as_str).collect();
    assert_eq!(names, ["a-b@old.example", "a.b@old.example", "a@old.example", "\u{fffd}@old.example"]);
    for local in ["a", "a.b", "a-b"] {
        let user = read.user(&format!("{local}@old.example"));
        assert_eq!(plain(user), format!("plain-{local}"));
        assert_eq!((user.contacts.len(), user.accounts[0].created_us), (1, None));
        assert!(said(&user.skipped).contains(&r#"pep NotTakenYet "" 1"#.to_owned()));
    }
    let a = read.user("a@old.example");
    assert_eq!(a.contacts[0].name.as_deref(), Some("bad \u{fffd} name"));
    let expected = [
        r#"pep NotTakenYet "" 1"#,
        "roster BadText \"x@y.example\" 0",
        "roster BadText \"\u{fffd}@y.example\" 1",
    ];
    assert_eq!(said(&a.skipped), expected);
}

#[tokio::test]
async fn the_domain_of_the_old_schema_has_to_be_named() {
    let Err(MigrateError::Source(why)) = read(&fixture("old.db"), None).await else { panic!("it was read") };
    let expected = "this is ejabberd's old schema, which does not contain its domain — name it with --domain";
    assert_eq!(why, expected);
}

#[tokio::test]
async fn other_databases_are_refused() {
    let jabberd2 =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration/jabberd2-a-sqlite/jabberd2.db");
    let Err(error) = read(jabberd2.as_ref(), Some("chess.example")).await else { panic!("it was read") };
    assert!(matches!(error, MigrateError::Source(_)), "{error}");
}
