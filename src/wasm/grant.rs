//! What a plugin is allowed beyond deciding: `interface[.function][:scope]`.

use std::fmt;

use crate::grantable::{self, Interface};

/// One grant: an interface or one of its functions, perhaps within a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    interface: String,
    function: Option<String>,
    scope: Option<String>,
}

impl Grant {
    /// Parses `interface[.function][:scope]`.
    ///
    /// # Errors
    /// A description of the problem.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (what, scope) = match text.split_once(':') {
            Some((what, scope)) => (what, Some(scope)),
            None => (text, None),
        };
        let (interface, function) = match what.split_once('.') {
            Some((interface, function)) => (interface, Some(function)),
            None => (what, None),
        };
        let Some(known) = grantable::find(interface) else {
            let names = grantable::names().collect::<Vec<_>>().join(", ");
            return Err(match grantable::needs_none(interface) {
                true => format!("`{interface}` needs no grant: every plugin may use it"),
                false => format!("`{interface}` is not something that can be granted ({names})"),
            });
        };
        if let Some(function) = function.filter(|function| known.function(function).is_none()) {
            return Err(unknown_function(known, function));
        }
        if let Some(scope) = scope {
            known.scope.check(scope).map_err(|why| format!("`{text}`: {why}"))?;
        }
        Ok(Self {
            interface: interface.to_owned(),
            function: function.map(str::to_owned),
            scope: scope.map(|scope| known.scope.prepared(scope)),
        })
    }

    /// What it allows, in words such as `may close sessions (only of chess.example)`.
    pub fn words(&self) -> String {
        let Some(known) = grantable::find(&self.interface) else { return String::new() };
        let functions = known.functions.iter().filter(|one| self.has(one.name));
        let words: Vec<_> = match known.functions {
            [] => vec![known.words],
            _ => functions.map(|one| one.words).collect(),
        };
        let within = self.scope.as_ref().map_or(String::new(), |scope| format!(" (only {scope})"));
        format!("{}{within}", words.join(", "))
    }

    fn has(&self, function: &str) -> bool {
        self.function.as_deref().is_none_or(|name| name == function)
    }

    /// Whether it allows this function in some scope.
    fn covers(&self, interface: &str, function: &str) -> bool {
        self.interface == interface && self.has(function)
    }

    /// Whether it allows what another one does in the other's scope; one that was asked for without a scope may be narrowed.
    fn contains(&self, interface: &Interface, function: &str, asked: Option<&str>) -> bool {
        let within = match (self.scope.as_deref(), asked) {
            (None, _) | (_, None) => true,
            (Some(scope), Some(asked)) => scope == asked || interface.scope.has(scope, asked),
        };
        self.interface == interface.name && self.has(function) && within
    }
}

fn unknown_function(known: &Interface, function: &str) -> String {
    let functions: Vec<_> = known.functions.iter().map(|one| one.name).collect();
    match functions.as_slice() {
        [] => format!("`{}` is granted as a whole", known.name),
        some => {
            format!("`{}` has no function `{function}` that needs a grant ({})", known.name, some.join(", "))
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.interface)?;
        self.function.as_ref().map_or(Ok(()), |function| write!(f, ".{function}"))?;
        self.scope.as_ref().map_or(Ok(()), |scope| write!(f, ":{scope}"))
    }
}

/// The grants of one plugin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants(Vec<Grant>);

impl Grants {
    /// Parses all grants.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        texts.iter().map(|text| Grant::parse(text)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the function is granted, in whatever scope.
    pub fn allow(&self, interface: &str, function: &str) -> bool {
        grantable::needed(interface, function)
            .is_none_or(|(interface, function)| self.0.iter().any(|one| one.covers(interface, function)))
    }

    /// Whether the function is granted for this subject, which is what its scopes are about.
    pub fn allow_for(&self, interface: &str, function: &str, subject: &str) -> bool {
        let Some(known) = grantable::find(interface) else { return true };
        let within = |one: &&Grant| one.scope.as_ref().is_none_or(|scope| known.scope.has(scope, subject));
        self.0.iter().filter(|one| one.covers(interface, function)).any(|one| within(&one))
    }

    /// Whether what was asked for is granted. An operator may narrow what was asked for without a scope.
    pub fn contain(&self, asked: &Grant) -> bool {
        let Some(known) = grantable::find(&asked.interface) else { return false };
        let contain =
            |function: &str| self.0.iter().any(|one| one.contains(known, function, asked.scope.as_deref()));
        match known.functions {
            [] => contain(""),
            functions => functions.iter().filter(|one| asked.has(one.name)).all(|one| contain(one.name)),
        }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(texts: &[&str]) -> Grants {
        Grants::parse(&texts.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn they_are_read_and_written_alike() {
        for text in [
            "sessions.close",
            "sessions",
            "sessions.close:chess.example",
            "sql:members/credentials",
            "sql.query:members/*",
            "routing.send:*.bot.chess.example",
            "routing:bot@chess.example",
            "http-client:https://api.chess.example/*",
            "config.secret:api-key",
            "content",
            "replace",
            "retype",
            "stanza.rewrite-address",
        ] {
            assert_eq!(Grant::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_cannot_be_granted() {
        for (text, why) in [
            ("log", "`log` needs no grant: every plugin may use it"),
            ("call", "`call` needs no grant: every plugin may use it"),
            ("secrets", "`secrets` is not something that can be granted"),
            (
                "sessions.open",
                "`sessions` has no function `open` that needs a grant (close, of-account, push)",
            ),
            ("content.xml", "`content` is granted as a whole"),
            (
                "content:chess.example",
                "`content:chess.example`: it takes no scope: leave out what follows the colon",
            ),
            ("sessions.close:", "`sessions.close:`: the scope is not a domain or *.domain"),
            ("sql:", "`sql:`: the scope is not SOURCE/STATEMENT or SOURCE/*"),
            ("sql:m", "`sql:m`: the scope is not SOURCE/STATEMENT or SOURCE/*"),
            ("http-client:ftp://x/", "`http-client:ftp://x/`: the scope is not a URL"),
            ("routing:a b", "`routing:a b`: the scope is not a JID, a domain or *.domain"),
            ("", "`` is not something that can be granted"),
        ] {
            let error = Grant::parse(text).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }

    #[test]
    fn what_they_allow() {
        let some = grants(&["sessions.close", "kv"]);
        assert!(some.allow("sessions", "close") && !some.allow("sessions", "of-account"));
        assert!(some.allow("kv", "get") && !some.allow("sql", "query"));
        assert!(some.allow("log", "write"), "what needs no grant is allowed");
        assert!(some.allow("sessions", "info"));
        assert!(some.allow("call", "has-child") && !some.allow("call", "xml"));
        assert!(grants(&["content"]).allow("call", "child-texts"));
        assert!(grants(&["replace"]).allow("replace", "") && !grants(&["retype"]).allow("replace", ""));
    }

    #[test]
    fn scopes() {
        let some = grants(&[
            "sessions.close:*.chess.example",
            "sql:members/*",
            "http-client:https://a.example/v1/*",
        ]);
        assert!(some.allow_for("sessions", "close", "blitz.chess.example"));
        assert!(!some.allow_for("sessions", "close", "chess.example"));
        assert!(!some.allow_for("sessions", "of-account", "blitz.chess.example"));
        assert!(some.allow_for("sql", "query", "members/credentials"));
        assert!(!some.allow_for("sql", "query", "billing/cards"));
        assert!(some.allow_for("http-client", "fetch", "https://a.example/v1/x"));
        assert!(!some.allow_for("http-client", "fetch", "https://a.example.evil/v1/x"));
        assert!(!some.allow_for("http-client", "fetch", "https://a.example/v1/../v2/x"));
    }

    #[test]
    fn addresses_are_compared_in_their_prepared_form() {
        assert_eq!(
            Grant::parse("sessions.close:*.Chess.Example").unwrap().to_string(),
            "sessions.close:*.chess.example"
        );
        assert!(grants(&["routing:Bot@Chess.Example"]).allow_for("routing", "send", "bot@chess.example/x"));
    }

    #[test]
    fn what_was_asked_for() {
        let contain = |given: &[&str], asked: &str| grants(given).contain(&Grant::parse(asked).unwrap());
        assert!(contain(&["sessions"], "sessions.close") && !contain(&["sessions.close"], "sessions"));
        assert!(
            contain(&["sessions.close", "sessions.of-account", "sessions.push"], "sessions"),
            "all its functions"
        );
        assert!(contain(&["sessions:*.x.example"], "sessions.close:a.x.example"));
        assert!(!contain(&["sessions:a.x.example"], "sessions.close:*.x.example"));
        assert!(contain(&["content"], "content") && !contain(&["replace"], "content"));
        assert!(contain(&["sql:members/a"], "sql"), "narrowed by the operator");
        assert!(!contain(&["sql:members/a"], "sql:members/b"));
        assert!(contain(&["sql"], "sql:members/b"));
    }
}
