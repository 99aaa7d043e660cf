//! Random changes by both protocols and two sessions, beside a simple model.

use std::collections::BTreeMap;

use kernel::ListError;
use proptest::collection::vec;
use proptest::prelude::*;
use storage::{Kinds, Subject, Subscription};

use super::told::pushes;
use super::*;

const ADDRESSES: [&str; 6] = ["x", "a@x", "a@x/r", "b@x/r", "b@y", "y/r"];
const NAMES: [&str; 4] = ["a", "b", "blocklist", "blocklist-2"];

#[derive(Clone, Debug)]
enum Step {
    Block(Vec<usize>),
    Unblock(Vec<usize>),
    Put(usize, Vec<PrivacyItem>),
    Remove(usize),
    Default(Option<usize>),
    Active(Option<usize>),
}

fn items() -> impl Strategy<Value = Vec<PrivacyItem>> {
    let subject = prop_oneof![
        6 => (0..ADDRESSES.len()).prop_map(|one| jid(ADDRESSES[one])),
        1 => Just(Subject::Anyone),
        1 => Just(Subject::Subscription(Subscription::None)),
        1 => Just(Subject::Subscription(Subscription::Both)),
    ];
    let kinds = prop_oneof![3 => Just(Kinds::ALL), 1 => Just(Kinds::MESSAGE), 1 => Just(Kinds::PRESENCE_OUT)];
    let item = (0..7u32, subject, any::<bool>(), kinds)
        .prop_map(|(order, subject, allow, kinds)| item(order, subject, allow, kinds));
    vec(item, 0..6)
}

fn step() -> impl Strategy<Value = Step> {
    let (jids, name) = (vec(0..ADDRESSES.len(), 1..3), 0..NAMES.len());
    prop_oneof![
        3 => jids.clone().prop_map(Step::Block),
        3 => prop_oneof![2 => jids, 1 => Just(Vec::new())].prop_map(Step::Unblock),
        5 => (name.clone(), items()).prop_map(|(name, items)| Step::Put(name, items)),
        2 => name.clone().prop_map(Step::Remove),
        3 => proptest::option::weighted(0.8, name.clone()).prop_map(Step::Default),
        3 => proptest::option::weighted(0.8, name).prop_map(Step::Active),
    ]
}

/// The lists of an account with two sessions.
#[derive(Clone, Default)]
struct Model {
    lists: BTreeMap<String, Vec<PrivacyItem>>,
    default: Option<String>,
    active: [Option<String>; 2],
}

/// The outcome of a step: whether anything has changed, or why not.
type Outcome = Result<bool, ListError>;

impl Model {
    fn list(&self, name: &Option<String>) -> &[PrivacyItem] {
        name.as_ref().and_then(|name| self.lists.get(name)).map_or(&[], |items| items)
    }

    fn default_list(&self) -> &[PrivacyItem] {
        self.list(&self.default)
    }

    /// The blocked addresses, in order, each once.
    fn blocked(&self) -> Vec<String> {
        let mut all = Vec::new();
        for jid in self.default_list().iter().filter_map(blocks) {
            if !all.contains(&jid) {
                all.push(jid);
            }
        }
        all
    }

    /// Whether the default list applies to the other session.
    fn default_applies(&self, other: usize) -> bool {
        self.default.is_some() && self.active[other].is_none()
    }

    fn set(&mut self, name: &str, items: Vec<PrivacyItem>) {
        if !items.is_empty() {
            self.lists.insert(name.to_owned(), items);
            return;
        }
        self.lists.remove(name);
        for role in self.active.iter_mut().chain([&mut self.default]) {
            role.take_if(|role| role == name);
        }
    }

    fn play(&mut self, by: usize, step: &Step) -> Outcome {
        match step {
            Step::Block(jids) => Ok(self.block(&names(jids))),
            Step::Unblock(jids) => Ok(self.unblock(&names(jids))),
            Step::Put(name, items) => self.put(NAMES[*name], items),
            Step::Remove(name) => self.remove(by, NAMES[*name]),
            Step::Default(name) => self.set_default(by, name.map(|name| NAMES[name])),
            Step::Active(name) => {
                let name = name.map(|name| NAMES[name].to_owned());
                if name == self.active[by] {
                    return Ok(false);
                }
                if name.as_ref().is_some_and(|name| !self.lists.contains_key(name)) {
                    return Err(ListError::NotFound);
                }
                self.active[by] = name;
                Ok(true)
            }
        }
    }

    fn block(&mut self, jids: &[String]) -> bool {
        let old = self.default_list().to_vec();
        let ahead: Vec<_> = old.iter().map_while(blocks).collect();
        let mut new: Vec<&String> = Vec::new();
        for jid in jids {
            if !ahead.contains(jid) && !new.contains(&jid) {
                new.push(jid);
            }
        }
        if new.is_empty() {
            return false;
        }
        let kept: Vec<_> =
            old.into_iter().filter(|item| blocks(item).is_none_or(|jid| !new.contains(&&jid))).collect();
        let room = kept.first().map_or(1_000_000, |item| item.order);
        let denials: Vec<_> = new.iter().map(|jid| deny(0, jid)).collect();
        let items = match room.checked_sub(u32::try_from(denials.len()).unwrap()) {
            Some(first) => numbered(first, denials).into_iter().chain(kept).collect(),
            None => numbered(1_000_000, denials.into_iter().chain(kept).collect()),
        };
        let name = match &self.default {
            Some(name) => name.clone(),
            None => {
                let mut names =
                    ["blocklist".to_owned()].into_iter().chain((2..).map(|n: u32| format!("blocklist-{n}")));
                names.find(|name| !self.lists.contains_key(name)).unwrap()
            }
        };
        self.default = Some(name.clone());
        self.set(&name, items);
        true
    }

    fn unblock(&mut self, jids: &[String]) -> bool {
        let goes =
            |item: &PrivacyItem| blocks(item).is_some_and(|jid| jids.is_empty() || jids.contains(&jid));
        let Some(name) = self.default.clone() else { return false };
        let left: Vec<_> = self.default_list().iter().filter(|item| !goes(item)).cloned().collect();
        let changed = left.len() < self.default_list().len();
        self.set(&name, left);
        changed
    }

    fn put(&mut self, name: &str, items: &[PrivacyItem]) -> Outcome {
        let by_order: BTreeMap<u32, &PrivacyItem> = items.iter().map(|item| (item.order, item)).collect();
        let sorted: Vec<_> = by_order.into_values().cloned().collect();
        if sorted.len() < items.len() || items.is_empty() {
            return Err(ListError::Invalid(String::new()));
        }
        let before = self.lists.get(name);
        if before == Some(&sorted) {
            return Ok(false);
        }
        let too_long = sorted.len() > LIMITS.items && sorted.len() > before.map_or(0, Vec::len);
        if too_long || (before.is_none() && self.lists.len() >= LIMITS.lists) {
            return Err(ListError::TooMany(String::new()));
        }
        self.set(name, sorted);
        Ok(true)
    }

    fn remove(&mut self, by: usize, name: &str) -> Outcome {
        if !self.lists.contains_key(name) {
            return Err(ListError::NotFound);
        }
        let is_default = self.default.as_deref() == Some(name);
        let other = 1 - by;
        if self.active[other].as_deref() == Some(name) || (is_default && self.default_applies(other)) {
            return Err(ListError::Conflict);
        }
        self.set(name, Vec::new());
        Ok(true)
    }

    fn set_default(&mut self, by: usize, name: Option<&str>) -> Outcome {
        if name == self.default.as_deref() {
            return Ok(false);
        }
        if name.is_some_and(|name| !self.lists.contains_key(name)) {
            return Err(ListError::NotFound);
        }
        if self.default_applies(1 - by) {
            return Err(ListError::Conflict);
        }
        self.default = name.map(str::to_owned);
        Ok(true)
    }

    /// Whether a session of the account, or the account itself, lets a stanza pass.
    fn admits(&self, session: Option<usize>, kind: Kinds, other: &str) -> bool {
        let active = session.and_then(|session| self.active[session].clone());
        let items = self.list(if active.is_some() { &active } else { &self.default });
        let (bare, resource) = match other.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (other, None),
        };
        let domain = bare.split('@').next_back().unwrap();
        let stands = |jid: &str| {
            [other, bare, domain].contains(&jid) || resource.is_some_and(|r| jid == format!("{domain}/{r}"))
        };
        let applies = |item: &&PrivacyItem| {
            item.kinds.contains(kind)
                && match &item.subject {
                    Subject::Anyone => true,
                    Subject::Jid(jid) => stands(jid.as_str()),
                    Subject::Subscription(wanted) => *wanted == Subscription::None, // the roster is empty
                    Subject::Group(_) => false,
                }
        };
        items.iter().find(applies).is_none_or(|item| item.allow)
    }
}

fn blocks(item: &PrivacyItem) -> Option<String> {
    match &item.subject {
        Subject::Jid(jid) if !item.allow && item.kinds == Kinds::ALL => Some(jid.as_str().to_owned()),
        _ => None,
    }
}

fn numbered(first: u32, items: Vec<PrivacyItem>) -> Vec<PrivacyItem> {
    (first..).zip(items).map(|(order, item)| PrivacyItem { order, ..item }).collect()
}

fn names(jids: &[usize]) -> Vec<String> {
    jids.iter().map(|one| ADDRESSES[*one].to_owned()).collect()
}

/// The pushes to a client that has asked for the block list.
fn pushed(before: &Model, after: &Model, step: &Step) -> Vec<String> {
    let jids = |jids: &[String]| jids.iter().map(|jid| format!(" {jid}")).collect::<String>();
    let unique = |all: &[usize]| {
        let mut seen = Vec::new();
        names(all)
            .into_iter()
            .filter(|jid| {
                !seen.contains(jid) && {
                    seen.push(jid.clone());
                    true
                }
            })
            .collect::<Vec<_>>()
    };
    let mut all = lists_pushed(before, after);
    match step {
        Step::Block(these) => all.insert(0, format!("block{}", jids(&unique(these)))),
        Step::Unblock(these) => all.insert(0, format!("unblock{}", jids(&unique(these)))),
        _ => {
            let (old, new) = (before.blocked(), after.blocked());
            for (name, these, without) in [("unblock", &old, &new), ("block", &new, &old)] {
                let these: Vec<_> = these.iter().filter(|jid| !without.contains(jid)).cloned().collect();
                all.extend((!these.is_empty()).then(|| format!("{name}{}", jids(&these))));
            }
        }
    }
    all
}

fn lists_pushed(before: &Model, after: &Model) -> Vec<String> {
    let names = before.lists.keys().chain(after.lists.keys());
    let mut all: Vec<_> = names.filter(|name| before.lists.get(*name) != after.lists.get(*name)).collect();
    all.dedup();
    all.into_iter().map(|name| format!("list {name}")).collect()
}

/// Without the texts.
fn plain(outcome: Outcome) -> Outcome {
    outcome.map_err(|error| match error {
        ListError::Invalid(_) => ListError::Invalid(String::new()),
        ListError::TooMany(_) => ListError::TooMany(String::new()),
        other => other,
    })
}

async fn carry_out(bench: &Bench, client: &Client, step: &Step) -> Option<Outcome> {
    let (kernel, account, by) = (&bench.kernel, client.resource().account(), client.resource());
    let command = async |name: &str, jids: &[usize]| {
        let items: String = names(jids).iter().map(|jid| format!("<item jid='{jid}'/>")).collect();
        client
            .send(&format!("<iq type='set' id='s'><{name} xmlns='urn:xmpp:blocking'>{items}</{name}></iq>"))
            .await;
    };
    match step {
        Step::Block(jids) => command("block", jids).await,
        Step::Unblock(jids) => command("unblock", jids).await,
        Step::Put(name, items) => {
            return Some(kernel.put_list(account, Some(by), list(NAMES[*name], items), &LIMITS).await);
        }
        Step::Remove(name) => {
            return Some(kernel.remove_list(account, Some(by), NAMES[*name]).await.map(|()| true));
        }
        Step::Default(name) => {
            return Some(kernel.set_default_list(account, Some(by), name.map(|name| NAMES[name])).await);
        }
        Step::Active(name) => return Some(kernel.set_active_list(by, name.map(|name| NAMES[name])).await),
    }
    None
}

/// What the kernel answers, enforces and stores is what the model has.
async fn compare(bench: &Bench, clients: &[Client; 2], model: &Model) {
    let (kernel, account) = (&bench.kernel, clients[0].resource().account());
    let privacy = kernel.store().privacy();
    let names: Vec<_> = model.lists.keys().cloned().collect();
    assert_eq!(kernel.list_names(account).await.unwrap(), names);
    assert_eq!(privacy.names(account.id()).await.unwrap(), names);
    for name in NAMES.into_iter().chain(names.iter().map(String::as_str)) {
        let expected = model.lists.get(name).map(|items| list(name, items));
        assert_eq!(kernel.list(account, name).await.unwrap().as_deref(), expected.as_ref());
        assert_eq!(privacy.list(account.id(), name).await.unwrap(), expected);
    }
    assert_eq!(default_name(account), model.default);
    let stored = privacy.default_list(account.id()).await.unwrap();
    assert_eq!(stored.map(|list| list.name), model.default);
    for (index, client) in clients.iter().enumerate() {
        assert_eq!(active_name(client.resource()), model.active[index]);
    }
    for (kind, way, stanza) in [
        (Kinds::MESSAGE, Way::In, Stanza::message(StanzaType::None, None, None)),
        (Kinds::PRESENCE_OUT, Way::Out, Stanza::presence(StanzaType::None, None, None)),
        (Kinds::ALL, Way::Out, Stanza::message(StanzaType::None, None, None)),
    ] {
        let matter = Matter::of(way, &stanza);
        for other in ADDRESSES.into_iter().chain(["a@y/r", "c@z"]) {
            let jid = Jid::parse(other).unwrap();
            for (index, client) in clients.iter().enumerate() {
                let admitted = kernel.admits_at(client.resource(), matter, &jid);
                assert_eq!(admitted, model.admits(Some(index), kind, other), "{index} {kind:?} {other}");
            }
            assert_eq!(kernel.admits(account, matter, &jid), model.admits(None, kind, other), "{other}");
        }
    }
}

async fn play(steps: Vec<(bool, Step)>) {
    let (bench, _pushing) = pushing().await;
    let clients = [bench.bind(ANNA).await, bench.bind(PHONE).await];
    clients[0].ask("<iq type='get' id='g'><blocklist xmlns='urn:xmpp:blocking'/></iq>").await;
    let mut model = Model::default();
    for (second, step) in steps {
        let (by, before) = (usize::from(second), model.clone());
        let expected = model.play(by, &step);
        if let Some(outcome) = carry_out(&bench, &clients[by], &step).await {
            assert_eq!(plain(outcome), expected, "{step:?}");
        }
        compare(&bench, &clients, &model).await;
        let (asked, other) = match expected {
            Ok(true) => (pushed(&before, &model, &step), lists_pushed(&before, &model)),
            _ => (Vec::new(), Vec::new()),
        };
        assert_eq!(pushes(&clients[0].received()), asked, "{step:?}");
        assert_eq!(pushes(&clients[1].received()), other, "{step:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_kernel_and_the_model_never_differ(steps in vec((any::<bool>(), step()), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}
