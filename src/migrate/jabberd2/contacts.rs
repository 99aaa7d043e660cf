//! Rosters: items, and rows of groups that belong to an item by the text of its address.

use hashbrown::HashMap;

use storage::Subscription;

use crate::{Kind, RawContact, RawUser, Reason, Skipped};

/// What has been read of a roster.
#[derive(Default)]
pub(super) struct Contacts {
    items: Vec<RawContact>,
    groups: Vec<(String, String)>,
}

impl Contacts {
    /// A row of `roster-items`. `ask` is 1 while the user's request waits, 2 while he no longer wants the contact's presence.
    pub fn item(&mut self, jid: String, name: Option<String>, to: bool, from: bool, ask: i64) {
        let subscription = match (to, from) {
            (true, true) => Subscription::Both,
            (true, false) => Subscription::To,
            (false, true) => Subscription::From,
            (false, false) => Subscription::None,
        };
        self.items.push(RawContact {
            jid,
            name,
            subscription: Ok(subscription),
            ask: ask == 1,
            approved: false,
            groups: Vec::new(),
        });
    }

    /// A row of `roster-groups`.
    pub fn group(&mut self, jid: String, group: String) {
        self.groups.push((jid, group));
    }

    pub fn finish(mut self, user: &mut RawUser) {
        let places = self.places();
        for ((jid, group), place) in self.groups.into_iter().zip(places) {
            match place.and_then(|at| self.items.get_mut(at)) {
                Some(item) => item.groups.push(group),
                None => user.skipped.push(Skipped::one(Kind::Group, Reason::NoContact, jid, group)),
            }
        }
        user.contacts = self.items;
    }

    /// For each group, the last item of its address.
    fn places(&self) -> Vec<Option<usize>> {
        let items = self.items.iter().enumerate().map(|(at, item)| (item.jid.as_str(), at));
        let places: HashMap<&str, usize> = items.collect();
        self.groups.iter().map(|(jid, _)| places.get(jid.as_str()).copied()).collect()
    }
}
