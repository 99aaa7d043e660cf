//! With whom a domain exchanges stanzas: `s2s = { … }`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use net::Roots;
use net::dns::Resolver;
use serde::Deserialize;
use settings::{Complaint, join};
use stream::s2s;

use super::names;
use super::problem::Problems;

/// `s2s` of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Federation {
    pub verify: Verify,
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    /// PEM file with the issuers whose certificates are believed; `None`: the system's.
    pub roots: Option<PathBuf>,
    /// Name servers; empty: the system's.
    pub resolver: Vec<String>,
    /// Where domains are, whatever DNS says.
    pub connect: BTreeMap<String, String>,
}

/// What other servers must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    Dialback,
    Certificate,
}

/// Normalizes names, so that they can be compared.
pub(super) fn prepare(s2s: &mut Federation) {
    for pattern in s2s.allow.iter_mut().chain(&mut s2s.deny) {
        *pattern = match pattern.strip_prefix("*.") {
            Some(parent) => format!("*.{}", names::prepared(parent)),
            None => names::prepared(pattern),
        };
    }
    s2s.connect = s2s.connect.iter().map(|(name, at)| (names::prepared(name), at.clone())).collect();
}

/// Checks the files of a domain whose table is at this path.
pub(super) fn check_files(s2s: &Federation, path: &str, problems: &mut Problems) {
    let Some(file) = s2s.roots.as_ref().filter(|file| !file.as_os_str().is_empty()) else { return };
    if let Err(error) = Roots::file(file) {
        let complaint = Complaint::new(error.to_string(), error.remedy());
        problems.error(&join(&join(path, "s2s"), "roots"), complaint);
    }
}

impl Federation {
    /// The name servers; empty: the system's.
    pub fn servers(&self) -> Vec<SocketAddr> {
        self.resolver.iter().filter_map(|address| address.parse().ok()).collect()
    }

    /// The policy in the form of the server.
    pub fn policy(&self, roots: Arc<Roots>, resolver: Arc<Resolver>, limits: s2s::S2sLimits) -> s2s::Policy {
        let patterns = |list: &[String]| list.iter().map(|text| s2s::Pattern::new(text)).collect();
        let place = |(name, at): (&String, &String)| Some((name.as_str().into(), at.parse().ok()?));
        s2s::Policy {
            verify: match self.verify {
                Verify::Dialback => s2s::Verify::Dialback,
                Verify::Certificate => s2s::Verify::Certificate,
            },
            allow: patterns(&self.allow),
            deny: patterns(&self.deny),
            roots,
            resolver,
            connect: self.connect.iter().filter_map(place).collect(),
            limits,
        }
    }
}
