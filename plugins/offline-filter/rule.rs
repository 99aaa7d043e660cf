//! One entry of `drop`.

use castling_plugin::{Kind, Stanza, Subtype};
use serde::Deserialize;

/// An entry: it matches if all its keys match.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// A JID (without a resource: every resource of it), a domain, or `*.domain` for its subdomains.
    from: Option<String>,
    /// `message`, `presence` or `iq`.
    kind: Option<String>,
    /// A message without a type is `normal`, a presence without one is `available`.
    #[serde(rename = "type")]
    subtype: Option<String>,
    /// The namespace of any child element.
    ns: Option<String>,
}

/// The facts that entries are compared with.
pub struct Facts<'a> {
    from: &'a str,
    kind: &'static str,
    subtype: &'static str,
    has_ns: &'a dyn Fn(&str) -> bool,
}

impl Rule {
    /// Whether all keys match. An entry without keys matches nothing: it would match every stanza.
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let empty = self.from.is_none() && self.kind.is_none() && self.subtype.is_none() && self.ns.is_none();
        !empty
            && same(&self.kind, facts.kind)
            && same(&self.subtype, facts.subtype)
            && self.from.as_deref().is_none_or(|wanted| is_from(wanted, facts.from))
            && self.ns.as_deref().is_none_or(facts.has_ns)
    }
}

/// Whether the sender matches `wanted`: a full JID, a bare JID, a domain, or `*.domain`. JIDs from the host
/// are prepared; those of the configuration are compared case-insensitively up to the resource.
fn is_from(wanted: &str, from: &str) -> bool {
    let bare = from.split_once('/').map_or(from, |(bare, _)| bare);
    let domain = bare.split_once('@').map_or(bare, |(_, domain)| domain);
    if let Some(parent) = wanted.strip_prefix("*.") {
        let at = domain.len().checked_sub(parent.len() + 1);
        let tail = at.and_then(|at| Some((at, domain.get(at..)?)));
        return tail.is_some_and(|(at, tail)| at > 0 && tail.starts_with('.') && same(&tail[1..], parent));
    }
    match wanted.split_once('/') {
        Some((wanted, resource)) => same(bare, wanted) && from.get(bare.len() + 1..) == Some(resource),
        None if wanted.contains('@') => same(bare, wanted),
        None => same(domain, wanted),
    }
}

fn same(a: &str, b: &str) -> bool {
    a == b || (a.len() == b.len() && a.to_lowercase() == b.to_lowercase())
}

impl<'a> Facts<'a> {
    /// The facts of a stanza; `has_ns` returns whether a child element is in a namespace.
    pub fn of(stanza: &'a Stanza, has_ns: &'a dyn Fn(&str) -> bool) -> Self {
        Self { from: stanza.from(), kind: kind(stanza.kind()), subtype: subtype(stanza), has_ns }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Message => "message",
        Kind::Presence => "presence",
        Kind::Iq => "iq",
    }
}

fn subtype(stanza: &Stanza) -> &'static str {
    match stanza.subtype() {
        Subtype::None if stanza.kind() == Kind::Presence => "available",
        Subtype::None | Subtype::Normal => "normal",
        Subtype::Chat => "chat",
        Subtype::Groupchat => "groupchat",
        Subtype::Headline => "headline",
        Subtype::Error => "error",
        Subtype::Get => "get",
        Subtype::Set => "set",
        Subtype::Result => "result",
        Subtype::Unavailable => "unavailable",
        Subtype::Subscribe => "subscribe",
        Subtype::Subscribed => "subscribed",
        Subtype::Unsubscribe => "unsubscribe",
        Subtype::Unsubscribed => "unsubscribed",
        Subtype::Probe => "probe",
        Subtype::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(from: Option<&str>, kind: Option<&str>, subtype: Option<&str>, ns: Option<&str>) -> Rule {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Rule { from: own(from), kind: own(kind), subtype: own(subtype), ns: own(ns) }
    }

    fn facts(from: &'static str) -> Facts<'static> {
        Facts { from, kind: "message", subtype: "headline", has_ns: &|ns| ns == "urn:example:move" }
    }

    #[test]
    fn senders() {
        for (wanted, from, expected) in [
            ("arena.chess.example", "arena.chess.example", true),
            ("arena.chess.example", "x@arena.chess.example/r", true),
            ("arena.chess.example", "barena.chess.example", false),
            ("chess.example", "arena.chess.example", false),
            ("*.chess.example", "x@arena.chess.example", true),
            ("*.chess.example", "a.b.chess.example", true),
            ("*.chess.example", "chess.example", false),
            ("*.chess.example", "evilchess.example", false),
            ("*.chess.example", ".chess.example", false),
            ("Bot@Chess.Example", "bot@chess.example/x", true),
            ("bot@chess.example", "robot@chess.example", false),
            ("bot@chess.example/a", "bot@chess.example/a", true),
            ("bot@chess.example/a", "bot@chess.example/A", false),
            ("bot@chess.example/a", "bot@chess.example", false),
            ("chess.example", "", false),
        ] {
            assert_eq!(is_from(wanted, from), expected, "{wanted} {from}");
        }
    }

    #[test]
    fn all_keys_must_match() {
        let facts = facts("arena.chess.example");
        let full = ("arena.chess.example", "message", "headline", "urn:example:move");
        assert!(rule(Some(full.0), Some(full.1), Some(full.2), Some(full.3)).matches(&facts));
        assert!(!rule(Some("other"), Some(full.1), Some(full.2), Some(full.3)).matches(&facts));
        assert!(!rule(Some(full.0), Some("iq"), Some(full.2), Some(full.3)).matches(&facts));
        assert!(!rule(Some(full.0), Some(full.1), Some("chat"), Some(full.3)).matches(&facts));
        assert!(!rule(Some(full.0), Some(full.1), Some(full.2), Some("urn:other")).matches(&facts));
        assert!(rule(None, None, None, Some(full.3)).matches(&facts));
        assert!(!rule(None, None, None, None).matches(&facts));
    }
}
