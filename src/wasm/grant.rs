//! What a plugin is allowed beyond deciding: `interface[.function][:scope]`.

use std::fmt;

/// The functions that need a grant. Everything else in `call`, `log`, `config`, `metrics`, `rates` and
/// `sessions` needs none.
const GUARDED: &[(&str, &[&str])] = &[
    ("sessions", &["close", "of-account"]),
    ("routing", &["send"]),
    ("config", &["secret"]),
    ("kv", &["get", "set", "delete", "swap", "keys"]),
    ("sql", &["query", "execute"]),
    ("accounts", &["exists", "roster", "private-xml", "set-account-slot", "set-domain-slot"]),
    ("http-client", &["fetch"]),
    ("stanza", &["rewrite-address"]),
];

/// Whether this function needs a grant.
pub(crate) fn is_guarded(interface: &str, function: &str) -> bool {
    GUARDED.iter().any(|(name, functions)| *name == interface && functions.contains(&function))
}

/// One grant: an interface, or one of its functions, within a scope.
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
            Some((what, scope)) => (what, Some(scope.to_owned())),
            None => (text, None),
        };
        let (interface, function) = match what.split_once('.') {
            Some((interface, function)) => (interface, Some(function)),
            None => (what, None),
        };
        let Some((_, functions)) = GUARDED.iter().find(|(name, _)| *name == interface) else {
            let names: Vec<_> = GUARDED.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err(format!("`{interface}` is not an interface that needs a grant ({names})"));
        };
        if let Some(function) = function.filter(|function| !functions.contains(function)) {
            let known = functions.join(", ");
            return Err(format!("`{interface}` has no function `{function}` that needs a grant ({known})"));
        }
        Ok(Self { interface: interface.to_owned(), function: function.map(str::to_owned), scope })
    }

    fn covers(&self, interface: &str, function: &str) -> bool {
        self.interface == interface && self.function.as_deref().is_none_or(|name| name == function)
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

    /// Whether the function is granted, in any scope.
    pub fn allow(&self, interface: &str, function: &str) -> bool {
        !is_guarded(interface, function) || self.0.iter().any(|grant| grant.covers(interface, function))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_read_and_written_alike() {
        for text in
            ["sessions.close", "sessions", "sql:members/credentials", "routing.send:*.bot.chess.example"]
        {
            assert_eq!(Grant::parse(text).unwrap().to_string(), text);
        }
        assert!(Grant::parse("log").unwrap_err().contains("not an interface that needs a grant"));
        assert!(Grant::parse("sessions.open").unwrap_err().contains("close, of-account"));
    }

    #[test]
    fn what_they_allow() {
        let grants = Grants::parse(&["sessions.close".into(), "kv".into()]).unwrap();
        assert!(grants.allow("sessions", "close") && !grants.allow("sessions", "of-account"));
        assert!(grants.allow("kv", "get") && !grants.allow("sql", "query"));
        assert!(grants.allow("log", "write"), "what needs no grant is allowed");
        assert!(grants.allow("sessions", "info"));
    }
}
