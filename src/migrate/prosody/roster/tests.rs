use crate::Reason;
use crate::prosody::understood::understood;

use super::super::lua_parser::returned;
use super::*;

fn user(lua: &str) -> RawUser {
    let value = returned(format!("return {lua}").as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
    let mut from = Belongings::new("a", "h");
    from.tables.insert("roster".into(), value.table().cloned().unwrap());
    understood(from)
}

fn skipped(user: &RawUser) -> Vec<(Kind, Reason, &str)> {
    user.skipped.iter().map(|one| (one.kind, one.reason, one.key.as_str())).collect()
}

#[test]
fn a_contact_with_everything() {
    let user = user(
        r#"{["b@h"]={subscription="from", ask="subscribe", name="B", approved="true", persist=false, groups={["x"]=true, ["y"]=false, "z"}}, ["c@h"]={}}"#,
    );
    let [b, c] = user.contacts.as_slice() else { panic!("two contacts") };
    assert_eq!((b.jid.as_str(), b.name.as_deref(), b.ask, b.approved), ("b@h", Some("B"), true, true));
    assert_eq!(
        (&b.subscription, b.groups.as_slice()),
        (&Ok(Subscription::From), ["x".to_owned(), "z".to_owned()].as_slice())
    );
    assert!(c.subscription == Ok(Subscription::None) && !c.ask && !c.approved && c.name.is_none());
    assert_eq!(skipped(&user), [(Kind::Group, Reason::Empty, "b@h")]);
}

#[test]
fn requests_where_they_stand_now_and_where_they_stood() {
    let user = user(
        r#"{[false]={version=3, pending={["b@h"]=true, ["c@h"]={name="presence", attr={type="subscribe", from="c@h/x"}}}}, pending={["d@h"]=true}}"#,
    );
    let jids: Vec<_> = user.requests.iter().map(|one| (one.jid.as_str(), one.stanza.as_deref())).collect();
    let stanza = "<presence xmlns='jabber:client' type='subscribe' from='c@h/x'/>";
    assert_eq!(jids, [("b@h", None), ("c@h", Some(stanza)), ("d@h", None)]);
    assert!(user.contacts.is_empty() && user.skipped.is_empty());
}

#[test]
fn a_contact_whose_address_is_pending() {
    let user = user(r#"{pending={subscription="both", groups={}}}"#);
    assert!(user.requests.is_empty() && user.contacts.len() == 1);
}

#[test]
fn one_bad_entry_takes_no_other_with_it() {
    let user = user(
        r#"{["\255@h"]={}, ["b@h"]=true, ["c@h"]={name="\255"}, ["d@h"]={subscription="remove", groups={["\255"]=true}}, ["e@h"]={groups=1},
            {}, [false]={pending={["f@h"]={name="a b"}, ["\255"]=true, ["g@h"]=1}}}"#,
    );
    let jids: Vec<_> = user.contacts.iter().map(|one| (one.jid.as_str(), one.subscription.clone())).collect();
    assert_eq!(jids, [("d@h", Err("remove".to_owned())), ("e@h", Ok(Subscription::None))]);
    let expected = [
        (Kind::Roster, Reason::BadText, "\u{FFFD}@h"),
        (Kind::Roster, Reason::UnknownValue, "b@h"),
        (Kind::Roster, Reason::BadText, "c@h"),
        (Kind::Group, Reason::BadText, "d@h"),
        (Kind::Group, Reason::UnknownValue, "e@h"),
        (Kind::Roster, Reason::UnknownValue, "1"),
        (Kind::Request, Reason::BrokenXml, "f@h"),
        (Kind::Request, Reason::BadText, "\u{FFFD}"),
        (Kind::Request, Reason::UnknownValue, "g@h"),
    ];
    assert_eq!(skipped(&user), expected);
}
