//! What clients read from a real server against what is read from its databases.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::{Kind, RawPassword, RawRule, RawUser, Reason};
use serde_json::{Value as Json, json};
use storage::Kinds;
use xmpp::{Child, Document, Element, ElementLimits, datetime};

use super::{Read, read};

const HOSTS: [&str; 2] = ["chess.example", "wuchess.example"];

fn folder() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration/ejabberd-a-sqlite").into()
}

fn truth() -> serde_json::Map<String, Json> {
    let text = std::fs::read_to_string(folder().join("truth.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn database(host: &str) -> Read {
    read(&folder().join(format!("{host}.db")), Some(host)).await.unwrap()
}

/// Every user with its truth.
async fn each(compare: impl Fn(&str, &RawUser, &Json)) {
    let truth = truth();
    let mut compared = 0;
    for host in HOSTS {
        let read = database(host).await;
        for (address, user) in &read.users {
            compare(address, user, truth.get(address).unwrap_or_else(|| panic!("{address} is none")));
            compared += 1;
        }
    }
    assert_eq!(compared, truth.len());
}

/// An element in a form in which equal XML is equal text.
fn canonical(xml: &str) -> String {
    let document = Document::parse(xml.to_owned().into(), "", &ElementLimits::OWN).unwrap();
    let mut out = String::new();
    write(&document.to_element(), &mut out);
    out
}

fn write(element: &Element, out: &mut String) {
    let attributes: BTreeSet<_> = element
        .attributes()
        .iter()
        .map(|one| {
            let local = one.name.rsplit(':').next().unwrap_or_default();
            format!(" {{{}}}{local}={:?}", one.ns.as_deref().unwrap_or_default(), one.value)
        })
        .collect();
    out.push_str(&format!("<{{{}}}{}", element.ns(), element.name()));
    out.extend(attributes);
    out.push('>');
    for node in element.nodes() {
        match node {
            Child::Element(child) => write(child, out),
            Child::Text(text) => out.push_str(&format!("{text:?}")),
            _ => panic!("not parsed"),
        }
    }
    out.push_str("</>");
}

fn texts(of: &Json) -> Vec<&str> {
    of.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[tokio::test]
async fn passwords() {
    each(|address, user, truth| {
        let [account] = user.accounts.as_slice() else { panic!("{address}") };
        let RawPassword::Keys(keys) = &account.password else { panic!("{address}") };
        let password = truth["password"].as_str().unwrap();
        assert!(auth::verify_plain(password, keys), "{address}");
        assert!(!auth::verify_plain("another", keys));
        let created = datetime::format(account.created_us.unwrap());
        assert!(
            created.starts_with("2026-11-23T20:32:") || created.starts_with("2026-11-23T20:33:"),
            "{created}"
        );
    })
    .await;
}

#[tokio::test]
async fn rosters() {
    each(|address, user, truth| {
        // A client reads XML attributes, in which a tab is a blank.
        let shown = |name: &str| name.replace(['\t', '\n'], " ");
        let item = |jid: &str, name: Option<&str>, subscription: &str, ask: bool, mut groups: Vec<String>| {
            groups.sort();
            format!("{jid} {:?} {subscription} {ask} {groups:?}", name.map(shown))
        };
        let truth: BTreeSet<String> = truth["roster"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let groups = texts(&one["groups"]).into_iter().map(str::to_owned).collect();
                let text = |name: &str| one[name].as_str();
                let subscription = text("subscription").unwrap();
                item(text("jid").unwrap(), text("name"), subscription, text("ask").is_some(), groups)
            })
            .collect();
        let asking: BTreeSet<_> = user.requests.iter().map(|request| request.jid.as_str()).collect();
        let mut found = BTreeSet::new();
        for one in &user.contacts {
            let subscription = one.subscription.as_ref().unwrap().as_str();
            let text = item(&one.jid, one.name.as_deref(), subscription, one.ask, one.groups.clone());
            // ejabberd does not show such an item.
            let is_hidden = subscription == "none" && !one.ask && asking.contains(one.jid.as_str());
            assert!(is_hidden || truth.contains(&text), "{address}: {text}");
            if !is_hidden {
                found.insert(text);
            }
        }
        assert_eq!(found, truth, "{address}");
    })
    .await;
}

#[tokio::test]
async fn requests() {
    each(|address, user, truth| {
        let found: BTreeSet<_> = user.requests.iter().map(|request| request.jid.as_str()).collect();
        let expected: BTreeSet<_> = texts(&truth["subscription_requests"]).into_iter().collect();
        assert_eq!(found, expected, "{address}");
        // The text of a request, where it had one.
        for xml in texts(&truth["subscription_requests_xml"]) {
            let presence = Document::parse(xml.to_owned().into(), "", &ElementLimits::OWN).unwrap();
            let from = presence.root().attr("from").unwrap().into_owned();
            let status =
                presence.root().child("status", "jabber:client").map(|status| status.text().into_owned());
            let request = user.requests.iter().find(|request| request.jid == from).unwrap();
            assert_eq!(request.text, status.filter(|text| !text.is_empty()), "{address} {from}");
        }
    })
    .await;
}

#[tokio::test]
async fn private_elements() {
    each(|address, user, truth| {
        let found: BTreeSet<_> = user.private.iter().map(|xml| as_answered(&canonical(xml))).collect();
        assert_eq!(found.len(), user.private.len());
        let mut expected = BTreeSet::new();
        for (name, elements) in truth["private"].as_object().unwrap() {
            let asked = format!("<{name}></>");
            for element in texts(elements).into_iter().map(canonical) {
                // What was never stored, or has been overwritten by another name, comes as it was asked for.
                if element != asked || found.contains(&element) {
                    expected.insert(element);
                }
            }
        }
        assert_eq!(found, expected, "{address}");
    })
    .await;
}

/// What ejabberd stores as it was, and loses when it answers: the prefix of an attribute, and that there is no namespace.
fn as_answered(xml: &str) -> String {
    let without_prefix = xml.replace(" {urn:example:prefixed}attr", " {}attr");
    without_prefix.replace("<{}plain>", "<{urn:example:prefixed}plain>")
}

#[tokio::test]
async fn privacy_lists() {
    each(|address, user, truth| {
        let lists = truth["privacy"]["lists"].as_object().unwrap();
        let names: BTreeSet<_> = user.rules.iter().map(|rule| rule.list.as_str()).collect();
        assert_eq!(names, lists.keys().map(String::as_str).collect(), "{address}");
        for (name, items) in lists {
            let mut rules: Vec<_> = user.rules.iter().filter(|rule| rule.list == *name).map(shown).collect();
            let mut items = items.as_array().unwrap().clone();
            rules.sort_by_key(Json::to_string);
            items.sort_by_key(Json::to_string);
            assert_eq!(rules, items, "{address} {name}");
        }
        let default = user.default_lists.last().map(String::as_str);
        assert_eq!(default, truth["privacy"]["default"].as_str(), "{address}");
    })
    .await;
}

fn shown(rule: &RawRule) -> Json {
    let kinds = [
        ("iq", Kinds::IQ),
        ("message", Kinds::MESSAGE),
        ("presence-in", Kinds::PRESENCE_IN),
        ("presence-out", Kinds::PRESENCE_OUT),
    ];
    let all = rule.kinds == Kinds::ALL;
    let stanzas: Vec<_> =
        kinds.iter().filter(|(_, kind)| !all && rule.kinds.contains(*kind)).map(|(word, _)| *word).collect();
    let mut item =
        json!({"action": if rule.allow { "allow" } else { "deny" }, "order": rule.order, "stanzas": stanzas});
    if let Some(subject) = &rule.subject {
        item["type"] = json!(subject);
        item["value"] = json!(rule.value);
    }
    item
}

#[tokio::test]
async fn vcards() {
    each(|address, user, truth| {
        let found = user.vcards.first().map_or("<vCard xmlns='vcard-temp'/>", String::as_str);
        assert!(user.vcards.len() <= 1);
        assert_eq!(canonical(found), canonical(truth["vcard"].as_str().unwrap()), "{address}");
    })
    .await;
}

#[tokio::test]
async fn messages_in_order_with_their_stamps() {
    each(|address, user, truth| {
        // A message to a resource that is gone came to the one that was there.
        let shown = |xml: &str| canonical(xml).replace("/gone\"", "\"").replace("/truth\"", "\"");
        let found: Vec<_> = user.messages.iter().map(|message| shown(&message.xml)).collect();
        let expected: Vec<_> = texts(&truth["offline"]).into_iter().map(shown).collect();
        assert_eq!(found, expected, "{address}");
        for message in &user.messages {
            let stamp = datetime::format(message.stored_us.unwrap());
            assert!(
                message.xml.contains(&format!("stamp='{stamp}' xmlns='urn:xmpp:delay'>Offline Storage")),
                "{stamp}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn last_activity() {
    each(|address, user, truth| {
        let (Some(time), Some(status)) = (truth["last"]["time"].as_i64(), truth["last"]["status"].as_str())
        else {
            return;
        };
        let [last] = user.last.as_slice() else { panic!("{address}") };
        assert!((last.at_us / 1_000_000 - time).abs() <= 1, "{address}");
        assert_eq!(last.status, status, "{address}");
    })
    .await;
}

/// The tables' numbers of rows, as `select count(*)` gives them.
struct Rows {
    roster: usize,
    asking: usize,
    groups: usize,
    rules: usize,
    private: usize,
    archive: u64,
    pep: u64,
}

#[tokio::test]
async fn nothing_is_missing() {
    let chess =
        Rows { roster: 112, asking: 10, groups: 94, rules: 37, private: 28, archive: 51 + 11, pep: 18 + 20 };
    let wuchess =
        Rows { roster: 94, asking: 8, groups: 90, rules: 36, private: 27, archive: 41 + 11, pep: 18 + 21 };
    for (host, rows) in HOSTS.into_iter().zip([chess, wuchess]) {
        let read = database(host).await;
        assert_eq!(
            (read.survey.hosts.as_slice(), read.survey.users),
            ([host.to_owned()].as_slice(), Some(13))
        );
        assert!(read.leftovers.iter().all(|one| one.host == host), "{:?}", read.leftovers);
        let left = |kind| -> u64 {
            read.leftovers.iter().filter(|one| one.rows.kind == kind).map(|one| one.rows.rows).sum()
        };
        let skipped = |kind| -> u64 {
            let all = read.users.values().flat_map(|user| &user.skipped);
            all.filter(|one| one.kind == kind).map(|one| one.rows).sum()
        };
        let sum = |count: fn(&RawUser) -> usize| read.users.values().map(count).sum::<usize>();
        assert_eq!(sum(|user| user.requests.len()), rows.asking);
        // A row that is a contact and a request is two records.
        let both = |user: &RawUser| {
            let is_contact = |jid: &str| user.contacts.iter().any(|contact| contact.jid == jid);
            user.requests.iter().filter(|request| is_contact(&request.jid)).count()
        };
        assert_eq!(sum(|user| user.contacts.len()) + rows.asking - sum(both), rows.roster);
        assert_eq!(sum(|user| user.contacts.iter().map(|one| one.groups.len()).sum()), rows.groups);
        assert_eq!(
            (sum(|user| user.rules.len()), sum(|user| user.private.len())),
            (rows.rules, rows.private)
        );
        assert_eq!(sum(|user| user.messages.len()), 13);
        assert_eq!((skipped(Kind::Archive) + left(Kind::Archive), left(Kind::Archive)), (rows.archive, 4));
        assert_eq!((skipped(Kind::Pep), left(Kind::Room)), (rows.pep, 2));
        let others = read.users.values().flat_map(|user| &user.skipped);
        assert!(others.filter(|one| one.reason != Reason::NotTakenYet).count() == 0);
    }
}
