//! Options of a feature, and their errors.

use serde_json::Value;
use settings::{Checker, Given, Group, Key, Kind, Problem, Section, Values};

/// An option that a feature does not accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OptionError(pub Problem);

/// Options of a feature with these keys, as a section of the configuration.
pub(crate) fn section(keys: Vec<Key>) -> Section {
    Section::new("option", keys)
}

/// Reads the options of a feature: a table, validated against what the feature declares.
pub(crate) fn read<G: Group>(options: &Value) -> Result<G, OptionError> {
    let mut checker = Checker::new();
    let kind = Kind::section(section(G::keys()));
    let checked = checker.value(&Given::from(options), &kind, "");
    if let Some(problem) = checker.into_problems().into_iter().next() {
        return Err(OptionError(problem));
    }
    let map = checked.and_then(|checked| checked.as_object().cloned()).unwrap_or_default();
    Ok(G::read(&Values::from(map)))
}

settings::group! {
    /// A feature without options.
    pub(crate) struct NoOptions {}
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::catalog;

    #[test]
    fn every_module_is_built_from_its_defaults() {
        for entry in catalog() {
            let module = (entry.build)(&json!({})).unwrap();
            assert_eq!(&*module.about().name, entry.name);
            assert!(!entry.doc.is_empty(), "{} has no documentation", entry.name);
        }
    }

    #[test]
    fn an_error_names_the_key_and_the_remedy() {
        let build = |name: &str, options| {
            let entry = catalog().iter().find(|entry| entry.name == name).unwrap();
            (entry.build)(&options).err().unwrap().to_string()
        };
        assert_eq!(
            build("offline", json!({ "message": 1 })),
            "unknown option `message` — did you mean `messages`?"
        );
        assert_eq!(
            build("offline", json!({ "messages": -1 })),
            "`messages` is out of range — write a number from 1 to 4294967295, or 0 (no limit)"
        );
        assert_eq!(
            build("ping", json!({ "x": 1 })),
            "unknown option `x` — remove it; no options are allowed here"
        );
        assert!(build("ping", json!(true)).starts_with("the settings must be a table, not a boolean"));
    }
}
