//! One entry of `drop`.

use castling_plugin::{Kind, Stanza, StanzaType};
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

impl Rule {
    /// Why it can never match; `None` if it can. Only messages without a type and of type `normal` and `chat` are ever stored.
    pub fn never(&self) -> Option<&'static str> {
        match (self.kind.as_deref(), self.subtype.as_deref()) {
            (Some("presence"), _) => return Some("presence is never stored"),
            (Some("iq"), _) => return Some("IQs are never stored"),
            (_, None | Some("normal" | "chat")) => {}
            (_, Some("headline" | "groupchat" | "error")) => {
                return Some("messages of this type are never stored");
            }
            (_, Some(_)) => return Some("messages do not have this type"),
        }
        self.from
            .as_deref()
            .is_some_and(|from| !can_be_sender(from))
            .then_some("`from` is not a JID, a domain or *.domain")
    }
}

/// Whether any sender can match it.
fn can_be_sender(wanted: &str) -> bool {
    let bare = wanted.split_once('/').map_or(wanted, |(bare, _)| bare);
    let (local, domain) = bare.split_once('@').map_or((None, bare), |(local, domain)| (Some(local), domain));
    let domain = domain.strip_prefix("*.").filter(|_| bare == wanted && local.is_none()).unwrap_or(domain);
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || "\"&'/<>@*".contains(c);
    !domain.is_empty()
        && !domain.contains(is_bad)
        && !local.is_some_and(|local| local.is_empty() || local.contains(is_bad))
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
    match stanza.stanza_type() {
        StanzaType::None if stanza.kind() == Kind::Presence => "available",
        StanzaType::None | StanzaType::Normal => "normal",
        StanzaType::Chat => "chat",
        StanzaType::Groupchat => "groupchat",
        StanzaType::Headline => "headline",
        StanzaType::Error => "error",
        StanzaType::Get => "get",
        StanzaType::Set => "set",
        StanzaType::Result => "result",
        StanzaType::Unavailable => "unavailable",
        StanzaType::Subscribe => "subscribe",
        StanzaType::Subscribed => "subscribed",
        StanzaType::Unsubscribe => "unsubscribe",
        StanzaType::Unsubscribed => "unsubscribed",
        StanzaType::Probe => "probe",
        StanzaType::Other => "other",
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
    fn entries_that_never_match() {
        for (from, kind, subtype, why) in [
            (None, Some("presence"), None, "presence is never stored"),
            (None, Some("iq"), Some("set"), "IQs are never stored"),
            (None, Some("message"), Some("headline"), "messages of this type are never stored"),
            (Some("arena.chess.example"), None, Some("available"), "messages do not have this type"),
            (Some("arena chess.example"), None, None, "`from` is not a JID, a domain or *.domain"),
            (Some("@chess.example"), None, None, "`from` is not a JID, a domain or *.domain"),
            (Some("bot@*.chess.example"), None, None, "`from` is not a JID, a domain or *.domain"),
            (Some("*."), None, None, "`from` is not a JID, a domain or *.domain"),
        ] {
            assert_eq!(rule(from, kind, subtype, None).never(), Some(why), "{from:?} {kind:?} {subtype:?}");
        }
        for from in
            ["arena.chess.example", "*.chess.example", "bot@chess.example/a b@c*", "[::1]", "Ünï.example"]
        {
            let never = rule(Some(from), Some("message"), Some("chat"), None).never();
            assert_eq!(never, None, "{from}");
        }
        assert_eq!(rule(None, None, Some("normal"), Some("urn:x")).never(), None);
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
