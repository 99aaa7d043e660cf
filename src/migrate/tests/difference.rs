//! How an account here differs from what its client read from the old server.

use std::collections::BTreeSet;

use auth::{AccountName, Format, Secret, verify_plain};
use storage::{AccountState, Kept, Kinds, PrivacyItem, Subject};
use xmpp::{Child, Document, Element, ElementLimits, datetime, ns};

use super::truth::{Item, Privacy, Rule, Truth};

pub(super) fn differences(truth: &Truth, here: &AccountState) -> Vec<String> {
    let mut found = Vec::new();
    let own = AccountName { local: &here.account.local, domain: &here.account.domain };
    let logs_in = match &here.kept {
        Kept::Keys(keys) => verify_plain(&truth.password, keys),
        Kept::Secret(secret) => {
            let format: Format = secret.format.parse().unwrap();
            let secret = Secret::read(format, &secret.text, secret.salt.as_deref());
            secret.unwrap_or_else(|e| panic!("{e}")).verify(own, &truth.password)
        }
    };
    if !logs_in {
        found.push("password".to_owned());
    }
    sets("roster", truth.roster.iter().map(contact).collect(), contacts(here), &mut found);
    let requests = here.roster.items.iter().filter(|item| item.pending_in.is_some());
    let requests = requests.map(|item| item.jid.to_string()).collect();
    sets("request", truth.subscription_requests.iter().cloned().collect(), requests, &mut found);
    private(truth, here, &mut found);
    let there = rules(&truth.privacy);
    let own = rules_here(here).into_iter().map(|rule| without_order(rule, &there)).collect();
    sets("privacy", there, own, &mut found);
    sets("blocked", truth.blocklist.iter().cloned().collect(), blocked(here), &mut found);
    vcard(truth, here, &mut found);
    messages(truth, here, &mut found);
    if let Some(last) = &truth.last {
        let own = here.last.as_ref().map(|last| last.at_us / 1_000_000);
        if own.is_none_or(|own| (own - last.time).abs() > 2) {
            found.push(format!("last {} here {own:?}", last.time));
        }
    }
    found
}

fn sets(what: &str, there: BTreeSet<String>, here: BTreeSet<String>, found: &mut Vec<String>) {
    found.extend(there.difference(&here).map(|one| format!("{what} only there: {one}")));
    found.extend(here.difference(&there).map(|one| format!("{what} only here: {one}")));
}

fn contact(item: &Item) -> String {
    let groups: BTreeSet<_> = item.groups.iter().collect();
    let name = item.name.as_deref().unwrap_or_default();
    let ask = item.ask.as_deref() == Some("subscribe"); // RFC 6121 has no other
    format!("{} {name:?} {} {ask} {groups:?}", item.jid, item.subscription)
}

fn contacts(here: &AccountState) -> BTreeSet<String> {
    let items = here.roster.items.iter().filter(|item| item.in_roster);
    items
        .map(|item| {
            let groups: BTreeSet<_> = item.groups.iter().collect();
            let name = item.name.as_deref().unwrap_or_default();
            format!("{} {name:?} {} {} {groups:?}", item.jid, item.subscription.as_str(), item.ask)
        })
        .collect()
}

fn rules(privacy: &Privacy) -> BTreeSet<String> {
    let rule = |rule: &Rule, number: Option<&str>| {
        let kinds: BTreeSet<_> = rule.stanzas.iter().map(String::as_str).collect();
        let kinds = if kinds.len() == 4 { BTreeSet::new() } else { kinds };
        let order = rule.order.as_str().map_or_else(|| rule.order.to_string(), str::to_owned);
        let order = number.map_or(order, str::to_owned);
        let subject = rule.subject.as_deref().unwrap_or_default();
        let value = rule.value.as_deref().unwrap_or_default();
        format!("{order} {subject} {value} {} {kinds:?}", rule.action)
    };
    let mut all: BTreeSet<_> = privacy.default.iter().map(|name| format!("default {name}")).collect();
    for (name, rules) in &privacy.lists {
        let orders: BTreeSet<_> = rules.iter().map(|rule| rule.order.to_string()).collect();
        // Here, no two have the same order.
        let order = (orders.len() < rules.len()).then_some("*");
        all.extend(rules.iter().map(|one| format!("{name}: {}", rule(one, order))));
    }
    all
}

fn rules_here(here: &AccountState) -> BTreeSet<String> {
    let rule = |item: &PrivacyItem| {
        let (subject, value) = match &item.subject {
            Subject::Anyone => ("", String::new()),
            Subject::Jid(jid) => ("jid", jid.to_string()),
            Subject::Group(name) => ("group", name.clone()),
            Subject::Subscription(subscription) => ("subscription", subscription.as_str().to_owned()),
        };
        let each = [
            ("iq", Kinds::IQ),
            ("message", Kinds::MESSAGE),
            ("presence-in", Kinds::PRESENCE_IN),
            ("presence-out", Kinds::PRESENCE_OUT),
        ];
        let kinds: BTreeSet<_> =
            each.iter().filter(|(_, kind)| item.kinds.contains(*kind)).map(|(name, _)| *name).collect();
        let kinds = if kinds.len() == 4 { BTreeSet::new() } else { kinds };
        let action = if item.allow { "allow" } else { "deny" };
        format!("{} {subject} {value} {action} {kinds:?}", item.order)
    };
    let lists = here.lists.iter().flat_map(|list| list.items.iter().map(move |item| (&list.name, item)));
    let default = here.default_list.iter().map(|name| format!("default {name}"));
    lists.map(|(name, item)| format!("{name}: {}", rule(item))).chain(default).collect()
}

/// Where the order of the source is none, that of here says nothing.
fn without_order(rule: String, there: &BTreeSet<String>) -> String {
    let Some((list, rest)) = rule.split_once(": ") else { return rule };
    let free = format!("{list}: * ");
    match (there.iter().any(|rule| rule.starts_with(&free)), rest.split_once(' ')) {
        (true, Some((_, rest))) => free + rest,
        _ => rule,
    }
}

/// The block list of XEP-0191: what the default list denies everything.
fn blocked(here: &AccountState) -> BTreeSet<String> {
    let default = here.lists.iter().filter(|list| Some(&list.name) == here.default_list.as_ref());
    let denied = |item: &PrivacyItem| match &item.subject {
        Subject::Jid(jid) if !item.allow && item.kinds == Kinds::ALL => Some(jid.to_string()),
        _ => None,
    };
    default.flat_map(|list| &list.items).filter_map(denied).collect()
}

fn private(truth: &Truth, here: &AccountState, found: &mut Vec<String>) {
    for answer in truth.private.values().flatten() {
        let there = parse(answer);
        // An old server answers with what was asked for, if it has nothing, or nothing but something else.
        if there.nodes().is_empty() && there.attributes().is_empty() {
            continue;
        }
        let own = here.private.iter().find(|entry| entry.name == there.name() && entry.ns == there.ns());
        match own {
            Some(own) if shape(&parse(&own.xml)) == shape(&there) => {}
            Some(own) => found.push(format!("private {answer} here {}", own.xml)),
            None => found.push(format!("private only there: {answer}")),
        }
    }
}

fn vcard(truth: &Truth, here: &AccountState, found: &mut Vec<String>) {
    let there = truth.vcard.as_deref().map(parse).filter(|vcard| vcard.children().next().is_some());
    let own = here.vcard.as_deref().map(parse);
    let fields = |vcard: &Option<Element>| -> BTreeSet<String> {
        vcard.iter().flat_map(Element::children).map(shape).collect()
    };
    sets("vcard", fields(&there), fields(&own), found);
}

fn messages(truth: &Truth, here: &AccountState, found: &mut Vec<String>) {
    let there: Vec<_> = truth.offline.iter().map(|xml| message(xml)).collect();
    let own: Vec<_> =
        here.messages.iter().map(|one| message(std::str::from_utf8(&one.xml).unwrap())).collect();
    if there.len() != own.len() {
        found.push(format!("{} messages, here {}", there.len(), own.len()));
    }
    for (there, own) in there.iter().zip(&own).filter(|(there, own)| there != own) {
        found.push(format!("message {there:?}\n   here {own:?}"));
    }
}

/// A message without the delays, and the last stamp in whole seconds.
fn message(xml: &str) -> (String, Option<i64>) {
    let mut element = parse(xml);
    let is_delay = |child: &Element| {
        child.is("delay", ns::DELAY) || child.is("delay", ns::CLIENT) || child.is("x", "jabber:x:delay")
    };
    let stamps = element.children().filter(|child| child.name() == "delay" && is_delay(child));
    let stamp =
        stamps.filter_map(|delay| datetime::parse(delay.get("stamp")?)).max().map(|us| us / 1_000_000);
    element.retain_children(|child| !is_delay(child));
    // ejabberd puts in the resource that it delivers to.
    let to = element.get("to").and_then(|to| to.split('/').next()).unwrap_or_default().to_owned();
    element.set_attr("to", to);
    (shape(&element), stamp)
}

fn parse(xml: &str) -> Element {
    let limits = ElementLimits::OWN;
    Document::parse(xml.to_owned().into_bytes().into(), ns::CLIENT, &limits).unwrap().to_element()
}

/// An element whatever the order of its attributes, its prefixes and the form of its empty elements.
fn shape(element: &Element) -> String {
    let mut attributes: Vec<_> = element
        .attributes()
        .iter()
        .map(|one| {
            let name = one.name.rsplit(':').next().unwrap_or_default();
            // ejabberd and Prosody lose the prefix for the element's own namespace.
            let ns = one.ns.as_deref().filter(|ns| *ns != element.ns()).unwrap_or_default();
            format!("{{{ns}}}{name}={:?}", one.value)
        })
        .collect();
    attributes.sort();
    let mut within = String::new();
    for node in element.nodes() {
        match node {
            Child::Element(child) => within += &shape(child),
            Child::Text(text) => within += text,
            Child::Stanza(_) | Child::Content(_) => {}
        }
    }
    format!("<{{{}}}{} {}>{within}</>", element.ns(), element.name(), attributes.join(" "))
}
