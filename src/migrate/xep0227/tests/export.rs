//! What is exported is imported as it was.

use crate::{Kind, RawPassword, RawUser, Reason};
use proptest::prelude::*;
use storage::{Hash, Kinds, ScramKeys, Subscription};

use super::read::read;
use super::xml::normal;
use crate::xep0227::export::{
    Export, ExportContact, ExportMessage, ExportPassword, ExportRule, ExportUser, Reader,
};

const HOST: &str = "chess.example";

/// Exports users and imports them; whoever the export is for, they are the same.
pub(super) fn round_trip(users: &[ExportUser]) -> Vec<RawUser> {
    let words = |users: &[RawUser]| serde_json::to_string(users).unwrap();
    let [any, ejabberd, prosody] = [Reader::Any, Reader::Ejabberd, Reader::Prosody].map(|reader| {
        let mut back = round_trip_in(reader, users);
        // Documents of users are read in the order of their names.
        back.sort_by_key(|user| users.iter().position(|one| one.local == user.local));
        back
    });
    assert_eq!(words(&any), words(&ejabberd));
    assert_eq!(words(&any), words(&prosody));
    any
}

fn round_trip_in(reader: Reader, users: &[ExportUser]) -> Vec<RawUser> {
    let directory = tempfile::tempdir().unwrap();
    let mut export = Export::begin(directory.path(), reader).unwrap();
    export.host(HOST).unwrap();
    for user in users {
        let skipped = export.user(user).unwrap();
        assert!(skipped.is_empty(), "{skipped:?}");
    }
    export.finish().unwrap();
    let all = read(directory.path()).unwrap();
    assert!(all.leftovers.is_empty(), "{:?}", all.leftovers);
    assert_eq!(all.survey.hosts, [HOST]);
    assert_eq!(all.survey.users, Some(users.len() as u64));
    all.users
}

fn same_password(out: &ExportPassword, back: &RawPassword) -> bool {
    match (out, back) {
        (ExportPassword::None, RawPassword::None) => true,
        (ExportPassword::Plain(out), RawPassword::Plain(back)) => out == back,
        (ExportPassword::Keys(out), RawPassword::Keys(back)) => out == back,
        (
            ExportPassword::Foreign { format, text, salt },
            RawPassword::Foreign { format: back_format, text: back, salt: back_salt },
        ) => (format, text, salt) == (back_format, back, back_salt),
        _ => false,
    }
}

fn check(out: &ExportUser, back: &RawUser) {
    assert_eq!((out.local.as_str(), HOST), (back.local.as_str(), back.host.as_str()));
    let [account] = back.accounts.as_slice() else { panic!("accounts") };
    assert!(same_password(&out.password, &account.password));
    assert_eq!((out.created_us, out.disabled), (account.created_us, account.disabled.unwrap_or(false)));
    let contacts = back.contacts.iter().map(|contact| ExportContact {
        jid: contact.jid.clone(),
        name: contact.name.clone(),
        subscription: contact.subscription.clone().unwrap(),
        ask: contact.ask,
        approved: contact.approved,
        groups: contact.groups.clone(),
        in_roster: true,
    });
    assert_eq!(out.contacts, contacts.collect::<Vec<_>>());
    let rules = back.rules.iter().map(|rule| {
        let kind = rule.subject.clone();
        ExportRule {
            list: rule.list.clone(),
            order: rule.order.try_into().unwrap(),
            subject: kind.map(|kind| (kind, rule.value.clone().unwrap())),
            allow: rule.allow,
            kinds: rule.kinds,
        }
    });
    assert_eq!(out.rules, rules.collect::<Vec<_>>());
    assert_eq!(out.default_list, back.default_lists.last().cloned());
    let normals = |xml: &[String]| xml.iter().map(|xml| normal(xml)).collect::<Vec<_>>();
    assert_eq!(normals(&out.private), normals(&back.private));
    assert_eq!(normals(out.vcard.as_slice()), normals(&back.vcards));
    let requests: Vec<_> = back.requests.iter().map(|request| request.stanza.clone().unwrap()).collect();
    assert_eq!(normals(&out.requests), normals(&requests));
    check_messages(out, back);
    assert_eq!(out.last, back.last.last().map(|last| (last.at_us, last.status.clone())));
    assert!(back.blocked.is_empty() && back.skipped.is_empty(), "{:?}", back.skipped);
}

/// A message whose stamp does not say when it was stored has one more.
fn check_messages(out: &ExportUser, back: &RawUser) {
    assert_eq!(out.messages.len(), back.messages.len());
    for (out, back) in out.messages.iter().zip(&back.messages) {
        assert_eq!(back.stored_us, Some(out.stored_us));
        let stamp = xmpp::datetime::format(out.stored_us);
        let stamped = format!("<delay xmlns='urn:xmpp:delay' from='{HOST}' stamp='{stamp}'/></message>");
        let with = out.xml.replace("</message>", &stamped);
        let normal_back = normal(&back.xml);
        assert!(normal_back == normal(&out.xml) || normal_back == normal(&with), "{} {}", out.xml, back.xml);
    }
}

/// Texts of all characters that XML can carry.
fn text() -> impl Strategy<Value = String> {
    let nasty = proptest::sample::select(vec![
        '\t', '\n', '\r', '\'', '"', '<', '>', '&', ']', ' ', '\u{7F}', '\u{85}', '🏰', '\u{FFFD}',
        '\u{2028}',
    ]);
    let any = any::<char>().prop_filter("XML", |c| *c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    proptest::collection::vec(prop_oneof![nasty, any], 0..12).prop_map(|chars| chars.into_iter().collect())
}

fn instant() -> impl Strategy<Value = i64> {
    -62_135_596_800_000_000i64..253_402_300_799_999_999
}

fn keys() -> impl Strategy<Value = Vec<ScramKeys>> {
    let lens = [(Hash::Sha1, 20), (Hash::Sha256, 32), (Hash::Sha512, 64)];
    let one = move |(at, salt, byte, iterations): (usize, Vec<u8>, u8, u32)| {
        let (hash, len) = lens[at];
        ScramKeys { hash, iterations, salt, stored_key: vec![byte; len], server_key: vec![!byte; len] }
    };
    let salt = proptest::collection::vec(any::<u8>(), 1..40);
    (proptest::collection::btree_set(0..3usize, 1..=3), salt, any::<u8>(), 1..=u32::MAX).prop_map(
        move |(hashes, salt, byte, count)| {
            hashes.into_iter().map(|at| one((at, salt.clone(), byte, count))).collect()
        },
    )
}

fn password() -> impl Strategy<Value = ExportPassword> {
    prop_oneof![
        Just(ExportPassword::None),
        Just(ExportPassword::Plain("$2y$10$scram:a,b,c,4".to_owned())),
        text().prop_filter("some", |text| !text.is_empty()).prop_map(ExportPassword::Plain),
        keys().prop_map(ExportPassword::Keys),
        text().prop_map(|text| ExportPassword::Foreign { format: "bcrypt".to_owned(), text, salt: None }),
        (text(), text()).prop_map(|(text, realm)| ExportPassword::Foreign {
            format: "a1hash".to_owned(),
            text,
            salt: Some(realm)
        }),
    ]
}

fn contact() -> impl Strategy<Value = ExportContact> {
    let name = proptest::option::of(text());
    let subscription = proptest::sample::select(Subscription::ALL.to_vec());
    let groups = proptest::collection::vec(text(), 0..4);
    (text(), name, subscription, any::<bool>(), any::<bool>(), groups).prop_map(
        |(jid, name, subscription, ask, approved, groups)| {
            let ask = ask && matches!(subscription, Subscription::None | Subscription::From);
            ExportContact { jid, name, subscription, ask, approved, groups, in_roster: true }
        },
    )
}

fn kinds() -> impl Strategy<Value = Kinds> {
    let all = crate::xep0227::privacy::KINDS;
    let subset = move |bits: u8| {
        let chosen =
            all.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, (_, kind))| *kind);
        chosen.reduce(|a, b| a | b).unwrap_or(Kinds::ALL)
    };
    (0u8..16).prop_map(subset)
}

fn rule() -> impl Strategy<Value = ExportRule> {
    let kind = proptest::sample::select(vec!["jid", "group", "subscription"]);
    let list = prop_oneof![Just("one".to_owned()), text()];
    (list, any::<u32>(), proptest::option::of((kind, text())), any::<bool>(), kinds()).prop_map(
        |(list, order, subject, allow, kinds)| {
            let subject = subject.map(|(kind, value): (&str, String)| (kind.to_owned(), value));
            ExportRule { list, order, subject, allow, kinds }
        },
    )
}

/// An element with such texts.
fn element(name: &'static str, ns: &'static str) -> impl Strategy<Value = String> {
    (text(), text()).prop_map(move |(attribute, text)| {
        let inner = xmpp::Element::new("inner", "urn:x").attr("a", attribute).text(&text);
        let plain = xmpp::Element::new("plain", "").text(&text);
        xmpp::Element::new(name, ns).child(inner).child(plain).text(text).to_xml("jabber:client")
    })
}

fn message() -> impl Strategy<Value = ExportMessage> {
    let stamp = prop_oneof![Just(None), instant().prop_map(Some)];
    (element("message", "jabber:client"), stamp, instant(), any::<bool>()).prop_map(
        |(xml, stamp, at, same)| {
            let stored_us = stamp.filter(|_| same).unwrap_or(at);
            let delay = stamp.map_or_else(String::new, |stamp| {
                format!(
                    "<delay xmlns='urn:xmpp:delay' from='{HOST}' stamp='{}'/></message>",
                    xmpp::datetime::format(stamp)
                )
            });
            let xml = if delay.is_empty() { xml } else { xml.replace("</message>", &delay) };
            ExportMessage { xml, stored_us }
        },
    )
}

fn user() -> impl Strategy<Value = ExportUser> {
    let presence = element("presence", "jabber:client")
        .prop_map(|xml| xml.replacen("<presence", "<presence from='a@b' to='c@d' type='subscribe'", 1));
    let many = |most| proptest::collection::vec(element("own", "urn:own"), 0..most);
    // What no local part has.
    let local = text().prop_map(|text| text.replace('/', ""));
    let account = (local, password(), proptest::option::of(instant()), any::<bool>());
    let roster = (proptest::collection::vec(contact(), 0..5), proptest::collection::vec(presence, 0..3));
    let lists = (proptest::collection::vec(rule(), 0..6), proptest::option::of(text()));
    let vcard = proptest::option::of(element("vCard", "vcard-temp"));
    let rest = (
        many(4),
        vcard,
        proptest::collection::vec(message(), 0..4),
        proptest::option::of((instant(), text())),
    );
    (account, roster, lists, rest).prop_map(
        |(
            (local, password, created_us, disabled),
            (contacts, requests),
            (rules, default_list),
            (private, vcard, messages, last),
        )| ExportUser {
            local,
            password,
            created_us,
            disabled,
            contacts,
            requests,
            private,
            rules,
            default_list,
            vcard,
            messages,
            last,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn users_come_back(user in user()) {
        let back = round_trip(std::slice::from_ref(&user));
        check(&user, &back[0]);
    }
}

#[test]
fn large_users_come_back() {
    let picture = "A".repeat(5 << 20);
    let contact = |at: usize| ExportContact {
        jid: format!("contact{at}@remote.example"),
        name: Some(format!("name {at} {}", "ž".repeat(500))),
        subscription: Subscription::Both,
        ask: false,
        approved: false,
        groups: vec!["a".to_owned(), "b".to_owned()],
        in_roster: true,
    };
    let user = ExportUser {
        local: "alice".to_owned(),
        contacts: (0..2000).map(contact).collect(),
        vcard: Some(format!("<vCard xmlns='vcard-temp'><PHOTO><BINVAL>{picture}</BINVAL></PHOTO></vCard>")),
        ..ExportUser::default()
    };
    let back = round_trip(std::slice::from_ref(&user));
    check(&user, &back[0]);
}

/// A request alone makes no contact, but what a contact is approved for in advance, or was asked, stays.
#[test]
fn contacts_outside_the_roster() {
    let hidden = |jid: &str, ask, approved| ExportContact {
        jid: jid.to_owned(),
        name: None,
        subscription: Subscription::None,
        ask,
        approved,
        groups: Vec::new(),
        in_roster: false,
    };
    let contacts = vec![
        hidden("asks@b", false, false),
        hidden("approved@b", false, true),
        hidden("asked@b", true, false),
    ];
    let back = round_trip(&[ExportUser { local: "u".to_owned(), contacts, ..ExportUser::default() }]);
    let jids: Vec<_> = back[0].contacts.iter().map(|contact| contact.jid.as_str()).collect();
    assert_eq!(jids, ["approved@b", "asked@b"]);
}

#[test]
fn what_is_no_xml_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let mut export = Export::begin(directory.path(), Reader::Any).unwrap();
    export.host(HOST).unwrap();
    let user = ExportUser {
        local: "u".to_owned(),
        private: vec!["<a xmlns='x'>".to_owned(), "<b xmlns='x'/>".to_owned()],
        vcard: Some("</user>".to_owned()),
        messages: vec![ExportMessage { xml: "<message>&x;</message>".to_owned(), stored_us: 0 }],
        ..ExportUser::default()
    };
    let skipped: Vec<_> = export.user(&user).unwrap().iter().map(|one| (one.kind, one.reason)).collect();
    let broken = [Kind::Offline, Kind::Private, Kind::VCard].map(|kind| (kind, Reason::BrokenXml));
    assert_eq!(skipped, broken);
    export.finish().unwrap();
    let all = read(directory.path()).unwrap();
    assert_eq!(all.users[0].private, ["<b xmlns='x'/>"]);
    assert!(all.users[0].skipped.is_empty());
}
