//! Privacy lists (XEP-0016) as the kernel keeps them, changed by both protocols.

mod cost;
mod failure;
mod force;
mod model;
mod presence;
mod race;
mod rules;
mod told;

use std::sync::Arc;

use kernel::{About, Account, Kernel, ListChange, ListLimits, Matter, Module, Registrar, Resource, Way};
use parking_lot::Mutex;
use storage::{Kinds, PrivacyItem, PrivacyList, Subject};
use xmpp::{Element, Jid, Stanza, StanzaType};

use crate::tests::bench::{Bench, Client};

const NOTHING: [&str; 0] = [];
const ANNA: &str = "anna@chess.example/a";
const PHONE: &str = "anna@chess.example/phone";
const BERT: &str = "bert@chess.example/b";
const LIMITS: ListLimits = ListLimits { lists: 3, items: 4, name_bytes: 100, group_bytes: 100 };

fn item(order: u32, subject: Subject, allow: bool, kinds: Kinds) -> PrivacyItem {
    PrivacyItem { order, subject, allow, kinds }
}

fn jid(text: &str) -> Subject {
    Subject::Jid(Jid::parse(text).unwrap())
}

fn deny(order: u32, text: &str) -> PrivacyItem {
    item(order, jid(text), false, Kinds::ALL)
}

fn allow(order: u32, text: &str) -> PrivacyItem {
    item(order, jid(text), true, Kinds::ALL)
}

fn list(name: &str, items: &[PrivacyItem]) -> PrivacyList {
    PrivacyList { name: name.into(), items: items.to_vec() }
}

/// Creates or replaces a list.
pub async fn put(bench: &Bench, account: &Arc<Account>, name: &str, items: &[PrivacyItem]) {
    bench.kernel.put_list(account, None, list(name, items), &LIMITS).await.unwrap();
}

/// Makes a list the default of an account that has none.
pub async fn default(bench: &Bench, account: &Arc<Account>, name: &str) {
    assert!(bench.kernel.set_default_list(account, None, Some(name)).await.unwrap());
}

/// Creates a list and makes it the default of an account that has none.
pub async fn set_default(bench: &Bench, account: &Arc<Account>, name: &str, items: &[PrivacyItem]) {
    put(bench, account, name, items).await;
    default(bench, account, name).await;
}

async fn set_active(bench: &Bench, client: &Client, name: Option<&str>) {
    assert!(bench.kernel.set_active_list(client.resource(), name).await.unwrap());
}

fn default_name(account: &Account) -> Option<String> {
    account.screen().map(|screen| screen.list().name.clone())
}

fn active_name(resource: &Resource) -> Option<String> {
    resource.active_list().map(|screen| screen.list().name.clone())
}

/// Whether messages of this address reach the resource.
fn admits(kernel: &Kernel, resource: &Resource, other: &str) -> bool {
    let message = Stanza::message(StanzaType::Chat, None, None);
    let matter = Matter::of(Way::In, &message);
    kernel.admits_at(resource, matter, &Jid::parse(other).unwrap())
}

/// Pushes changed lists to all resources, as a feature for XEP-0016 does, and keeps what it was told.
#[derive(Default)]
struct Pushing(Mutex<Vec<String>>);

impl Pushing {
    /// What it was told since it was last asked: the list, whether it was there before and is now, and the default before and
    /// now.
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Module for Pushing {
    fn about(&self) -> About {
        About { name: "pushing".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.list_change(move |kernel, change| {
            self.0.lock().push(summary(change));
            if change.is_of_definition() {
                let list = Element::new("list", "jabber:iq:privacy").attr("name", change.list);
                let query = Element::new("query", "jabber:iq:privacy").child(list);
                for resource in change.account.resources() {
                    let to = Some(resource.jid().clone());
                    kernel.tell(
                        &resource,
                        Stanza::iq(StanzaType::Set, "list", None, None, Some(&query)).with_to(to),
                    );
                }
            }
        });
    }
}

fn summary(change: &ListChange<'_>) -> String {
    let count = |list: Option<&PrivacyList>| list.map_or(0, |list| list.items.len());
    let name = |list: Option<&PrivacyList>| list.map_or("-".to_owned(), |list| list.name.clone());
    let by = change.by.and_then(|by| by.jid().resource()).unwrap_or("-");
    let (before, after) = (count(change.before), count(change.after));
    let (old, new) = (name(change.default_before), name(change.default_after));
    format!("{by}: {} {before}>{after} {old}>{new}", change.list)
}

/// A bench whose accounts' changes are pushed and noted.
async fn pushing() -> (Bench, Arc<Pushing>) {
    let (bench, pushing) = (Bench::new().await, Arc::new(Pushing::default()));
    bench.serve(vec![pushing.clone()]).await;
    (bench, pushing)
}
