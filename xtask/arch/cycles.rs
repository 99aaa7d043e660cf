//! Modules that refer to each other in a cycle: to understand one, a reader needs all of them. Intended
//! cycles are named in `ARCHITECTURE.md`, with the reason; any other is a breach.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{Module, References};

/// The cycles of one crate: each as its modules, sorted. A module that refers to an enclosing one is not a
/// cycle: an inner module is a part of the outer.
pub fn circles(references: &References) -> Vec<Vec<Module>> {
    let mut edges = references.clone();
    for (module, targets) in &mut edges {
        targets.retain(|target| !module.starts_with(target));
    }
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        edges.keys().map(|module| (module, reachable(&edges, module))).collect();
    let mut circles: BTreeSet<Vec<Module>> = BTreeSet::new();
    for (module, reached) in &reach {
        let mutual =
            reached.iter().filter(|other| reach.get(**other).is_some_and(|back| back.contains(module)));
        let circle: Vec<Module> = mutual.map(|other| (*other).clone()).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// All modules reachable from a module; includes itself if there is a way back.
fn reachable<'a>(edges: &'a References, from: &Module) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = edges.get(from).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(edges.get(next).into_iter().flatten());
        }
    }
    reached
}

/// Cycles of a crate that `ARCHITECTURE.md` does not name, and named ones that no longer exist.
pub fn breaches(folder: &str, circles: &[Vec<Module>], named: &[Vec<String>]) -> Vec<String> {
    let circles: Vec<Vec<String>> =
        circles.iter().map(|circle| circle.iter().map(|module| module.join("::")).collect()).collect();
    let is_within = |circle: &[String], knot: &[String]| circle.iter().all(|module| knot.contains(module));
    let mut found = Vec::new();
    for circle in &circles {
        if !named.iter().any(|knot| is_within(circle, knot)) {
            found.push(format!("{folder}: these refer to each other in a circle: {}", circle.join(", ")));
        }
    }
    for module in named.iter().flatten() {
        if !circles.iter().flatten().any(|other| other == module) {
            found.push(format!(
                "{folder}: {module} is in no circle any more — take it out of the list of knots"
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(edges: &[(&str, &[&str])]) -> References {
        let module = |name: &&str| -> Module {
            name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        edges.iter().map(|(from, to)| (module(from), to.iter().map(module).collect())).collect()
    }

    #[test]
    fn circles_of_several_modules_are_found() {
        let edges = [
            ("a", &["b"][..]),
            ("b", &["c"]),
            ("c", &["a"]),
            ("d", &["a"]),
            ("e", &["e::inner"]),
            ("e::inner", &["e"]),
        ];
        let found = circles(&references(&edges));
        assert_eq!(found, [[vec!["a".to_owned()], vec!["b".to_owned()], vec!["c".to_owned()]]]);
        let named = |knot: &[&str]| vec![knot.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
        assert_eq!(breaches("src/x", &found, &named(&["a", "b", "c"])), [""; 0]);
        assert_eq!(breaches("src/x", &found, &named(&["a", "b"])).len(), 1);
        assert_eq!(breaches("src/x", &found, &named(&["a", "b", "c", "d"])).len(), 1, "d is in none");
    }
}
