//! With whom a domain exchanges stanzas, and what they must prove.

use std::net::SocketAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use net::Roots;
use net::dns::Resolver;

/// What another server must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// Its certificate is valid for its domain; or, over TLS with any certificate, dialback succeeds (XEP-0220).
    Dialback,
    /// Its certificate is valid for its domain.
    Certificate,
}

/// Domains: one, or with `*.` all below one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// `text` as U-labels in lower case.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    fn matches(&self, domain: &str) -> bool {
        match self.0.strip_prefix("*.") {
            Some(parent) => domain.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
            None => *self.0 == *domain,
        }
    }
}

/// The policy of a domain.
#[derive(Clone)]
pub struct Policy {
    pub verify: Verify,
    /// Only with these; empty: with all.
    pub allow: Vec<Pattern>,
    /// Not with these, even if they are allowed.
    pub deny: Vec<Pattern>,
    /// Whose certificates are believed.
    pub roots: Arc<Roots>,
    pub resolver: Arc<Resolver>,
    /// Where these domains are, whatever DNS says.
    pub connect: HashMap<Box<str>, SocketAddr>,
    pub limits: super::S2sLimits,
}

impl Policy {
    /// Whether stanzas are exchanged with this domain, as U-labels.
    pub fn admits(&self, domain: &str) -> bool {
        let is_among = |list: &[Pattern]| list.iter().any(|pattern| pattern.matches(domain));
        (self.allow.is_empty() || is_among(&self.allow)) && !is_among(&self.deny)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let all_below = Pattern::new("*.example");
        assert!(all_below.matches("a.example") && all_below.matches("b.a.example"));
        assert!(
            !all_below.matches("example")
                && !all_below.matches("aexample")
                && !all_below.matches("a.example.org")
        );
        let one = Pattern::new("a.example");
        assert!(one.matches("a.example") && !one.matches("b.a.example"));
    }
}
