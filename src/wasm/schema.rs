//! A plugin's settings: a subset of JSON Schema, validated by the checker of all settings before the plugin
//! sees anything.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use settings::{Checker, Given, Key, Kind, Problem, Range, Section, Text, duration};

use crate::plain::is_control;

/// The schema of one value.
///
/// The subset: `type`, `description`, `default`, `enum`, `minimum`, `maximum`, `minLength`, `maxLength`,
/// `minItems`, `maxItems`, `items`, `properties`, `required`, `minProperties`, and `format: "duration"`. Keys
/// that are not in `properties` are errors.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Schema {
    #[serde(rename = "type", default)]
    pub kind: SchemaType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value when the key is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The allowed values.
    #[serde(rename = "enum", default, deserialize_with = "choices", skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Value>,
    /// The smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The minimum number of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
    /// The maximum number of characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// The minimum number of elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_items: Option<usize>,
    /// The maximum number of elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<usize>,
    /// The schema of each element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Schema>>,
    /// The keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Schema>,
    /// Required keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// The minimum number of keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_properties: Option<usize>,
    /// `duration`: a span such as `"500ms"`, `"60s"`, `"5m"`, `"1h"`, `"7d"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}

/// The values of an `enum`: with none, no setting would be valid.
fn choices<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Value>, D::Error> {
    let choices = Vec::deserialize(from)?;
    match choices.is_empty() {
        true => Err(D::Error::custom("an `enum` has no values")),
        false => Ok(choices),
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemaType {
    /// A table.
    #[default]
    Object,
    /// A list.
    Array,
    /// A text.
    String,
    /// A whole number.
    Integer,
    Number,
    /// `true` or `false`.
    Boolean,
}

/// The format of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A span of time.
    Duration,
}

impl Schema {
    /// The keys that have defaults, with these.
    pub fn defaults(&self) -> Map<String, Value> {
        let keys = self.properties.iter();
        keys.filter_map(|(key, schema)| Some((key.clone(), schema.default.clone()?))).collect()
    }

    /// The settings of a domain: defaults, overridden by `base`, then by `own`, key by key.
    pub(crate) fn merge(&self, base: &Map<String, Value>, own: &Map<String, Value>) -> Value {
        let mut merged = self.defaults();
        for (key, value) in base.iter().chain(own) {
            merged.insert(key.clone(), value.clone());
        }
        Value::Object(merged)
    }

    /// All problems of a value.
    pub(crate) fn problems(&self, value: &Value) -> Vec<Problem> {
        self.problems_at(value, "")
    }

    fn problems_at(&self, value: &Value, path: &str) -> Vec<Problem> {
        let mut checker = Checker::new().whole_paths();
        checker.value(&Given::from(value), &self.kind(), path);
        checker.into_problems()
    }

    /// Checks the schema of all settings.
    pub(crate) fn check_whole(&self) -> Result<(), String> {
        if self.kind != SchemaType::Object {
            return Err("`config` must be of type object".into());
        }
        self.check_itself("config")
    }

    /// Checks that its names can be shown, its defaults are valid, its choices have its type, and its limits do not contradict each other.
    fn check_itself(&self, path: &str) -> Result<(), String> {
        if let Some(why) = self.contradiction() {
            return Err(format!("no value is valid for `{path}`: {why}"));
        }
        if let Some(value) = self.allowed.iter().find(|value| !self.kind.is(value)) {
            return Err(format!(
                "`{value}` is not a valid choice at `{path}`, whose type is {:?}",
                self.kind
            ));
        }
        // Whatever else it says about its values holds for its choices.
        if !self.allowed.is_empty() {
            let rest = Self { allowed: Vec::new(), default: None, ..self.clone() };
            if let Some(problem) = self.allowed.iter().find_map(|value| rest.problems_at(value, path).pop()) {
                return Err(format!("a choice of {}", problem.message));
            }
        }
        let is_bad = |key: &&String| {
            key.is_empty() || key.len() > 64 || key.chars().any(is_control) || key.contains('.')
        };
        if let Some(key) = self.properties.keys().find(is_bad) {
            return Err(format!("{key:?} is not a valid name of a setting"));
        }
        if let Some(key) = self.required.iter().find(|key| !self.properties.contains_key(*key)) {
            return Err(format!("`{path}` requires {key:?}, which is not among its properties"));
        }
        if let Some(problem) = self.default.as_ref().and_then(|value| self.problems_at(value, path).pop()) {
            return Err(format!("the default of {}", problem.message));
        }
        self.items.iter().try_for_each(|items| items.check_itself(&format!("{path}[]")))?;
        self.properties.iter().try_for_each(|(key, schema)| schema.check_itself(&format!("{path}.{key}")))
    }

    /// Why no value can be valid.
    fn contradiction(&self) -> Option<String> {
        let above = |least: Option<usize>, most: Option<usize>| least > most.or(Some(usize::MAX));
        let (least, most) =
            (self.minimum.unwrap_or(f64::NEG_INFINITY), self.maximum.unwrap_or(f64::INFINITY));
        let none_between = match self.kind {
            SchemaType::Integer => least.ceil() > most.floor(),
            _ => least > most,
        };
        if none_between {
            return Some(match self.kind {
                SchemaType::Integer if least <= most => {
                    format!("there is no whole number between `minimum` {least} and `maximum` {most}")
                }
                _ => format!("`minimum` {least} is above `maximum` {most}"),
            });
        }
        if above(self.min_length, self.max_length) {
            return Some("`minLength` is above `maxLength`".into());
        }
        if above(self.min_items, self.max_items) {
            return Some("`minItems` is above `maxItems`".into());
        }
        (self.min_properties > Some(self.properties.len())).then(|| {
            format!("`minProperties` is above the number of `properties`, {}", self.properties.len())
        })
    }

    /// The kind of value it describes.
    fn kind(&self) -> Kind {
        if !self.allowed.is_empty() {
            return Kind::Choice(self.allowed.clone());
        }
        match self.kind {
            SchemaType::Object => Kind::section(self.section()),
            SchemaType::Array => Kind::List {
                of: Box::new(self.items.as_ref().map_or(Kind::Any, |items| items.kind())),
                least: self.min_items.unwrap_or(0),
                most: self.max_items.unwrap_or(usize::MAX),
            },
            SchemaType::String => Kind::Text(Text {
                least: self.min_length.unwrap_or(0),
                most: self.max_length.unwrap_or(usize::MAX),
                check: self.format.map(|Format::Duration| duration as settings::Check),
                example: self.format.map_or("text", |Format::Duration| "60s"),
            }),
            // A fractional bound is rounded inwards; one beyond 64 bits is no limit.
            SchemaType::Integer => Kind::Integer(Range::new(
                self.minimum.map_or(i64::MIN, |least| least.ceil() as i64),
                self.maximum.map_or(i64::MAX, |most| most.floor() as i64),
            )),
            SchemaType::Number => Kind::Number {
                least: self.minimum.unwrap_or(f64::NEG_INFINITY),
                most: self.maximum.unwrap_or(f64::INFINITY),
            },
            SchemaType::Boolean => Kind::Flag,
        }
    }

    /// Its keys. Their defaults are applied by [`Schema::merge`].
    fn section(&self) -> Section {
        let key = |(name, schema): (&String, &Schema)| {
            let key = Key::new(name.clone(), schema.kind(), schema.description.clone().unwrap_or_default());
            if self.required.contains(name) { key.required() } else { key }
        };
        let keys = self.properties.iter().map(key).collect();
        Section { least: self.min_properties.unwrap_or(0), ..Section::new("setting", keys) }
    }
}

impl SchemaType {
    fn is(self, value: &Value) -> bool {
        match self {
            SchemaType::Object => value.is_object(),
            SchemaType::Array => value.is_array(),
            SchemaType::String => value.is_string(),
            SchemaType::Integer => value.is_i64() || value.is_u64(),
            SchemaType::Number => value.is_number(),
            SchemaType::Boolean => value.is_boolean(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        serde_json::from_value(json!({
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "minLength": 1, "maxLength": 3 },
                "max": { "type": "integer", "minimum": 1, "maximum": 9, "default": 5 },
                "window": { "type": "string", "format": "duration", "default": "60s" },
                "drop": { "type": "array", "maxItems": 2, "items": { "type": "object", "minProperties": 1,
                    "properties": { "kind": { "type": "string", "enum": ["a", "b"] } } } }
            }
        }))
        .unwrap()
    }

    fn wrong(value: Value) -> Vec<(String, String)> {
        schema().problems(&value).into_iter().map(|problem| (problem.path, problem.message)).collect()
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (value, path, message) in [
            (json!({}), "name", "`name` is missing"),
            (json!({ "name": 5 }), "name", "`name` must be a string, not an integer"),
            (json!({ "name": "" }), "name", "`name` has 0 characters"),
            (json!({ "name": "äöüß" }), "name", "`name` has 4 characters"),
            (json!({ "name": "x", "max": 0 }), "max", "`max` is out of range"),
            (json!({ "name": "x", "max": 10 }), "max", "`max` is out of range"),
            (json!({ "name": "x", "max": 1.5 }), "max", "`max` must be a whole number, not a float"),
            (json!({ "name": "x", "nam": 1 }), "nam", "unknown setting `nam`"),
            (json!({ "name": "x", "window": "60" }), "window", "\"60\" is not a duration"),
            (json!({ "name": "x", "window": "50d" }), "window", "\"50d\" is not a duration"),
            (json!({ "name": "x", "drop": [{}] }), "drop[0]", "`drop[0]` has 0 keys"),
            (
                json!({ "name": "x", "drop": [{ "kind": "a" }, { "kind": "c" }] }),
                "drop[1].kind",
                "`drop[1].kind` cannot be \"c\"",
            ),
            (json!([]), "", "the settings must be a table, not an array"),
        ] {
            assert_eq!(wrong(value.clone()), [(path.to_owned(), message.to_owned())], "{value}");
        }
        assert_eq!(wrong(json!({ "name": "x", "drop": [1, 2, 3] }))[0].1, "`drop` has 3 elements");
        assert_eq!(wrong(json!({ "name": 1, "max": 0 })).len(), 2, "all at once");
        assert!(wrong(json!({ "name": "x", "window": "49d", "drop": [{ "kind": "b" }] })).is_empty());
    }

    #[test]
    fn later_tables_win() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let merged = schema().merge(&map(json!({ "max": 7, "name": "a" })), &map(json!({ "name": "b" })));
        assert_eq!(merged, json!({ "max": 7, "name": "b", "window": "60s" }));
    }

    #[test]
    fn a_default_has_to_be_allowed() {
        let schema: Schema = serde_json::from_value(json!({
            "properties": { "max": { "type": "integer", "minimum": 1, "default": 0 } }
        }))
        .unwrap();
        assert_eq!(schema.check_itself("config").unwrap_err(), "the default of `config.max` is out of range");
    }

    #[test]
    fn a_schema_that_no_value_fits_is_refused() {
        for (property, why) in [
            (json!({ "type": "integer", "minimum": 2, "maximum": 1 }), "`minimum` 2 is above `maximum` 1"),
            (
                json!({ "type": "integer", "minimum": 1.2, "maximum": 1.8 }),
                "there is no whole number between `minimum` 1.2 and `maximum` 1.8",
            ),
            (json!({ "type": "string", "minLength": 2, "maxLength": 1 }), "`minLength` is above `maxLength`"),
            (json!({ "type": "array", "minItems": 2, "maxItems": 1 }), "`minItems` is above `maxItems`"),
            (
                json!({ "type": "object", "minProperties": 1 }),
                "`minProperties` is above the number of `properties`, 0",
            ),
        ] {
            let schema: Schema = serde_json::from_value(json!({ "properties": { "x": property } })).unwrap();
            let said = schema.check_whole().unwrap_err();
            assert_eq!(said, format!("no value is valid for `config.x`: {why}"));
        }
        for (property, expected) in [
            (json!({ "type": "integer", "minimum": 1, "maximum": 1 }), None),
            (json!({ "type": "number", "minimum": 1.2, "maximum": 1.8 }), None),
            (json!({ "type": "string", "minLength": 2 }), None),
            (
                json!({ "type": "integer", "enum": [1, 7], "maximum": 5 }),
                Some("a choice of `config.x` is out of range"),
            ),
        ] {
            let schema: Schema = serde_json::from_value(json!({ "properties": { "x": property } })).unwrap();
            assert_eq!(schema.check_whole().err().as_deref(), expected);
        }
    }
}
