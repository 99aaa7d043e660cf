//! The one list of what can be granted.

use xmpp::Jid;

/// Something that can be granted: an interface with functions that need a grant, or a right that is not a function.
pub(crate) struct Interface {
    pub name: &'static str,
    /// What it allows, if it has no functions.
    pub words: &'static str,
    pub functions: &'static [Function],
    pub scope: ScopeKind,
}

/// A function that needs a grant.
pub(crate) struct Function {
    pub name: &'static str,
    /// What it allows.
    pub words: &'static str,
}

/// What a scope consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// It has none.
    None,
    /// A domain, or `*.domain` for those below it.
    Domain,
    /// A domain, and none below it.
    Exactly,
    /// A JID, a domain or `*.domain`.
    Address,
    /// `SOURCE/STATEMENT` of the configuration, or `SOURCE/*`.
    Statement,
    /// The name of a secret.
    Secret,
    /// A URL; with `*` at its end, all that begin so.
    Url,
}

const fn right(name: &'static str, words: &'static str) -> Interface {
    Interface { name, words, functions: &[], scope: ScopeKind::None }
}

const fn interface(name: &'static str, scope: ScopeKind, functions: &'static [Function]) -> Interface {
    Interface { name, words: "", functions, scope }
}

const fn function(name: &'static str, words: &'static str) -> Function {
    Function { name, words }
}

/// The grant for an address of the plugin's own.
pub(crate) const SERVICE: &str = "service";

const LIST: &[Interface] = &[
    right("content", "sees the text of messages and all else that stanzas contain"),
    right("replace", "may change what stanzas contain"),
    right("retype", "may change the type of stanzas, as from a presence to a subscription request"),
    Interface {
        name: SERVICE,
        words: "owns the address that the configuration gives it: receives what is sent there, and sends from there",
        functions: &[],
        scope: ScopeKind::Exactly,
    },
    interface(
        "stanza",
        ScopeKind::None,
        &[function("rewrite-address", "may change who a stanza is from and who it is for")],
    ),
    interface(
        "sessions",
        ScopeKind::Domain,
        &[
            function("close", "may close sessions"),
            function("of-account", "sees all sessions of an account"),
            function("push", "may send clients requests in the name of their accounts"),
        ],
    ),
    interface("routing", ScopeKind::Address, &[function("send", "may send stanzas")]),
    interface("ask", ScopeKind::Address, &[function("iq", "may send requests and sees the answers")]),
    interface("config", ScopeKind::Secret, &[function("secret", "reads secrets")]),
    interface(
        "kv",
        ScopeKind::None,
        &[
            function("get", "reads what it has stored"),
            function("set", "stores data"),
            function("delete", "deletes what it has stored"),
            function("swap", "changes what it has stored"),
            function("keys", "lists what it has stored"),
        ],
    ),
    interface(
        "sql",
        ScopeKind::Statement,
        &[function("query", "reads other databases"), function("execute", "changes other databases")],
    ),
    interface(
        "accounts",
        ScopeKind::None,
        &[
            function("exists", "sees whether an account exists"),
            function("roster", "reads rosters"),
            function("available", "sees who is online"),
            function("private-xml", "reads private data (XEP-0049)"),
            function("set-account-slot", "stores data with accounts"),
        ],
    ),
    interface(
        "screening",
        ScopeKind::None,
        &[
            function("lists", "sees the names of privacy lists"),
            function("get", "reads privacy lists"),
            function("put", "changes privacy lists"),
            function("remove", "removes privacy lists"),
            function("set-default", "chooses default privacy lists"),
            function("active", "sees active privacy lists"),
            function("set-active", "chooses active privacy lists"),
        ],
    ),
    interface("http-client", ScopeKind::Url, &[function("fetch", "makes requests to web servers")]),
];

/// Functions of `call` that need the grant `content`.
const CONTENT: &[&str] = &["xml", "child-text", "child-texts", "attribute"];

impl Interface {
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|one| one.name == name)
    }
}

/// The names of all that can be granted.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    LIST.iter().map(|one| one.name)
}

/// What can be granted under this name.
pub(crate) fn find(name: &str) -> Option<&'static Interface> {
    LIST.iter().find(|one| one.name == name)
}

/// Whether this is an interface of which no function needs a grant of its name.
pub(crate) fn needs_none(name: &str) -> bool {
    ["call", "log", "metrics", "rates"].contains(&name)
}

/// The grant that a function needs, or a right that is not a function: the name of what is granted, and of a function of it; `None` if it needs none.
pub(crate) fn needed(interface: &str, function: &str) -> Option<(&'static str, &'static str)> {
    if interface == "call" {
        return CONTENT.contains(&function).then_some(("content", ""));
    }
    let known = find(interface)?;
    if known.functions.is_empty() {
        return Some((known.name, ""));
    }
    known.function(function).map(|function| (known.name, function.name))
}

/// The grant that a function needs, as text.
pub(crate) fn asked(interface: &str, function: &str) -> Option<String> {
    needed(interface, function).map(|(name, function)| match function {
        "" => name.to_owned(),
        function => format!("{name}.{function}"),
    })
}

impl ScopeKind {
    /// Whether a scope is well-formed.
    pub fn check(self, scope: &str) -> Result<(), String> {
        let form = match self {
            Self::None => return Err("it takes no scope: leave out what follows the colon".into()),
            Self::Domain => "a domain or *.domain",
            Self::Exactly => "a domain",
            Self::Address => "a JID, a domain or *.domain",
            Self::Statement => "SOURCE/STATEMENT or SOURCE/*",
            Self::Secret => "the name of a secret: letters, digits, `-` and `_`",
            Self::Url => "a URL that begins with https:// or http://",
        };
        match self.is_well_formed(scope) {
            true => Ok(()),
            false => Err(format!("the scope is not {form}")),
        }
    }

    /// A scope that is well-formed, in the form in which subjects are written.
    pub fn prepared(self, scope: &str) -> String {
        if !matches!(self, Self::Domain | Self::Exactly | Self::Address) {
            return scope.to_owned();
        }
        let (below, address) = scope.strip_prefix("*.").map_or(("", scope), |address| ("*.", address));
        Jid::parse(address).map_or_else(|_| scope.to_owned(), |jid| format!("{below}{jid}"))
    }

    fn is_well_formed(self, scope: &str) -> bool {
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        match self {
            Self::None => false,
            Self::Domain => Jid::domain_only(scope.strip_prefix("*.").unwrap_or(scope)).is_ok(),
            Self::Exactly => Jid::domain_only(scope).is_ok(),
            Self::Address => Jid::parse(scope.strip_prefix("*.").unwrap_or(scope)).is_ok(),
            Self::Statement => scope
                .split_once('/')
                .is_some_and(|(source, name)| is_name(source) && (name == "*" || is_name(name))),
            Self::Secret => is_name(scope),
            Self::Url => {
                let rest = scope.strip_prefix("https://").or_else(|| scope.strip_prefix("http://"));
                // The host must be whole: after it comes a path.
                let host = rest.and_then(|rest| rest.split_once('/')).map(|(host, _)| host);
                host.is_some_and(|host| !host.is_empty() && !host.contains(['*', '@']))
                    && !scope.contains(|c: char| c.is_whitespace() || c.is_control())
            }
        }
    }

    /// Whether a subject is within a scope.
    pub fn has(self, scope: &str, subject: &str) -> bool {
        match self {
            Self::None => false,
            Self::Secret | Self::Exactly => scope == subject,
            Self::Domain => is_in_domain(scope, subject),
            Self::Address => Jid::parse(subject).is_ok_and(|jid| {
                is_in_domain(scope, jid.domain()) || scope == jid.as_str() || scope == jid.bare().as_str()
            }),
            Self::Statement | Self::Url => match scope.strip_suffix('*') {
                Some(start) => subject.strip_prefix(start).is_some_and(|rest| !rest.contains("..")),
                None => scope == subject,
            },
        }
    }
}

/// Whether a domain is this one, or below that of `*.domain`.
fn is_in_domain(scope: &str, domain: &str) -> bool {
    match scope.strip_prefix("*.") {
        None => scope == domain,
        Some(parent) => domain.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_within_a_scope() {
        for (scope, subject, expected) in [
            ("bot.chess.example", "bot.chess.example", true),
            ("bot.chess.example", "a@bot.chess.example/x", true),
            ("*.chess.example", "a@bot.chess.example", true),
            ("*.chess.example", "chess.example", false),
            ("*.chess.example", "evilchess.example", false),
            ("a@chess.example", "a@chess.example/r", true),
            ("a@chess.example", "b@chess.example", false),
            ("a@chess.example", "not a jid@@", false),
        ] {
            assert_eq!(ScopeKind::Address.has(scope, subject), expected, "{scope} {subject}");
        }
    }

    #[test]
    fn every_name_stands_once_and_has_words() {
        for one in LIST {
            assert_eq!(LIST.iter().filter(|other| other.name == one.name).count(), 1, "{}", one.name);
            assert_ne!(one.words.is_empty(), one.functions.is_empty());
        }
    }
}
