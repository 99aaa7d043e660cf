//! Built-in modules at work: kept while their options are the same, else given their predecessors.

use std::collections::BTreeMap;
use std::sync::Arc;

use admin::CommandError;
use kernel::Module;
use serde_json::Value;

use crate::config::Domain;

/// The built-in modules of all domains, by domain and name.
#[derive(Default)]
pub(super) struct Standing(BTreeMap<(String, &'static str), One>);

#[derive(Clone)]
struct One {
    options: Value,
    module: Arc<dyn Module>,
}

impl Standing {
    /// The modules that are on at a domain, in order; noted in `next`, which takes this one's place when they are in
    /// force.
    ///
    /// # Errors
    /// A module refuses its options.
    pub fn modules(&self, domain: &Domain, next: &mut Self) -> Result<Vec<Arc<dyn Module>>, CommandError> {
        let mut modules = Vec::new();
        for entry in modules::catalog() {
            let Some(module) = domain.modules.get(entry.name).filter(|module| module.on) else { continue };
            let options = Value::Object(module.options.clone());
            let place = (domain.name.clone(), entry.name);
            let one = match self.0.get(&place) {
                Some(one) if one.options == options => one.clone(),
                before => {
                    let module = (entry.build)(&options).map_err(|error| {
                        CommandError::new(format!("{}: module {}: {error}", domain.name, entry.name))
                    })?;
                    if let Some(before) = before {
                        module.succeed(&*before.module);
                    }
                    One { options, module }
                }
            };
            modules.push(one.module.clone());
            next.0.insert(place, one);
        }
        Ok(modules)
    }
}
