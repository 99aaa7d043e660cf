use std::path::Path;

use crate::RawPassword;
use runtime::Runtime;
use storage::source::SourcePassword;

use super::*;

/// Made by `fixtures/make_odd_sqlite.py`.
const ODD: &str =
    concat!("sqlite:", env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration/prosody-more/odd.sqlite");

async fn odd() -> (Survey, Vec<RawUser>, Vec<Leftover>) {
    let mut sql =
        Sql::new(Tables::new(ODD, Path::new("/"), SourcePassword::Url, &Runtime::system()).unwrap());
    let survey = sql.survey().await.unwrap();
    let mut users = Vec::new();
    while let Some(user) = sql.next().await.unwrap() {
        users.push(user);
    }
    (survey, users, sql.leftovers())
}

#[tokio::test]
async fn users_in_the_order_of_bytes_each_once() {
    let (survey, users, _) = odd().await;
    let names: Vec<_> = users.iter().map(|user| format!("{}@{}", user.local, user.host)).collect();
    assert_eq!(names, ["A@h", "a-@h", "a@h", "a@h2", "only@h", "ž@h"]);
    assert_eq!(survey.users, Some(6));
    assert_eq!(survey.hosts, ["h", "h2"]);
    let notes = survey.notes.join("; ");
    assert!(
        notes.contains("conference.h is a component's") && notes.contains("h2 has no accounts"),
        "{notes}"
    );
}

#[tokio::test]
async fn one_bad_row_stops_nothing() {
    let (_, users, _) = odd().await;
    let user = users.iter().find(|user| user.local == "a" && user.host == "h").unwrap();
    assert!(matches!(&user.accounts[0].password, RawPassword::Plain(password) if password == "secret"));
    assert!(user.accounts[0].disabled == Some(true) && user.accounts[0].created_us == Some(5_000_000));
    assert_eq!(user.contacts.iter().map(|contact| contact.jid.as_str()).collect::<Vec<_>>(), ["b@h"]);
    assert_eq!(user.requests.iter().map(|request| request.jid.as_str()).collect::<Vec<_>>(), ["f@h"]);
    let messages: Vec<_> = user.messages.iter().map(|one| (one.xml.as_str(), one.stored_us)).collect();
    let expected = [
        ("<message xmlns='jabber:client'><body>2</body></message>", Some(2_500_000)),
        ("<message xmlns='jabber:client' xmlns:ns1='u' ns1:x='1'/>", Some(1_000_000)),
    ];
    assert_eq!(messages, expected);
    let mut skipped: Vec<_> =
        user.skipped.iter().map(|one| (one.kind, one.reason, one.key.as_str(), one.rows)).collect();
    skipped.sort();
    let mut expected = [
        (Kind::Roster, Reason::Damaged, "roster/c@h", 1),
        (Kind::Roster, Reason::BadText, "roster/d@h", 1),
        (Kind::Roster, Reason::UnknownValue, "roster/e@h", 1),
        (Kind::Roster, Reason::UnknownValue, "roster/k", 1),
        (Kind::Privacy, Reason::UnknownValue, "blocklist/x@h", 1),
        (Kind::Offline, Reason::UnknownValue, "offline/k", 1),
        (Kind::Offline, Reason::BrokenXml, "k0", 1),
        (Kind::Other, Reason::NotTakenYet, "", 1),
        (Kind::Archive, Reason::NotTakenYet, "", 1),
    ];
    expected.sort();
    assert_eq!(skipped, expected);
}

#[tokio::test]
async fn what_is_no_users() {
    let (_, _, leftovers) = odd().await;
    let left: Vec<_> = leftovers
        .iter()
        .map(|one| (one.host.as_str(), one.rows.kind, one.rows.reason, one.rows.rows))
        .collect();
    let expected = [
        ("h", Kind::Roster, Reason::BadText, 2),
        ("conference.h", Kind::Room, Reason::NotTakenYet, 2),
        ("h", Kind::Room, Reason::NotTakenYet, 1),
        ("h", Kind::Other, Reason::NotTakenYet, 1),
    ];
    assert_eq!(left, expected);
}

#[test]
fn a_user_beyond_the_limit() {
    let cell = |text: &str| storage::source::Value::Text(text.to_owned());
    let row = || Row::new(vec![cell("private"), cell("k"), cell("string"), cell("v")]);
    let mut to = Belongings::new("a", "h");
    place(row(), false, BYTES + 1, &mut to);
    place(row(), false, BYTES + 2, &mut to);
    assert!(to.tables.is_empty());
    assert_eq!((to.skipped[0].reason, to.skipped[0].rows), (Reason::TooLarge, 2));
    place(row(), false, BYTES, &mut to);
    assert!(to.tables.contains_key("private") && to.skipped.len() == 1);
}
