use crate::Reason;
use crate::prosody::understood::understood;

use super::super::lua_parser::{Parser, returned};
use super::*;

fn belongings(store: &str, list: &str) -> Belongings {
    let mut parser = Parser::new(list.as_bytes());
    let mut from = Belongings::new("a", "h");
    while let Some(item) = parser.item() {
        let item = Item::of_list(&item.unwrap_or_else(|fault| panic!("{fault:?}")));
        from.items.entry(store.to_owned()).or_default().push(item);
    }
    let node = store.strip_prefix("pep_").unwrap();
    let nodes = returned(format!("return {{[{node:?}]={{config={{}}}}, other=true}}").as_bytes());
    from.tables.insert("pep".into(), nodes.ok().and_then(|value| value.table().cloned()).unwrap());
    from
}

const TWO: &str = r#"
item({ key="r1@c.h", when=1, with="a@h", name="conference", attr={xmlns="urn:xmpp:bookmarks:1", name="R <1>", autojoin="1", stamp="x"},
    {name="nick", attr={xmlns="urn:xmpp:bookmarks:1"}, "me"}, {name="password", attr={xmlns="urn:xmpp:bookmarks:1"}, "s3"},
    {name="extensions", attr={xmlns="urn:xmpp:bookmarks:1"}, {name="x", attr={xmlns="u"}}} });
item({ key="r2@c.h", name="conference", attr={xmlns="urn:xmpp:bookmarks:1"} });
item({ key="r3@c.h", name="other", attr={xmlns="urn:xmpp:bookmarks:1"} });
item({ key="r4@c.h", name="a b", attr={} });
"#;

#[test]
fn items_become_one_element() {
    let user = understood(belongings(BOOKMARKS, TWO));
    let expected = "<storage xmlns='storage:bookmarks'>\
        <conference jid='r1@c.h' name='R &lt;1&gt;' autojoin='1'><nick>me</nick><password>s3</password></conference>\
        <conference jid='r2@c.h'/></storage>";
    assert_eq!(user.private, [expected]);
    let skipped: Vec<_> =
        user.skipped.iter().map(|one| (one.kind, one.reason, one.key.as_str(), one.rows)).collect();
    let expected = [
        (Kind::Private, Reason::UnknownValue, "r3@c.h", 1),
        (Kind::Private, Reason::BrokenXml, "r4@c.h", 1),
        // What clients have added to a bookmark.
        (Kind::Private, Reason::NotTakenYet, "urn:xmpp:bookmarks:1", 1),
        // The other node.
        (Kind::Pep, Reason::NotTakenYet, "", 1),
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn what_is_in_private_storage_counts_more() {
    let mut from = belongings(BOOKMARKS, TWO);
    let private = returned(
        br#"return {["storage:storage:bookmarks"]={name="storage", attr={xmlns="storage:bookmarks"}}}"#,
    );
    from.tables.insert("private".into(), private.ok().and_then(|value| value.table().cloned()).unwrap());
    let user = understood(from);
    assert_eq!(user.private, ["<storage xmlns='storage:bookmarks'/>"]);
    assert_eq!(user.skipped.iter().map(|one| (one.kind, one.rows)).collect::<Vec<_>>(), [(Kind::Pep, 6)]);
}

#[test]
fn an_element_that_was_published_as_a_whole() {
    let list = r#"item({ key="current", name="storage", attr={xmlns="storage:bookmarks"}, {name="url", attr={xmlns="storage:bookmarks", url="http://h/"}} });"#;
    let user = understood(belongings(OLD_BOOKMARKS, list));
    assert_eq!(user.private, ["<storage xmlns='storage:bookmarks'><url url='http://h/'/></storage>"]);
}
