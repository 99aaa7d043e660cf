//! Choosing the certificate of a handshake.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::TlsConfig;

/// An immutable table; changes create a new one.
#[derive(Clone, Default)]
pub(super) struct Certificates {
    /// By A-label.
    names: HashMap<Arc<str>, Entry>,
    /// Other names that certificates contain, with the domain of the certificate.
    carried: HashMap<Box<str>, Arc<str>>,
    pub(super) default: Option<Arc<str>>,
}

#[derive(Clone)]
pub(super) struct Entry {
    key: Arc<CertifiedKey>,
    pub(super) starttls: TlsConfig,
    /// The names in the certificate.
    carries: Arc<[Box<str>]>,
    /// The domain whose certificate this name borrows.
    alias_of: Option<Arc<str>>,
}

impl Certificates {
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.names.get(name)
    }

    /// Whether the domain uses this certificate, which its key belongs to.
    pub(super) fn has(&self, name: &str, key: &CertifiedKey) -> bool {
        self.get(name).is_some_and(|entry| entry.alias_of.is_none() && entry.key.cert == key.cert)
    }

    pub(super) fn insert(
        &mut self,
        name: Arc<str>,
        key: Arc<CertifiedKey>,
        carries: Arc<[Box<str>]>,
        starttls: TlsConfig,
    ) {
        for entry in self.names.values_mut().filter(|e| e.alias_of.as_ref() == Some(&name)) {
            entry.key = key.clone();
            entry.starttls = starttls.clone();
        }
        self.default.get_or_insert_with(|| name.clone());
        self.names.insert(name, Entry { key, starttls, carries, alias_of: None });
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
        if self.default.take_if(|default| &**default == name).is_some() {
            let own = self.names.iter().filter(|(_, entry)| entry.alias_of.is_none());
            self.default = own.map(|(name, _)| name.clone()).min();
        }
        self.carry();
    }

    /// If several certificates contain a name, the first domain in alphabetical order wins.
    fn carry(&mut self) {
        let mut own: Vec<_> = self.names.iter().filter(|(_, entry)| entry.alias_of.is_none()).collect();
        own.sort_by_key(|(name, _)| *name);
        let mut carried = HashMap::new();
        for (domain, entry) in own {
            for name in &*entry.carries {
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

    fn key(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let entry = self.get(name).or_else(|| self.get(self.carrier(name)?))?;
        Some(entry.key.clone())
    }
}

/// rustls passes the name as sent, in any case, but removes a trailing dot itself.
fn key_of_sni(all: &Certificates, sni: &str) -> Option<Arc<CertifiedKey>> {
    if sni.bytes().any(|b| b.is_ascii_uppercase()) {
        all.key(&sni.to_ascii_lowercase())
    } else {
        all.key(sni)
    }
}

/// Direct TLS: by SNI, or the default domain's certificate without SNI.
pub(super) struct Direct(pub(super) Arc<ArcSwap<Certificates>>);

impl ResolvesServerCert for Direct {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let all = self.0.load();
        match hello.server_name() {
            Some(sni) => key_of_sni(&all, sni),
            None => all.key(all.default.as_deref()?),
        }
    }
}

/// STARTTLS on a stream to a domain. SNI wins if it names a local domain; clients also send a host's name
/// there.
pub(super) struct OfDomain {
    pub(super) certificates: Arc<ArcSwap<Certificates>>,
    pub(super) domain: Arc<str>,
}

impl ResolvesServerCert for OfDomain {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let all = self.certificates.load();
        hello.server_name().and_then(|sni| key_of_sni(&all, sni)).or_else(|| all.key(&self.domain))
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct")
    }
}

impl fmt::Debug for OfDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OfDomain({})", self.domain)
    }
}
