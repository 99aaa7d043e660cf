//! Built-in modules in use: kept while their options are unchanged, else replaced by a successor.

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
    /// The modules enabled on a domain, in order; recorded in `next`, which replaces this once they are in
    /// force.
    ///
    /// # Errors
    /// A module refuses its options.
    pub fn modules(&self, domain: &Domain, next: &mut Self) -> Result<Vec<Arc<dyn Module>>, CommandError> {
        let mut modules = Vec::new();
        for entry in modules::catalog() {
            let Some(module) = domain.modules.get(entry.name).filter(|module| module.on) else { continue };
            let options = Value::Object(module.options.clone());
            let built =
                self.module(&domain.name, entry.name, options, next, entry.build).map_err(|error| {
                    CommandError::new(format!("{}: module {}: {error}", domain.name, entry.name))
                })?;
            modules.push(built);
        }
        Ok(modules)
    }

    /// One module: the existing one if its options are unchanged, else a new one that succeeds it.
    fn module<E>(
        &self,
        domain: &str,
        name: &'static str,
        options: Value,
        next: &mut Self,
        build: impl FnOnce(&Value) -> Result<Arc<dyn Module>, E>,
    ) -> Result<Arc<dyn Module>, E> {
        let place = (domain.to_owned(), name);
        let module = match self.0.get(&place) {
            Some(one) if one.options == options => one.module.clone(),
            before => {
                let module = build(&options)?;
                if let Some(before) = before {
                    module.succeed(&*before.module);
                }
                module
            }
        };
        next.0.insert(place, One { options, module: module.clone() });
        Ok(module)
    }
}

#[cfg(test)]
mod tests {
    use std::any::Any;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use kernel::{About, Registrar};
    use serde_json::json;

    use super::*;

    /// A module that counts in its own state.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Module for Counting {
        fn about(&self) -> About {
            About { name: "counting".into(), specifications: Vec::new() }
        }
        fn register(self: Arc<Self>, _: &mut Registrar<'_>) {}
        fn succeed(&self, predecessor: &dyn Any) {
            let before = predecessor.downcast_ref::<Self>().unwrap().0.load(Ordering::Relaxed);
            self.0.store(before, Ordering::Relaxed);
        }
    }

    /// Builds the modules of these domains, each with these options, and increments each counter.
    fn count(standing: &mut Standing, domains: &[(&str, Value)]) -> Vec<usize> {
        let mut next = Standing::default();
        let build = |_: &Value| Ok::<_, Infallible>(Arc::new(Counting::default()) as Arc<dyn Module>);
        let counts = domains.iter().map(|(domain, options)| {
            let module = standing.module(domain, "counting", options.clone(), &mut next, build).unwrap();
            let module: &dyn Any = &*module;
            module.downcast_ref::<Counting>().unwrap().0.fetch_add(1, Ordering::Relaxed) + 1
        });
        let counts = counts.collect();
        *standing = next;
        counts
    }

    #[test]
    fn a_module_lives_across_reloads_and_other_domains_changes() {
        let mut standing = Standing::default();
        let (a, b) = (("a", json!({ "x": 1 })), ("b", json!({})));
        assert_eq!(count(&mut standing, &[a.clone(), b.clone()]), [1, 1]);
        assert_eq!(count(&mut standing, &[a.clone(), b.clone()]), [2, 2], "reload, plugin enable");
        assert_eq!(count(&mut standing, &[a.clone(), ("b", json!({ "x": 2 }))]), [3, 3], "another's options");
        assert_eq!(
            count(&mut standing, &[("a", json!({ "x": 3 }))]),
            [4],
            "its own options; the other is gone"
        );
        assert_eq!(count(&mut standing, &[a, b]), [5, 1]);
    }
}
