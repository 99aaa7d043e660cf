//! What an account or a session lets through: one compiled privacy list (XEP-0016), of which the block list
//! of XEP-0191 is a part. It answers without waiting and never queries the store.

use std::sync::Arc;

use hashbrown::HashMap;
use storage::{Kinds, PrivacyItem, PrivacyList, Subject, Subscription};
use xmpp::{Jid, Kind, Stanza, StanzaType};

use crate::{Account, Kernel, Resource, Roster};

/// The direction of a stanza, as the owner of the list sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the owner.
    In,
    /// From the owner.
    Out,
}

/// The kinds that an item must cover to apply to a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matter(Kinds);

impl Matter {
    /// The kinds for a stanza (XEP-0016 section 2.1): outgoing messages, IQs and subscription requests are
    /// subject only to items for all stanzas.
    pub fn of(way: Way, stanza: &Stanza) -> Self {
        let notification = matches!(stanza.stanza_type(), StanzaType::None | StanzaType::Unavailable);
        Self(match (way, stanza.kind()) {
            (Way::In, Kind::Message) => Kinds::MESSAGE,
            (Way::In, Kind::Iq) => Kinds::IQ,
            (Way::In, Kind::Presence) if notification => Kinds::PRESENCE_IN,
            (Way::Out, Kind::Presence) if notification => Kinds::PRESENCE_OUT,
            _ => Kinds::ALL,
        })
    }
}

#[derive(Clone, Copy)]
struct Rule {
    order: u32,
    allow: bool,
    kinds: Kinds,
}

impl Rule {
    fn of(item: &PrivacyItem) -> Self {
        Self { order: item.order, allow: item.allow, kinds: item.kinds }
    }

    fn concerns(&self, matter: Matter) -> bool {
        self.kinds.contains(matter.0)
    }
}

/// A compiled privacy list: rules about JIDs in a map, the rest in order.
pub struct Screen {
    list: Arc<PrivacyList>,
    jids: HashMap<Box<str>, Vec<Rule>>,
    rest: Vec<(Rule, Subject)>,
    /// Whether any rule is for `domain/resource`.
    resources_of_domains: bool,
    needs_roster: bool,
}

impl Screen {
    pub fn new(list: impl Into<Arc<PrivacyList>>) -> Self {
        let list = list.into();
        let mut jids: HashMap<Box<str>, Vec<Rule>> = HashMap::new();
        let mut rest = Vec::new();
        let mut resources_of_domains = false;
        for item in &list.items {
            match &item.subject {
                Subject::Jid(jid) => {
                    resources_of_domains |= jid.local().is_none() && jid.resource().is_some();
                    jids.entry(jid.as_str().into()).or_default().push(Rule::of(item));
                }
                other => rest.push((Rule::of(item), other.clone())),
            }
        }
        let needs_roster = rest.iter().any(|(_, subject)| !matches!(subject, Subject::Anyone));
        Self { list, jids, rest, resources_of_domains, needs_roster }
    }

    /// The list it was compiled from.
    pub fn list(&self) -> &Arc<PrivacyList> {
        &self.list
    }

    /// Whether any rule is about contacts, so that the roster is needed.
    pub fn needs_roster(&self) -> bool {
        self.needs_roster
    }

    /// Whether the stanza may pass. Of the items that apply, the one with the lowest order decides; if none
    /// applies, it may (section 2.2).
    pub fn admits(&self, matter: Matter, other: &Jid, roster: Option<&Roster>) -> bool {
        let mut best = self.by_address(matter, other);
        for (rule, subject) in &self.rest {
            if best.is_some_and(|best| best.order < rule.order) {
                break;
            }
            if rule.concerns(matter) && applies(subject, other, roster) {
                best = Some(*rule);
                break;
            }
        }
        best.is_none_or(|rule| rule.allow)
    }

    fn by_address(&self, matter: Matter, other: &Jid) -> Option<Rule> {
        if self.jids.is_empty() {
            return None;
        }
        let find = |address: &str| {
            self.jids.get(address).and_then(|rules| rules.iter().find(|rule| rule.concerns(matter)).copied())
        };
        let mut found = [find(other.as_str()), None, None, None];
        if other.resource().is_some() {
            found[1] = find(other.bare_str());
        }
        if other.local().is_some() {
            found[2] = find(other.domain());
        }
        if let (true, Some(resource)) = (self.resources_of_domains, other.resource()) {
            found[3] = find(&format!("{}/{resource}", other.domain()));
        }
        found.into_iter().flatten().min_by_key(|rule| rule.order)
    }
}

fn applies(subject: &Subject, other: &Jid, roster: Option<&Roster>) -> bool {
    let item = || roster.and_then(|roster| roster.of(other));
    match subject {
        Subject::Anyone => true,
        Subject::Jid(_) => false, // in the map
        Subject::Group(name) => item().is_some_and(|item| item.groups.contains(name)),
        Subject::Subscription(wanted) => {
            item().map_or(Subscription::None, |item| item.subscription) == *wanted
        }
    }
}

impl Account {
    /// The compiled default list; `None` if the account has none.
    pub fn screen(&self) -> Option<Arc<Screen>> {
        self.screen.load_full()
    }

    /// Puts a default list in force.
    pub(crate) fn set_screen(&self, screen: Option<Arc<Screen>>) {
        self.screen.store(screen);
    }

    /// Stanzas between resources of one account, and those from its own server, are never blocked (section
    /// 2.1).
    fn is_exempt(&self, other: &Jid) -> bool {
        other.same_bare(self.jid()) || (other.local().is_none() && other.domain() == self.jid().domain())
    }
}

impl Resource {
    /// The compiled active list of the session; `None`: the default list applies.
    pub fn active_list(&self) -> Option<Arc<Screen>> {
        self.session().screen.load_full()
    }

    /// The list in force for it: its active list, else the default list of its account.
    pub fn screen(&self) -> Option<Arc<Screen>> {
        self.active_list().or_else(|| self.account().screen())
    }
}

impl Kernel {
    /// Whether the account's default list lets the stanza through.
    pub fn admits(&self, account: &Account, matter: Matter, other: &Jid) -> bool {
        self.admits_under(account, account.screen.load().as_deref(), matter, other)
    }

    /// Whether the list in force for this resource, its active list or else the default, lets the stanza
    /// through.
    pub fn admits_at(&self, resource: &Resource, matter: Matter, other: &Jid) -> bool {
        match resource.session().screen.load().as_deref() {
            None => self.admits(resource.account(), matter, other),
            active => self.admits_under(resource.account(), active, matter, other),
        }
    }

    /// Whether a list of the account would let the stanza through, were it in force; `None`: no list.
    pub fn admits_under(
        &self,
        account: &Account,
        screen: Option<&Screen>,
        matter: Matter,
        other: &Jid,
    ) -> bool {
        let Some(screen) = screen else { return true };
        if account.is_exempt(other) {
            return true;
        }
        let roster = if screen.needs_roster() { self.cached_roster(account) } else { None };
        screen.admits(matter, other, roster.as_deref())
    }

    /// Whether any list is in force for this resource.
    pub(crate) fn has_list(&self, resource: &Resource) -> bool {
        resource.account().screen.load().is_some() || resource.session().screen.load().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    fn item(order: u32, subject: Subject, allow: bool, kinds: Kinds) -> PrivacyItem {
        PrivacyItem { order, subject, allow, kinds }
    }

    fn screen(items: Vec<PrivacyItem>) -> Screen {
        Screen::new(PrivacyList { name: "x".into(), items })
    }

    fn matter(way: Way, xml: &str) -> Matter {
        Matter::of(way, &Stanza::parse_str(xml).unwrap())
    }

    #[test]
    fn an_address_stands_for_all_that_have_more_parts() {
        let message = matter(Way::In, "<message/>");
        for (rule, blocked, passes) in [
            ("a@x/r", vec!["a@x/r"], vec!["a@x", "a@x/s", "b@x/r", "x"]),
            ("a@x", vec!["a@x", "a@x/r"], vec!["b@x/r", "x", "a@y"]),
            ("x/r", vec!["x/r", "a@x/r"], vec!["x", "x/s", "a@x"]),
            ("x", vec!["x", "x/r", "a@x", "a@x/r"], vec!["y", "a@y", "a@sub.x"]),
        ] {
            let screen = screen(vec![item(1, Subject::Jid(jid(rule)), false, Kinds::ALL)]);
            assert!(blocked.iter().all(|other| !screen.admits(message, &jid(other), None)), "{rule}");
            assert!(passes.iter().all(|other| screen.admits(message, &jid(other), None)), "{rule}");
        }
    }

    #[test]
    fn the_lowest_order_that_applies_decides() {
        let message = matter(Way::In, "<message/>");
        let screen = screen(vec![
            item(1, Subject::Jid(jid("a@x")), true, Kinds::PRESENCE_IN),
            item(2, Subject::Jid(jid("x")), false, Kinds::MESSAGE),
            item(3, Subject::Jid(jid("a@x")), true, Kinds::ALL),
            item(4, Subject::Jid(jid("b@y")), true, Kinds::ALL),
            item(5, Subject::Anyone, false, Kinds::ALL),
            item(6, Subject::Jid(jid("c@z")), true, Kinds::ALL),
        ]);
        for (other, passes) in [("a@x/r", false), ("b@y/r", true), ("c@z", false), ("d@w", false)] {
            assert_eq!(screen.admits(message, &jid(other), None), passes, "{other}");
        }
    }

    #[test]
    fn kinds_and_ways() {
        let of = |kinds| screen(vec![item(1, Subject::Anyone, false, kinds)]);
        let cases = [
            (Way::In, "<message/>", Some(Kinds::MESSAGE)),
            (Way::In, "<iq type='result' id='1'/>", Some(Kinds::IQ)),
            (Way::In, "<presence/>", Some(Kinds::PRESENCE_IN)),
            (Way::In, "<presence type='unavailable'/>", Some(Kinds::PRESENCE_IN)),
            (Way::In, "<presence type='subscribe'/>", None),
            (Way::Out, "<presence/>", Some(Kinds::PRESENCE_OUT)),
            (Way::Out, "<message/>", None),
            (Way::Out, "<iq type='result' id='1'/>", None),
        ];
        for (way, xml, own) in cases {
            let other = jid("a@x");
            assert!(!of(Kinds::ALL).admits(matter(way, xml), &other, None), "{xml}");
            for kinds in [Kinds::MESSAGE, Kinds::IQ, Kinds::PRESENCE_IN, Kinds::PRESENCE_OUT] {
                let passes = of(kinds).admits(matter(way, xml), &other, None);
                assert_eq!(passes, own != Some(kinds), "{way:?} {xml} {kinds:?}");
            }
        }
    }

    #[test]
    fn subscriptions_without_a_roster_item_are_none() {
        let message = matter(Way::In, "<message/>");
        let strangers = Subject::Subscription(Subscription::None);
        let screen = screen(vec![item(1, strangers, false, Kinds::ALL)]);
        assert!(screen.needs_roster());
        assert!(!screen.admits(message, &jid("a@x"), Some(&Roster::default())));
    }
}
