use super::super::lua_parser::returned;
use super::*;
use crate::prosody::understood::understood;

fn user(store: &str, lua: &str) -> RawUser {
    let value = returned(format!("return {lua}").as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
    let mut from = Belongings::new("a", "h");
    from.tables.insert(store.into(), value.table().cloned().unwrap());
    understood(from)
}

#[test]
fn lists_by_name_and_in_a_row() {
    let item = |order: &str| {
        format!(
            r#"{{order={order}, action="deny", type="jid", value="b@h", message=true, ["presence-in"]=true, iq=false}}"#
        )
    };
    let lua = format!(
        r#"{{default="x", lists={{x={{items={{{}}}}}, {{name="y", items={{{}}}}}}}}}"#,
        item("5"),
        item("\"7\"")
    );
    let user = user("privacy", &lua);
    let rules: Vec<_> = user.rules.iter().map(|rule| (rule.list.as_str(), rule.order, rule.kinds)).collect();
    let kinds = Kinds::MESSAGE | Kinds::PRESENCE_IN;
    assert_eq!(rules, [("x", 5, kinds), ("y", 7, kinds)]);
    assert!(user.rules.iter().all(|rule| !rule.allow
        && rule.subject.as_deref() == Some("jid")
        && rule.value.as_deref() == Some("b@h")));
    assert_eq!(user.default_lists, ["x"]);
    assert!(user.skipped.is_empty());
}

#[test]
fn none_of_the_four_kinds_is_more_than_all_of_them() {
    let user = user(
        "privacy",
        r#"{lists={x={items={{order=1, action="allow"}, {order=2, action="allow", iq=true, message=true, ["presence-in"]=true, ["presence-out"]=true}}}}}"#,
    );
    assert_eq!(user.rules[0].kinds, Kinds::ALL);
    assert_ne!(user.rules[1].kinds, Kinds::ALL);
}

#[test]
fn one_bad_entry_takes_no_other_with_it() {
    let user = user(
        "privacy",
        r#"{default={}, lists={x={items={{order=1.5, action="deny"}, {order=1, action="block"}, {action="deny"}, 7, {order=2, action="deny", value="\255"},
            {order=3, action="deny"}}}, y=true, z={items={}}, {items={}}}, other=1}"#,
    );
    assert_eq!(user.rules.iter().map(|rule| rule.order).collect::<Vec<_>>(), [3]);
    let reasons: Vec<_> = user.skipped.iter().map(|one| (one.reason, one.key.as_str())).collect();
    let value = |key| (Reason::UnknownValue, key);
    let expected = [
        value("default"),
        value("x: 1"),
        value("x: 2"),
        value("x: 3"),
        value("x: 4"),
        (Reason::BadText, "x: 5"),
        value("y"),
        (Reason::Empty, "z"),
        value("1"),
        value("other"),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn block_lists() {
    let user = user(
        "blocklist",
        r#"{[false]={created=1}, ["b@h"]=1795465440, ["c@h"]=true, ["d@h"]=false, ["\255"]=true, [5]=true}"#,
    );
    assert_eq!(user.blocked, ["b@h", "c@h"]);
    let reasons: Vec<_> = user.skipped.iter().map(|one| one.reason).collect();
    assert_eq!(reasons, [Reason::Empty, Reason::BadText, Reason::UnknownValue]);
}
