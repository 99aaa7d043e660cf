//! Requests and commands that two plugins of a domain both answer: the server would not start with them.

use std::collections::{BTreeMap, HashSet};

use settings::{Complaint, join};

use super::problem::Problems;
use super::types::Config;

/// `claims`: what each plugin answers.
pub fn check(config: &Config, claims: &BTreeMap<&str, Vec<String>>, problems: &mut Problems) {
    for domain in config.domains.iter().filter(|domain| domain.enabled) {
        let mut claimed: BTreeMap<&str, &str> = BTreeMap::new();
        let mut said = HashSet::new();
        for one in &domain.active {
            let Some((name, own)) = claims.get_key_value(one.name.as_str()) else { continue };
            for claim in own {
                let first = *claimed.entry(claim).or_insert(name);
                if first != *name && said.insert((first, *name)) {
                    let message = format!("{claim} on {} is claimed by both {first} and {name}", domain.name);
                    problems.error(
                        &join(&domain.path, "plugins"),
                        Complaint::new(message, "enable only one of them"),
                    );
                }
            }
        }
    }
}
