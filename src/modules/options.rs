//! Options of a feature, and what is wrong with them.

use std::{error, fmt};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// An option as documentation and checks show it.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionDoc {
    /// Its key.
    pub key: &'static str,
    /// Its value where the configuration has none.
    pub default: Value,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

/// An option that a feature does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// The key, if it is one key's fault.
    pub key: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "`{key}`: {} — {}", self.message, self.remedy),
            None => write!(f, "{} — {}", self.message, self.remedy),
        }
    }
}

impl error::Error for OptionError {}

/// Reads the options of a feature. Each key is first held against `docs`, so that an error names it.
pub(crate) fn read<T: DeserializeOwned>(options: &Value, docs: &[OptionDoc]) -> Result<T, OptionError> {
    let known = || match docs {
        [] => "this module has no options".to_owned(),
        docs => format!("its options: {}", docs.iter().map(|doc| doc.key).collect::<Vec<_>>().join(", ")),
    };
    let Value::Object(map) = options else {
        let message = "the options of a module are a table".to_owned();
        return Err(OptionError { key: None, message, remedy: known() });
    };
    if let Some(key) = map.keys().find(|key| !docs.iter().any(|doc| doc.key == *key)) {
        let message = "there is no such option".to_owned();
        return Err(OptionError { key: Some(key.clone()), message, remedy: known() });
    }
    for (key, value) in map {
        let one = Value::Object(std::iter::once((key.clone(), value.clone())).collect());
        if let Err(error) = serde_json::from_value::<T>(one) {
            let default = docs.iter().find(|doc| doc.key == key).map(|doc| doc.default.to_string());
            let remedy = format!("the default is {}", default.unwrap_or_default());
            return Err(OptionError { key: Some(key.clone()), message: error.to_string(), remedy });
        }
    }
    serde_json::from_value(options.clone()).map_err(|error| OptionError {
        key: None,
        message: error.to_string(),
        remedy: known(),
    })
}

/// A feature without options.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoOptions {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::catalog;

    #[test]
    fn defaults_are_accepted_by_every_module() {
        for entry in catalog() {
            let options =
                (entry.options)().into_iter().map(|doc| (doc.key.to_owned(), doc.default)).collect();
            let module = (entry.build)(&serde_json::Value::Object(options)).unwrap();
            assert_eq!(&*module.about().name, entry.name);
            assert!((entry.build)(&json!({})).is_ok(), "{}", entry.name);
        }
    }

    #[test]
    fn an_error_names_the_key_and_the_remedy() {
        let build = |name: &str, options| {
            let entry = catalog().iter().find(|entry| entry.name == name).unwrap();
            (entry.build)(&options).err().unwrap()
        };
        let unknown = build("offline", json!({ "message": 1 }));
        assert_eq!(unknown.key.as_deref(), Some("message"));
        assert_eq!(unknown.remedy, "its options: messages, days");
        let negative = build("offline", json!({ "messages": -1 }));
        assert_eq!(negative.key.as_deref(), Some("messages"));
        assert_eq!(negative.remedy, "the default is 500");
        assert_eq!(build("ping", json!({ "x": 1 })).remedy, "this module has no options");
        assert_eq!(build("ping", json!(true)).key, None);
    }
}
