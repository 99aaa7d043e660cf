//! A plugin's settings: a subset of JSON Schema, checked by the host before the plugin sees anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One value of the settings.
///
/// The subset: `type`, `description`, `default`, `enum`, `minimum`, `maximum`, `minLength`, `maxLength`,
/// `minItems`, `maxItems`, `items`, `properties`, `required`, `minProperties`, and `format: "duration"`. Keys
/// that are not in `properties` are mistakes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Schema {
    /// What it is.
    #[serde(rename = "type", default)]
    pub kind: SchemaType,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What holds when the key is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The values it may have.
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Value>,
    /// The smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The least characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
    /// The most characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// The least elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_items: Option<usize>,
    /// The most elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<usize>,
    /// What each element is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Schema>>,
    /// The keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Schema>,
    /// Keys that have to be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// The least keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_properties: Option<usize>,
    /// `duration`: a span such as `"500ms"`, `"60s"`, `"5m"`, `"1h"`, `"7d"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
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
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// What a text has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A span of time.
    Duration,
}

/// A mistake in a plugin's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where, relative to the plugin's table: `drop[1].kind`; empty for the table itself.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Schema {
    /// The settings of a domain: defaults, then `base`, then `own`, key by key.
    pub(crate) fn merge(&self, base: &Map<String, Value>, own: &Map<String, Value>) -> Value {
        let defaults = self.properties.iter();
        let mut merged: Map<String, Value> =
            defaults.filter_map(|(key, schema)| Some((key.clone(), schema.default.clone()?))).collect();
        for (key, value) in base.iter().chain(own) {
            merged.insert(key.clone(), value.clone());
        }
        Value::Object(merged)
    }

    /// Everything that is wrong with a value.
    pub(crate) fn problems(&self, value: &Value) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        self.check(value, "", &mut problems);
        problems
    }

    /// Are its own defaults allowed by it?
    pub(crate) fn check_itself(&self, path: &str) -> Result<(), String> {
        if let Some(problem) = self.default.as_ref().and_then(|value| self.problems(value).pop()) {
            return Err(format!("the default of `{path}` {}", problem.message));
        }
        self.items.iter().try_for_each(|items| items.check_itself(&format!("{path}[]")))?;
        self.properties.iter().try_for_each(|(key, schema)| schema.check_itself(&format!("{path}.{key}")))
    }

    fn check(&self, value: &Value, path: &str, problems: &mut Vec<ConfigProblem>) {
        let before = problems.len();
        let mut refuse = |message: String, remedy: String| {
            problems.push(ConfigProblem { path: path.to_owned(), message, remedy });
        };
        if !self.kind.is(value) {
            refuse(format!("is {}", describe(value)), format!("write {}", self.kind.article()));
            return;
        }
        if !self.allowed.is_empty() && !self.allowed.contains(value) {
            let words: Vec<_> = self.allowed.iter().map(Value::to_string).collect();
            refuse(format!("is {value}"), format!("write one of {}", words.join(", ")));
        }
        match value {
            Value::Number(number) => self.check_number(number.as_f64().unwrap_or_default(), &mut refuse),
            Value::String(text) => self.check_text(text, &mut refuse),
            Value::Array(list) => {
                check_count(list.len(), self.min_items, self.max_items, "elements", &mut refuse)
            }
            Value::Object(map) => check_count(map.len(), self.min_properties, None, "keys", &mut refuse),
            Value::Bool(_) | Value::Null => {}
        }
        if problems.len() == before {
            self.check_inside(value, path, problems);
        }
    }

    fn check_inside(&self, value: &Value, path: &str, problems: &mut Vec<ConfigProblem>) {
        if let (Some(items), Value::Array(list)) = (&self.items, value) {
            for (index, item) in list.iter().enumerate() {
                items.check(item, &format!("{path}[{index}]"), problems);
            }
        }
        let Value::Object(map) = value else { return };
        let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        for (key, value) in map {
            match self.properties.get(key) {
                Some(schema) => schema.check(value, &at(key), problems),
                None => problems.push(ConfigProblem {
                    path: at(key),
                    message: "is no setting of this plugin".into(),
                    remedy: self.known_keys(),
                }),
            }
        }
        for key in self.required.iter().filter(|key| !map.contains_key(*key)) {
            problems.push(ConfigProblem {
                path: at(key),
                message: "is missing".into(),
                remedy: self.properties.get(key).map_or("write", |schema| schema.kind.article()).into(),
            });
        }
    }

    fn known_keys(&self) -> String {
        match self.properties.is_empty() {
            true => "remove it: there are no settings here".into(),
            false => {
                let keys: Vec<_> = self.properties.keys().map(String::as_str).collect();
                format!("use one of {}", keys.join(", "))
            }
        }
    }

    fn check_number(&self, number: f64, refuse: &mut impl FnMut(String, String)) {
        if let Some(minimum) = self.minimum.filter(|minimum| number < *minimum) {
            refuse(format!("is {number}"), format!("write at least {minimum}"));
        }
        if let Some(maximum) = self.maximum.filter(|maximum| number > *maximum) {
            refuse(format!("is {number}"), format!("write at most {maximum}"));
        }
    }

    fn check_text(&self, text: &str, refuse: &mut impl FnMut(String, String)) {
        check_count(text.chars().count(), self.min_length, self.max_length, "characters", refuse);
        if self.format == Some(Format::Duration) && !is_duration(text) {
            let remedy = "write a span such as \"500ms\", \"60s\", \"5m\", \"1h\" (at most 49 days)";
            refuse(format!("is \"{text}\", which is no span of time"), remedy.into());
        }
    }
}

fn check_count(
    count: usize,
    least: Option<usize>,
    most: Option<usize>,
    unit: &str,
    refuse: &mut impl FnMut(String, String),
) {
    if let Some(least) = least.filter(|least| count < *least) {
        refuse(format!("has {count} {unit}"), format!("write at least {least}"));
    }
    if let Some(most) = most.filter(|most| count > *most) {
        refuse(format!("has {count} {unit}"), format!("write at most {most}"));
    }
}

/// The same spans as the Rust SDK reads: what fits into 32 bits of milliseconds.
fn is_duration(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u32 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return false,
    };
    number.parse::<u32>().is_ok_and(|number| number.checked_mul(factor).is_some())
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

    fn article(self) -> &'static str {
        match self {
            SchemaType::Object => "a table",
            SchemaType::Array => "a list",
            SchemaType::String => "a text",
            SchemaType::Integer => "a whole number",
            SchemaType::Number => "a number",
            SchemaType::Boolean => "true or false",
        }
    }
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
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
            (json!({}), "name", "is missing"),
            (json!({ "name": 5 }), "name", "is a number"),
            (json!({ "name": "" }), "name", "has 0 characters"),
            (json!({ "name": "äöüß" }), "name", "has 4 characters"),
            (json!({ "name": "x", "max": 0 }), "max", "is 0"),
            (json!({ "name": "x", "max": 10 }), "max", "is 10"),
            (json!({ "name": "x", "max": 1.5 }), "max", "is a number"),
            (json!({ "name": "x", "nam": 1 }), "nam", "is no setting of this plugin"),
            (json!({ "name": "x", "window": "60" }), "window", "is \"60\", which is no span of time"),
            (json!({ "name": "x", "window": "50d" }), "window", "is \"50d\", which is no span of time"),
            (json!({ "name": "x", "drop": [{}] }), "drop[0]", "has 0 keys"),
            (json!({ "name": "x", "drop": [{ "kind": "a" }, { "kind": "c" }] }), "drop[1].kind", "is \"c\""),
            (json!({ "name": "x", "drop": [1, 2, 3] }), "drop", "has 3 elements"),
            (json!([]), "", "is a list"),
        ] {
            assert_eq!(wrong(value.clone()), [(path.to_owned(), message.to_owned())], "{value}");
        }
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
        assert_eq!(schema.check_itself("config").unwrap_err(), "the default of `config.max` is 0");
    }
}
