//! Which domain has which certificate.

use std::sync::Arc;

use hashbrown::HashMap;

use super::certificate::Certificate;
use super::roots::Roots;

/// An immutable table; changes create a new one.
#[derive(Clone, Default)]
pub(super) struct Certificates {
    /// By A-label.
    names: HashMap<Arc<str>, Entry>,
    /// Other names that certificates contain, with the domain of the certificate.
    carried: HashMap<Box<str>, Arc<str>>,
    pub(super) default: Option<Arc<str>>,
    /// Who issues certificates to a domain's clients.
    client_cas: HashMap<Arc<str>, Roots>,
}

#[derive(Clone)]
struct Entry {
    certificate: Arc<Certificate>,
    /// The domain whose certificate this name borrows.
    alias_of: Option<Arc<str>>,
}

/// A certificate, and the domain by whose name it was found.
pub(super) struct Found<'a> {
    pub(super) domain: &'a Arc<str>,
    pub(super) certificate: &'a Arc<Certificate>,
}

impl Certificates {
    /// The domain of exactly this name, an A-label in lower case.
    pub(super) fn get(&self, name: &str) -> Option<Found<'_>> {
        let (domain, entry) = self.names.get_key_value(name)?;
        Some(Found { domain, certificate: &entry.certificate })
    }

    /// The domain of this name, or the one whose certificate contains it.
    fn serving(&self, name: &str) -> Option<Found<'_>> {
        self.get(name).or_else(|| self.get(self.carrier(name)?))
    }

    /// The domain of a name sent as SNI: rustls passes it in any case, but removes a trailing dot itself.
    fn of_sni(&self, sni: &str) -> Option<Found<'_>> {
        if sni.bytes().any(|b| b.is_ascii_uppercase()) {
            self.serving(&sni.to_ascii_lowercase())
        } else {
            self.serving(sni)
        }
    }

    /// The certificate of direct TLS: by SNI, or the default domain's without SNI.
    pub(super) fn direct(&self, sni: Option<&str>) -> Option<Found<'_>> {
        match sni {
            Some(sni) => self.of_sni(sni),
            None => self.get(self.default.as_deref()?),
        }
    }

    /// The certificate of STARTTLS on a stream to a domain. SNI wins if it names a local domain; clients also
    /// send a host's name there.
    pub(super) fn of_stream(&self, domain: &str, sni: Option<&str>) -> Option<Found<'_>> {
        sni.and_then(|sni| self.of_sni(sni)).or_else(|| self.get(domain))
    }

    /// Whether the domain uses this certificate.
    pub(super) fn has(&self, name: &str, certificate: &Certificate) -> bool {
        self.names
            .get(name)
            .is_some_and(|entry| entry.alias_of.is_none() && entry.certificate.same(certificate))
    }

    pub(super) fn insert(&mut self, name: Arc<str>, certificate: Arc<Certificate>) {
        for entry in self.names.values_mut().filter(|e| e.alias_of.as_ref() == Some(&name)) {
            entry.certificate = certificate.clone();
        }
        self.default.get_or_insert_with(|| name.clone());
        self.names.insert(name, Entry { certificate, alias_of: None });
        self.carry();
    }

    pub(super) fn alias(&mut self, alias: &str, domain: &str) -> bool {
        let Some((name, entry)) = self.names.get_key_value(domain) else { return false };
        let borrowed = Entry { alias_of: Some(name.clone()), ..entry.clone() };
        match self.names.get(alias) {
            // An own certificate takes precedence.
            Some(own) if own.alias_of.is_none() => {}
            _ => drop(self.names.insert(alias.into(), borrowed)),
        }
        true
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.names.retain(|key, entry| &**key != name && entry.alias_of.as_deref() != Some(name));
        self.client_cas.remove(name);
        if self.default.take_if(|default| &**default == name).is_some() {
            let own = self.names.iter().filter(|(_, entry)| entry.alias_of.is_none());
            self.default = own.map(|(name, _)| name.clone()).min();
        }
        self.carry();
    }

    pub(super) fn set_client_ca(&mut self, name: &str, roots: Option<Roots>) {
        match roots {
            Some(roots) => drop(self.client_cas.insert(name.into(), roots)),
            None => drop(self.client_cas.remove(name)),
        }
    }

    pub(super) fn client_ca(&self, name: &str) -> Option<&Roots> {
        self.client_cas.get(name)
    }

    /// If several certificates contain a name, the first domain in alphabetical order wins.
    fn carry(&mut self) {
        let mut own: Vec<_> = self.names.iter().filter(|(_, entry)| entry.alias_of.is_none()).collect();
        own.sort_by_key(|(name, _)| *name);
        let mut carried = HashMap::new();
        for (domain, entry) in own {
            for name in entry.certificate.names() {
                carried.entry(name.clone()).or_insert_with(|| domain.clone());
            }
        }
        self.carried = carried;
    }

    /// The domain whose certificate contains this name or a wildcard for it (RFC 6125 section 6.4.3).
    fn carrier(&self, name: &str) -> Option<&str> {
        let wildcard = || Some(format!("*.{}", name.split_once('.')?.1));
        let found = self.carried.get(name).or_else(|| self.carried.get(&*wildcard()?));
        found.map(|domain| &**domain)
    }
}
