//! The policies by which domains exchange stanzas with other servers, from the configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hashbrown::HashMap;
use net::Roots;
use net::dns::Resolver;
use parking_lot::Mutex;
use runtime::SharedRandom;
use stream::s2s::Policy;

use crate::config::{Config, Domain};

/// What policies share. Resolvers keep their caches, and issuers that cannot be read again are believed as before.
#[derive(Default)]
pub struct Shared {
    resolvers: BTreeMap<Vec<SocketAddr>, Arc<Resolver>>,
    /// By file; `None`: the system's.
    roots: BTreeMap<Option<PathBuf>, Arc<Roots>>,
}

/// The policy of each domain that is served, and notes for the operator. `again`: files are read again.
pub fn policies(
    shared: &Mutex<Shared>,
    config: &Config,
    random: &SharedRandom,
    again: bool,
) -> (HashMap<Box<str>, Arc<Policy>>, Vec<String>) {
    let mut notes = Vec::new();
    if config.listen.s2s.is_empty() && config.listen.s2s_tls.is_empty() {
        return (HashMap::new(), notes);
    }
    let mut shared = shared.lock();
    let mut policies = HashMap::new();
    let mut read = Vec::new();
    for domain in config.domains.iter().filter(|domain| domain.enabled) {
        let file = domain.s2s.roots.clone();
        let known = shared.roots.contains_key(&file) && (!again || read.contains(&file));
        if !known {
            match roots(&file) {
                Ok(roots) => drop(shared.roots.insert(file.clone(), roots)),
                Err(why) => notes.push(why),
            }
            read.push(file.clone());
        }
        match made(&mut shared, domain, &file, random) {
            Ok(policy) => drop(policies.insert(domain.name.as_str().into(), Arc::new(policy))),
            Err(why) => notes.push(format!("{} exchanges nothing with other servers: {why}", domain.name)),
        }
    }
    (policies, notes)
}

fn roots(file: &Option<PathBuf>) -> Result<Arc<Roots>, String> {
    let roots = match file {
        Some(file) => Roots::file(file),
        None => Roots::system(),
    };
    roots.map(Arc::new).map_err(|error| format!("{error} — {}", error.remedy()))
}

fn made(
    shared: &mut Shared,
    domain: &Domain,
    file: &Option<PathBuf>,
    random: &SharedRandom,
) -> Result<Policy, String> {
    // Without any, no certificate is valid; dialback goes on.
    let roots = shared.roots.get(file).cloned().unwrap_or_else(|| Arc::new(Roots::from_der([])));
    let servers = domain.s2s.servers();
    let resolver = match shared.resolvers.get(&servers) {
        Some(resolver) => resolver.clone(),
        None => {
            let made = match servers.is_empty() {
                true => Resolver::system(random.clone()),
                false => Resolver::with_servers(&servers, random.clone()),
            };
            let resolver = Arc::new(made.map_err(|error| error.to_string())?);
            shared.resolvers.entry(servers).or_insert(resolver).clone()
        }
    };
    Ok(domain.s2s.policy(roots, resolver, domain.limits.of()))
}
