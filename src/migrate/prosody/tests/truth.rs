//! What the users' clients have read from the old server.

use std::collections::BTreeMap;

use crate::{Kind, RawPassword, RawRule, RawUser, Reason};
use bytes::Bytes;
use serde_json::{Map, Value};
use storage::Kinds;
use xmpp::{Child, Document, Element, ElementLimits, datetime, ns};

pub struct Truth(Map<String, Value>);

/// An element as a text that is the same however it was written.
pub fn canonical(xml: &str) -> String {
    write(&element(xml))
}

/// Nothing is in force around it: it has to declare what it uses.
fn element(xml: &str) -> Element {
    let document = Document::parse(Bytes::copy_from_slice(xml.as_bytes()), "", &ElementLimits::OWN);
    document.unwrap_or_else(|error| panic!("{error:?}: {xml}")).to_element()
}

fn write(element: &Element) -> String {
    let local = |name: &str| name.rsplit_once(':').map_or(name.to_owned(), |(_, local)| local.to_owned());
    let mut attributes: Vec<_> = element
        .attributes()
        .iter()
        .map(|one| {
            // The clients' own canonical form has no prefix for the namespace of the element.
            let namespace = one.ns.as_deref().filter(|own| *own != element.ns()).unwrap_or("");
            format!(" {{{namespace}}}{}={:?}", local(&one.name), one.value)
        })
        .collect();
    attributes.sort();
    let content: String = element
        .nodes()
        .iter()
        .map(|node| match node {
            Child::Element(child) => write(child),
            Child::Text(text) => format!("{text:?}"),
            _ => panic!("neither text nor an element"),
        })
        .collect();
    format!("<{{{}}}{}{}>{content}</>", element.ns(), element.name(), attributes.concat())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn field(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

impl Truth {
    pub fn read() -> Self {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration/prosody-a-files/truth.json");
        match serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap() {
            Value::Object(users) => Self(users),
            _ => panic!("not an object"),
        }
    }

    pub fn users(&self) -> Vec<&String> {
        self.0.keys().collect()
    }

    pub fn check(&self, address: &str, user: &RawUser) {
        let truth = &self.0[address];
        let [account] = user.accounts.as_slice() else { panic!("{address}: not one account") };
        let RawPassword::Keys(keys) = &account.password else { panic!("{address}: no keys") };
        assert!(auth::verify_plain(truth["password"].as_str().unwrap(), keys), "{address}");
        assert!(!auth::verify_plain("another", keys) && account.disabled != Some(true), "{address}");
        roster(address, truth, user);
        requests(address, truth, user);
        private(address, truth, user);
        privacy(address, truth, user);
        let vcard: Vec<_> = user.vcards.iter().map(|xml| canonical(xml)).collect();
        let expected: Vec<_> = truth["vcard"].as_str().map(canonical).into_iter().collect();
        assert_eq!(vcard, expected, "{address}");
        offline(address, truth, user);
        assert!(user.last.is_empty(), "{address}");
        counted(address, truth, user);
    }
}

fn roster(address: &str, truth: &Value, user: &RawUser) {
    let mut expected = BTreeMap::new();
    for item in truth["roster"].as_array().unwrap() {
        let ask = field(item, "ask").as_deref() == Some("subscribe");
        let rest = (field(item, "name"), field(item, "subscription").unwrap(), ask, texts(&item["groups"]));
        expected.insert(field(item, "jid").unwrap(), rest);
    }
    let mut found = BTreeMap::new();
    for contact in &user.contacts {
        let mut groups = contact.groups.clone();
        groups.sort();
        // As the client got it, through an attribute.
        let name = contact.name.as_ref().map(|name| name.replace(['\t', '\n'], " "));
        let subscription = contact.subscription.clone().unwrap().as_str().to_owned();
        assert!(!contact.approved);
        assert!(found.insert(contact.jid.clone(), (name, subscription, contact.ask, groups)).is_none());
    }
    assert_eq!(found, expected, "{address}");
}

/// The client got them from the bare address, whatever the stanza said.
fn requests(address: &str, truth: &Value, user: &RawUser) {
    let plain = |xml: &str| {
        let mut element = element(xml);
        element.set_attr("from", "");
        write(&element)
    };
    let mut expected: Vec<_> =
        texts(&truth["subscription_requests_xml"]).iter().map(|xml| plain(xml)).collect();
    let mut found: Vec<_> = user.requests.iter().filter_map(|one| one.stanza.as_deref()).map(plain).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{address}");
    let mut found: Vec<_> = user.requests.iter().map(|one| one.jid.clone()).collect();
    found.sort();
    assert_eq!(found, texts(&truth["subscription_requests"]), "{address}");
}

fn private(address: &str, truth: &Value, user: &RawUser) {
    let mut expected: BTreeMap<_, _> = BTreeMap::new();
    for (name, elements) in truth["private"].as_object().unwrap() {
        expected.insert(name.clone(), texts(elements).iter().map(|xml| canonical(xml)).collect::<Vec<_>>());
    }
    for xml in &user.private {
        let root = element(xml);
        let found = expected.remove(&format!("{{{}}}{}", root.ns(), root.name()));
        assert_eq!(found, Some(vec![canonical(xml)]), "{address}");
    }
    // What was never stored, or is empty, was answered with the question.
    for (name, answer) in expected {
        assert_eq!(answer, [format!("<{name}></>")], "{address}");
    }
}

type Rule = (String, i64, Option<String>, Option<String>, bool, Vec<String>);

fn privacy(address: &str, truth: &Value, user: &RawUser) {
    let default = truth["privacy"]["default"].as_str().map(str::to_owned);
    assert_eq!(user.default_lists, Vec::from_iter(default.clone()), "{address}");
    let mut expected: Vec<Rule> = Vec::new();
    for (list, items) in truth["privacy"]["lists"].as_object().into_iter().flatten() {
        for item in items.as_array().unwrap() {
            let mut kinds = texts(&item["stanzas"]);
            kinds.sort();
            let order = item["order"].as_i64().unwrap();
            let allow = item["action"] == "allow";
            expected.push((list.clone(), order, field(item, "type"), field(item, "value"), allow, kinds));
        }
    }
    let mut found: Vec<_> = user.rules.iter().map(rule).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{address}");
    let mut blocked = user.blocked.clone();
    blocked.sort();
    // With a default list, it is derived from that.
    let expected = if default.is_none() { texts(&truth["blocklist"]) } else { Vec::new() };
    assert_eq!(blocked, expected, "{address}");
}

fn rule(rule: &RawRule) -> Rule {
    let named = [
        (Kinds::IQ, "iq"),
        (Kinds::MESSAGE, "message"),
        (Kinds::PRESENCE_IN, "presence-in"),
        (Kinds::PRESENCE_OUT, "presence-out"),
    ];
    let kinds = named.iter().filter(|(kinds, _)| rule.kinds != Kinds::ALL && rule.kinds.contains(*kinds));
    let kinds = kinds.map(|(_, name)| (*name).to_owned()).collect();
    (rule.list.clone(), rule.order, rule.subject.clone(), rule.value.clone(), rule.allow, kinds)
}

/// The server added its own delay when it delivered them, with the time they were stored.
fn offline(address: &str, truth: &Value, user: &RawUser) {
    let host = address.rsplit_once('@').unwrap().1;
    let mut expected = Vec::new();
    for xml in texts(&truth["offline"]) {
        let (mut message, mut stamp) = (element(&xml), None);
        message.retain_children(|child| {
            let added = child.is("delay", ns::DELAY) && child.get("from") == Some(host);
            if added {
                stamp = datetime::parse(child.get("stamp").unwrap());
            }
            !added
        });
        assert!(stamp.is_some(), "{address}");
        expected.push((write(&message), stamp));
    }
    let found: Vec<_> =
        user.messages.iter().map(|message| (canonical(&message.xml), message.stored_us)).collect();
    assert_eq!(found, expected, "{address}");
}

/// Archives, and nodes that nothing was made of.
fn counted(address: &str, truth: &Value, user: &RawUser) {
    let archived = truth["mam"].as_array().unwrap().len() as u64;
    let mut nodes = 0;
    for node in truth["pep"].as_object().into_iter().flatten().map(|(_, node)| node) {
        nodes += 1 + node["items"].as_array().unwrap().len() as u64;
    }
    for one in &user.skipped {
        assert_eq!(one.reason, Reason::NotTakenYet, "{address}: {one:?}");
        match one.kind {
            // With the preferences, which not every account has set.
            Kind::Archive => assert!(one.rows == archived || one.rows == archived + 1, "{address}: {one:?}"),
            Kind::Pep => assert_eq!(one.rows, nodes, "{address}"),
            _ => panic!("{address}: {one:?}"),
        }
    }
    let has = |kind| user.skipped.iter().any(|one| one.kind == kind);
    assert!(has(Kind::Archive) || archived == 0, "{address}");
    assert_eq!(has(Kind::Pep), nodes > 0, "{address}");
}
