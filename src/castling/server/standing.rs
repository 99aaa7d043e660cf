//! Built-in modules in use: kept while their options are unchanged, else replaced by a successor.

use std::collections::BTreeMap;
use std::sync::Arc;

use admin::CommandError;
use kernel::Module;
use serde_json::Value;

use crate::config::{self, Domain};

/// The built-in modules of all domains.
#[derive(Default)]
pub(super) struct Standing(BTreeMap<String, Arc<OfDomain>>);

/// Those of one domain.
struct OfDomain {
    /// What the configuration says about them.
    said: Arc<BTreeMap<String, config::Module>>,
    /// Those that are on, in order.
    modules: Vec<(&'static str, Arc<dyn Module>)>,
}

impl Standing {
    /// The modules enabled on a domain, in order; recorded in `next`, which replaces this once they are in
    /// force.
    ///
    /// # Errors
    /// A module refuses its options.
    pub fn modules(&self, domain: &Domain, next: &mut Self) -> Result<Vec<Arc<dyn Module>>, CommandError> {
        let names = modules::catalog().iter().map(|entry| entry.name);
        self.built(&domain.name, &domain.modules, next, names, |name, options| {
            let entry = modules::catalog().iter().find(|entry| entry.name == name);
            let built = entry.map(|entry| (entry.build)(options)).transpose();
            built.map_err(|error| CommandError::new(format!("{}: module {name}: {error}", domain.name)))
        })
    }

    /// The modules of a domain: existing ones whose options are unchanged, otherwise new ones that succeed them.
    fn built<E>(
        &self,
        domain: &str,
        said: &Arc<BTreeMap<String, config::Module>>,
        next: &mut Self,
        names: impl Iterator<Item = &'static str>,
        build: impl Fn(&'static str, &Value) -> Result<Option<Arc<dyn Module>>, E>,
    ) -> Result<Vec<Arc<dyn Module>>, E> {
        let of = match self.0.get(domain) {
            Some(before) if Arc::ptr_eq(&before.said, said) || before.said == *said => before.clone(),
            before => {
                let mut modules = Vec::new();
                for name in names {
                    let module = module(before.map(|before| &**before), said, name, &build)?;
                    modules.extend(module.map(|module| (name, module)));
                }
                Arc::new(OfDomain { said: said.clone(), modules })
            }
        };
        let modules = of.modules.iter().map(|(_, module)| module.clone()).collect();
        next.0.insert(domain.to_owned(), of);
        Ok(modules)
    }
}

/// One module, if it is on: the existing one if its options are unchanged, else a new one that succeeds it.
fn module<E>(
    before: Option<&OfDomain>,
    said: &BTreeMap<String, config::Module>,
    name: &'static str,
    build: impl Fn(&'static str, &Value) -> Result<Option<Arc<dyn Module>>, E>,
) -> Result<Option<Arc<dyn Module>>, E> {
    let Some(now) = said.get(name).filter(|module| module.on) else { return Ok(None) };
    let stands = before.and_then(|before| Some((before, before.modules.iter().find(|one| one.0 == name)?)));
    if let Some((before, (_, module))) = stands
        && before.said.get(name).is_some_and(|before| before.options == now.options)
    {
        return Ok(Some(module.clone()));
    }
    let module = build(name, &Value::Object(now.options.clone()))?;
    if let (Some(module), Some((_, (_, before)))) = (&module, stands) {
        module.succeed(&**before);
    }
    Ok(module)
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
        let build = |_: &'static str, _: &Value| {
            Ok::<_, Infallible>(Some(Arc::new(Counting::default()) as Arc<dyn Module>))
        };
        let counts = domains.iter().map(|(domain, options)| {
            let options = options.as_object().unwrap().clone();
            let said = BTreeMap::from([("counting".to_owned(), config::Module { on: true, options })]).into();
            let names = std::iter::once("counting");
            let modules = standing.built(domain, &said, &mut next, names, build).unwrap();
            let module: &dyn Any = &*modules[0];
            module.downcast_ref::<Counting>().unwrap().0.fetch_add(1, Ordering::Relaxed) + 1
        });
        let counts = counts.collect();
        *standing = next;
        counts
    }

    /// Kept as they are while what is said of them is the same, in the order of the catalog, and anew after they were off.
    #[test]
    fn modules_are_kept_in_their_order() {
        let mut standing = Standing::default();
        let mut built = |on: bool, x: i64| {
            let module = |on, x: i64| config::Module {
                on,
                options: [("x".to_owned(), x.into())].into_iter().collect(),
            };
            let said =
                BTreeMap::from([("a".to_owned(), module(on, 1)), ("b".to_owned(), module(true, x))]).into();
            let mut next = Standing::default();
            let build = |_: &'static str, _: &Value| {
                Ok::<_, Infallible>(Some(Arc::new(Counting::default()) as Arc<dyn Module>))
            };
            let modules = standing.built("d", &said, &mut next, ["b", "a"].into_iter(), build).unwrap();
            standing = next;
            modules
        };
        let first = built(true, 1);
        let same = built(true, 1);
        assert!(first.iter().zip(&same).all(|(one, other)| Arc::ptr_eq(one, other)) && same.len() == 2);
        let other = built(true, 2);
        assert!(
            !Arc::ptr_eq(&first[0], &other[0]) && Arc::ptr_eq(&first[1], &other[1]),
            "only what has changed"
        );
        let off = built(false, 2);
        assert!(Arc::ptr_eq(&other[0], &off[0]) && off.len() == 1);
        let on = built(true, 2);
        assert!(Arc::ptr_eq(&other[0], &on[0]) && !Arc::ptr_eq(&first[1], &on[1]));
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
