use super::super::lua_parser::returned;
use super::*;
use crate::prosody::understood::understood;

fn user(stores: &[(&str, &str)]) -> RawUser {
    let mut from = Belongings::new("a", "h");
    for (store, lua) in stores {
        let value = returned(format!("return {lua}").as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
        from.tables.insert((*store).to_owned(), value.table().cloned().unwrap());
    }
    understood(from)
}

fn times(user: &RawUser) -> Vec<i64> {
    user.last.iter().map(|last| last.at_us / 1_000_000).collect()
}

#[test]
fn of_each_module_and_the_latest_last() {
    assert_eq!(times(&user(&[("lastlog", r#"{event="logout", timestamp=7, ip="::1"}"#)])), [7]);
    assert_eq!(times(&user(&[("lastlog", "{time=8}")])), [8]);
    assert_eq!(times(&user(&[("account_activity", "{timestamp=9}")])), [9]);
    let both = [
        ("lastlog2", "{logout={timestamp=12}, login={timestamp=11}, registered={timestamp=99}}"),
        ("account_activity", "{timestamp=10}"),
    ];
    let user = user(&both);
    assert_eq!(times(&user), [10, 11, 12]);
    let skipped: Vec<_> = user.skipped.iter().map(|one| (one.kind, one.reason, one.key.as_str())).collect();
    assert_eq!(skipped, [(Kind::Last, Reason::Empty, "registered")]);
}

#[test]
fn without_a_time() {
    for lua in ["{}", "{timestamp=(1/0)}", "{timestamp=(0/0)}", "{timestamp={}}"] {
        let user = user(&[("lastlog", lua)]);
        assert!(user.last.is_empty() && user.skipped[0].reason == Reason::UnknownValue, "{lua}");
    }
}
