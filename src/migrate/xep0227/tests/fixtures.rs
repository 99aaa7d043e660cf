//! Exports of real servers, compared with what the users' clients read from those servers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::{Kind, RawContact, RawPassword, RawRule, RawUser, Reason};
use serde_json::Value;
use storage::Kinds;

use super::read::{All, read};
use super::xml::{normal, without_space};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration")).join(name)
}

fn truth(name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(fixture(name).join("truth.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn of(name: &str) -> All {
    let all = read(&fixture(name)).unwrap();
    assert_eq!(all.survey.users, Some(all.users.len() as u64));
    assert_eq!(all.survey.notes, [""; 0]);
    assert!(all.leftovers.is_empty(), "{:?}", all.leftovers);
    let mut hosts = all.survey.hosts.clone();
    hosts.sort();
    assert_eq!(hosts, ["chess.example", "wuchess.example"]);
    all
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn check_password(jid: &str, truth: &Value, user: &RawUser) {
    let password = truth["password"].as_str().unwrap();
    let [account] = user.accounts.as_slice() else { panic!("{jid}: {} accounts", user.accounts.len()) };
    assert!(account.local.is_none() && account.created_us.is_none() && account.disabled.is_none(), "{jid}");
    match &account.password {
        RawPassword::Keys(keys) => assert!(auth::verify_plain(password, keys), "{jid}"),
        RawPassword::Unknown { text, realm: None } => assert_eq!(text, password, "{jid}"),
        _ => panic!("{jid}: no password"),
    }
}

/// A contact as `truth.json` has it.
fn line(jid: &str, name: &str, subscription: &str, ask: bool, groups: Vec<String>) -> String {
    format!("{jid} {name:?} {subscription} {ask} {:?}", sorted(groups))
}

fn contact(contact: &RawContact) -> String {
    let subscription = contact.subscription.as_ref().unwrap().as_str();
    let name = contact.name.as_deref().unwrap_or_default();
    line(&contact.jid, name, subscription, contact.ask, contact.groups.clone())
}

fn true_contacts(truth: &Value) -> Vec<String> {
    let text = |item: &Value, name| item[name].as_str().unwrap_or_default().to_owned();
    let one = |item: &Value| {
        let ask = text(item, "ask") == "subscribe";
        line(
            &text(item, "jid"),
            &text(item, "name"),
            &text(item, "subscription"),
            ask,
            texts(&item["groups"]),
        )
    };
    sorted(truth["roster"].as_array().into_iter().flatten().map(one).collect())
}

fn contacts(user: &RawUser) -> Vec<String> {
    sorted(user.contacts.iter().map(contact).collect())
}

fn requests(user: &RawUser) -> Vec<String> {
    sorted(user.requests.iter().map(|request| request.jid.clone()).collect())
}

/// Every element of private XML that the client got back for some name. Servers answer with an empty element for what
/// they do not have: those count only if they are in the export as well.
fn true_private(truth: &Value, have: &[String]) -> Vec<String> {
    let answers = truth["private"].as_object().into_iter().flatten();
    let mut elements: Vec<_> =
        answers.flat_map(|(_, answer)| texts(answer)).map(|xml| normal(&xml)).collect();
    let is_empty = |xml: &str| xml.matches(['<', ' ']).count() == 2;
    elements.retain(|xml| !is_empty(xml) || have.contains(xml));
    elements.sort();
    elements.dedup();
    elements
}

fn private(user: &RawUser) -> Vec<String> {
    sorted(user.private.iter().map(|xml| normal(xml)).collect())
}

fn kinds(kinds: Kinds) -> Vec<String> {
    let all = crate::xep0227::privacy::KINDS
        .iter()
        .filter(|(_, kind)| kinds != Kinds::ALL && kinds.contains(*kind));
    sorted(all.map(|(name, _)| (*name).to_owned()).collect())
}

/// An item of a privacy list; kinds only if they are told.
fn rule(rule: &RawRule, has_kinds: bool) -> String {
    let (subject, value) =
        (rule.subject.as_deref().unwrap_or_default(), rule.value.as_deref().unwrap_or_default());
    let kinds = if has_kinds { kinds(rule.kinds) } else { Vec::new() };
    format!("{} {} {subject}:{value} {} {kinds:?}", rule.list, rule.order, rule.allow)
}

fn rules(user: &RawUser, has_kinds: bool) -> Vec<String> {
    sorted(user.rules.iter().map(|one| rule(one, has_kinds)).collect())
}

fn true_rules(truth: &Value, has_kinds: bool) -> Vec<String> {
    let lists = truth["privacy"]["lists"].as_object().into_iter().flatten();
    let items =
        lists.flat_map(|(list, items)| items.as_array().into_iter().flatten().map(move |item| (list, item)));
    let text = |item: &Value, name| item[name].as_str().unwrap_or_default().to_owned();
    let line = |(list, item): (&String, &Value)| {
        let kinds = if has_kinds { sorted(texts(&item["stanzas"])) } else { Vec::new() };
        let allow = item["action"] == "allow";
        format!("{list} {} {}:{} {allow} {kinds:?}", item["order"], text(item, "type"), text(item, "value"))
    };
    sorted(items.map(line).collect())
}

fn default_list(user: &RawUser) -> Option<String> {
    user.default_lists.last().cloned()
}

fn true_default(truth: &Value) -> Option<String> {
    truth["privacy"]["default"].as_str().map(str::to_owned)
}

fn vcard(user: &RawUser) -> Option<String> {
    user.vcards.first().map(|xml| normal(xml)).filter(|xml| xml != "<{vcard-temp}vCard></>")
}

/// Servers answer with an empty vCard if there is none.
fn true_vcard(truth: &Value) -> Option<String> {
    truth["vcard"].as_str().map(normal).filter(|xml| xml != "<{vcard-temp}vCard></>")
}

fn check_ejabberd(from: &str, truth_of: &str) {
    let (all, truth) = (of(from), truth(truth_of));
    assert_eq!(all.users.len(), truth.len());
    for (jid, truth) in &truth {
        let user = all.user(jid);
        check_password(jid, truth, user);
        let mut have = contacts(user);
        // A contact without subscription that asks is in the export, and was not shown to clients.
        let asking = requests(user);
        let hidden = |line: &String| {
            asking.iter().any(|jid| line.starts_with(&format!("{jid} "))) && line.contains(" none false ")
        };
        let want = true_contacts(truth);
        have.retain(|line| want.contains(line) || !hidden(line));
        assert_eq!(have, want, "{jid}");
        assert_eq!(asking, sorted(texts(&truth["subscription_requests"])), "{jid}");
        let have = private(user);
        assert_eq!(have, true_private(truth, &have), "{jid}");
        assert_eq!(rules(user, true), true_rules(truth, true), "{jid}");
        assert_eq!(default_list(user), true_default(truth), "{jid}");
        assert_eq!(vcard(user), true_vcard(truth), "{jid}");
        let messages: Vec<_> = user.messages.iter().map(|message| normal(&message.xml)).collect();
        let want: Vec<_> = texts(&truth["offline"]).iter().map(|xml| normal(xml)).collect();
        assert_eq!(messages.len(), want.len(), "{jid}");
        for (have, want) in messages.iter().zip(&want) {
            // ejabberd delivered it to the resource that was there, `truth`.
            assert_eq!(*have, want.replace("/truth\"", "/gone\""), "{jid}");
        }
        assert!(user.messages.iter().all(|message| message.stored_us > Some(1_795_464_000_000_000)), "{jid}");
        assert!(user.skipped.is_empty(), "{jid}: {:?}", user.skipped);
    }
    let count = |of: fn(&RawUser) -> usize| all.users.iter().map(of).sum::<usize>();
    assert!(count(|user| user.messages.len()) > 20 && count(|user| user.rules.len()) > 40);
}

#[test]
fn ejabberd_with_passwords() {
    check_ejabberd("xep0227-a-ejabberd-plain", "ejabberd-a-mnesia");
}

#[test]
fn ejabberd_with_scram() {
    check_ejabberd("xep0227-a-ejabberd-scram", "ejabberd-a-sqlite");
}

#[test]
fn prosody() {
    let (all, truth) = (of("xep0227-a-prosody"), truth("prosody-a-files"));
    assert_eq!(all.users.len(), truth.len());
    for (jid, truth) in &truth {
        let user = all.user(jid);
        check_password(jid, truth, user);
        assert_eq!(contacts(user), true_contacts(truth), "{jid}");
        assert_eq!(requests(user), sorted(texts(&truth["subscription_requests"])), "{jid}");
        assert_eq!(vcard(user), true_vcard(truth), "{jid}");
        let have = private(user);
        let want = true_private(truth, &have);
        // Prosody's migrator loses `xmlns=''`.
        let lost = |xml: String| xml.replace("<{}plain>", "<{urn:example:prefixed}plain>");
        assert_eq!(have, want.into_iter().map(lost).collect::<Vec<_>>(), "{jid}");
        assert!(user.messages.is_empty() && user.rules.is_empty(), "{jid}: Prosody does not write them");
        // What has no place here yet is counted, item by item.
        let later = |kind| {
            let of_kind = user.skipped.iter().filter(move |skipped| skipped.kind == kind);
            of_kind.map(|skipped| skipped.rows).sum::<u64>()
        };
        let nodes = truth["pep"].as_object().cloned().unwrap_or_default();
        let items = nodes.values().map(|node| node["items"].as_array().map_or(0, Vec::len)).sum::<usize>();
        assert_eq!(later(Kind::Pep), (items + nodes.len()) as u64, "{jid}: items and configurations");
        assert_eq!(later(Kind::Archive), truth["mam"].as_array().map_or(0, Vec::len) as u64, "{jid}");
        assert!(user.skipped.iter().all(|skipped| skipped.reason == Reason::NotTakenYet), "{jid}");
    }
}

#[test]
fn the_tool_of_jabberd2() {
    let (all, truth) = (of("xep0227-a-jabberd2tool"), truth("jabberd2-a-mysql"));
    let mut hashes = 0;
    for (jid, truth) in &truth {
        let user = all.user(jid);
        let password = &user.accounts[0].password;
        if let RawPassword::Unknown { text, realm: None } = password {
            assert!(text.starts_with("$2y$10$"), "{jid}");
            hashes += 1;
        }
        // The tool looks for groups under the raw address: those of this contact are not found.
        let is_found = |contact: &RawContact| !contact.jid.starts_with("d\\27");
        let mut want = true_contacts(truth);
        want.retain(|line| !line.starts_with("d\\27"));
        let mut have: Vec<_> = user.contacts.iter().filter(|one| is_found(one)).map(contact).collect();
        have.sort();
        assert_eq!(have, want, "{jid}");
        assert_eq!(user.contacts.len(), true_contacts(truth).len(), "{jid}");
        assert!(requests(user).is_empty(), "{jid}: the tool leaves them out");
        assert_eq!(rules(user, false), true_rules(truth, false), "{jid}");
        assert!(user.rules.iter().all(|rule| rule.kinds == Kinds::ALL), "{jid}: the tool leaves kinds out");
        assert!(user.skipped.is_empty(), "{jid}: {:?}", user.skipped);
        let bodies = |xml: &[String]| xml.iter().map(|xml| body(xml)).collect::<Vec<_>>();
        let have: Vec<_> = user.messages.iter().map(|message| message.xml.clone()).collect();
        assert_eq!(bodies(&have), bodies(&texts(&truth["offline"])), "{jid}");
        assert!(user.messages.iter().all(|message| message.stored_us > Some(1_795_460_000_000_000)), "{jid}");
        // The tool mixes up text and elements of mixed content, and adds white space.
        let spoilt = ["urn:example:prefixed", "urn:example:space"];
        let stored = truth["private"].as_object().into_iter().flatten();
        let stored: Vec<_> = stored.flat_map(|(_, xml)| texts(xml)).map(|xml| without_space(&xml)).collect();
        for xml in user.private.iter().filter(|xml| !spoilt.iter().any(|ns| xml.contains(ns))) {
            assert!(stored.contains(&without_space(xml)), "{jid}: {xml}");
        }
    }
    assert!(hashes >= 20, "{hashes}");
}

/// The tool trims texts.
fn body(xml: &str) -> Option<String> {
    let document =
        xmpp::Document::parse_text(xml.to_owned().into(), "jabber:client", &xmpp::ElementLimits::OWN);
    let document = document.unwrap();
    document.root().child("body", "jabber:client").map(|body| body.text().trim_end().to_owned())
}
