//! Requests and commands that are answered twice on a domain, by plugins or by a plugin and a built-in module: the server would not
//! start with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use auth::{Chain, Decoys};
use kernel::{Brand, Conflict, HostOptions, Module, Served, Web};
use serde_json::Value;
use settings::{Complaint, join};
use xmpp::Jid;

use super::domain::Domain;
use super::problem::Problems;
use super::types::Config;

/// `plugins`: what each plugin answers, as a module that registers that and nothing else.
pub fn check(config: &Config, plugins: &BTreeMap<&str, Arc<dyn Module>>, problems: &mut Problems) {
    for domain in config.domains.iter().filter(|domain| domain.enabled && !domain.active.is_empty()) {
        let active = domain.active.iter().filter_map(|one| plugins.get(one.name.as_str()).cloned());
        let Some(served) = served(domain, active.chain(built_in(domain)).collect()) else { continue };
        let mut said = Vec::new();
        for taken in kernel::conflicts(&served) {
            if said.contains(&taken.owners) {
                continue; // one line is enough
            }
            let (what, [one, other]) = (&taken.what, &taken.owners);
            let message = format!("{what} on {} is claimed by both {one} and {other}", domain.name);
            let remedy = match [one, other].into_iter().find(|name| !plugins.contains_key(&***name)) {
                Some(module) => {
                    format!("switch the module {module} off on this domain, or do without the plugin")
                }
                None => "enable only one of them".to_owned(),
            };
            problems.error(&join(&domain.path, "plugins"), Complaint::new(message, remedy));
            said.push(taken.owners);
        }
    }
}

/// The built-in modules that are on. What is wrong with the options of one is said elsewhere.
fn built_in(domain: &Domain) -> impl Iterator<Item = Arc<dyn Module>> {
    modules::catalog().iter().filter_map(|entry| {
        let module = domain.modules.get(entry.name).filter(|module| module.on)?;
        (entry.build)(&Value::Object(module.options.clone())).ok()
    })
}

/// The domain with nobody on it.
fn served(domain: &Domain, modules: Vec<Arc<dyn Module>>) -> Option<Served> {
    let options = HostOptions {
        limits: domain.limits.of(),
        conflict: Conflict::default(),
        auth: Chain::new(Vec::new(), Decoys::new([0; 32], 1)),
        brand: Brand::default(),
        web: Web::default(),
        admins: domain.admins.iter().filter_map(|jid| Jid::parse(jid).ok()).collect(),
    };
    Some(Served { jid: Jid::domain_only(&domain.name).ok()?, options: options.into(), modules })
}
