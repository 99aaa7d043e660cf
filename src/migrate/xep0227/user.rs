//! A user, collected element by element.

use crate::{Kind, RawUser, Reason, Skipped};
use xmpp::{Element, Node, ns};

use crate::xep0227::account::Account;
use crate::xep0227::names::{EXPORT, MAM, PUBSUB_OWNER, SCRAM, is_pie};
use crate::xep0227::pubsub::PubSub;
use crate::xep0227::{messages, privacy, private, requests, roster, vcard};

/// How many of what is skipped are told apart before the rest is only counted.
const MOST_SKIPPED: usize = 10_000;

/// A user that is being read.
pub(crate) struct Collector {
    pub(crate) user: RawUser,
    account: Account,
    pubsub: PubSub,
}

impl Collector {
    /// Begins with the user's start tag (XEP-0227 §3.2).
    pub(crate) fn new(host: &str, tag: &Element) -> Self {
        let local = tag.get("name").unwrap_or_default().to_owned();
        Self {
            user: RawUser { local, host: host.to_owned(), ..RawUser::default() },
            account: Account::new(tag.get("password")),
            pubsub: PubSub::default(),
        }
    }

    /// Adds an element of the user.
    pub(crate) fn leaf(&mut self, node: Node<'_>) {
        match (node.name(), node.ns()) {
            ("query", ns::ROSTER) => roster::read(node, &mut self.user),
            ("query", ns::PRIVATE) => private::read(node, &mut self.user),
            ("query", ns::PRIVACY) => privacy::read(node, &mut self.user),
            ("blocklist", ns::BLOCKING) => privacy::read_blocked(node, &mut self.user),
            ("vCard", ns::VCARD) => vcard::read(node, &mut self.user),
            ("offline-messages", pie) if is_pie(pie) => messages::read(node, &mut self.user),
            ("presence", stanza) if stanza == ns::CLIENT || is_pie(stanza) => {
                requests::read(node, &mut self.user);
            }
            ("scram-credentials", SCRAM) => self.account.credentials(node, &mut self.user.skipped),
            ("account", EXPORT) => self.account.facts(node),
            ("secret", EXPORT) => self.account.secret(node),
            ("last", EXPORT) => messages::read_last(node, &mut self.user),
            ("query", ns::LAST) => self.skip(Skipped::one(
                Kind::Last,
                Reason::UnknownValue,
                "",
                "seconds before an export whose time is not known",
            )),
            ("pubsub", ns::PUBSUB | PUBSUB_OWNER) => self.pubsub.read(node, &mut self.user.skipped),
            (name, ns) => {
                self.skip(Skipped::one(Kind::Other, Reason::NotTakenYet, format!("<{name}/> of {ns:?}"), ""))
            }
        }
    }

    /// Adds what is not taken; the same again is added up.
    pub(crate) fn skip(&mut self, skipped: Skipped) {
        let skips = &mut self.user.skipped;
        let same = |old: &&mut Skipped| {
            old.kind == skipped.kind
                && old.reason == skipped.reason
                && old.key == skipped.key
                && old.detail == skipped.detail
        };
        let full = skips.len() >= MOST_SKIPPED;
        if let Some(old) = skips.iter_mut().rev().take(8).find(same) {
            old.rows += skipped.rows;
        } else if !full {
            skips.push(skipped);
        } else if let Some(last) = skips.last_mut() {
            (last.key, last.detail) = (String::new(), "more of the same sort".to_owned());
            last.rows += skipped.rows;
        }
    }

    /// The user, whole.
    pub(crate) fn finish(mut self) -> RawUser {
        let account = self.account.finish(&mut self.user.skipped);
        self.user.accounts.push(account);
        self.pubsub.finish(&mut self.user);
        self.user
    }
}

/// The kind of the records in an element of a user.
pub(crate) fn kind(element: &Element) -> Kind {
    match (element.name(), element.ns()) {
        ("query", ns::ROSTER) => Kind::Roster,
        ("query", ns::PRIVATE) => Kind::Private,
        ("query", ns::PRIVACY) | ("blocklist", ns::BLOCKING) => Kind::Privacy,
        ("query", ns::LAST) | ("last", EXPORT) => Kind::Last,
        ("vCard", ns::VCARD) => Kind::VCard,
        ("offline-messages", _) => Kind::Offline,
        ("presence", _) => Kind::Request,
        ("scram-credentials", SCRAM) | ("account" | "secret", EXPORT) => Kind::Account,
        ("archive", MAM) => Kind::Archive,
        ("pubsub", _) => Kind::Pep,
        _ => Kind::Other,
    }
}
