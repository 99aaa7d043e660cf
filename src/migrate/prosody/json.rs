//! Values that are stored as JSON, in which `__array` and `__hash` hold what JSON's objects cannot (util.json of Prosody).

use crate::Reason;
use serde_json::Value as Json;

use super::lua::{Key, Table, Value};
use super::lua_parser::key_of;
use super::refusal::Refusal;

/// The most values in one text.
const VALUES: usize = 1 << 20;

/// The value of a JSON text.
///
/// # Errors
/// It is none, or too large, or nested more than 128 deep.
pub fn value(text: &str) -> Result<Value, Refusal> {
    // Before it is parsed: a byte of it may become many in memory.
    if text.bytes().filter(|b| matches!(b, b',' | b'[' | b'{')).count() > VALUES {
        return Err(Refusal::new(Reason::TooLarge, "too many values"));
    }
    let json = serde_json::from_str(text);
    json.map(lua).map_err(|error| Refusal::new(Reason::Damaged, format!("not JSON: {}", place(&error))))
}

/// Not the error itself, which may quote a text.
fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

/// At most as deep as the parser lets it be.
fn lua(json: Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(bool) => Value::Bool(bool),
        Json::Number(number) => number.as_f64().map_or(Value::Nil, Value::Number),
        Json::String(text) => Value::Text(text.into_bytes()),
        Json::Array(values) => {
            let mut table = Table::default();
            positional(&mut table, values);
            Value::Table(table)
        }
        Json::Object(fields) => {
            let mut table = Table::default();
            for (name, json) in fields {
                match (name.as_str(), json) {
                    ("__array", Json::Array(values)) => positional(&mut table, values),
                    ("__hash", Json::Array(values)) => keyed(&mut table, values),
                    (_, json) => table.entries.push((Key::Text(name.into_bytes()), lua(json))),
                }
            }
            Value::Table(table)
        }
    }
}

fn positional(table: &mut Table, values: Vec<Json>) {
    table.entries.extend((1..).map(Key::Index).zip(values.into_iter().map(lua)));
}

/// Keys and values by turns.
fn keyed(table: &mut Table, values: Vec<Json>) {
    let mut values = values.into_iter();
    while let (Some(key), Some(value)) = (values.next(), values.next()) {
        table.entries.push((key_of(lua(key)), lua(value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_objects_cannot_hold() {
        let Ok(Value::Table(table)) =
            value(r#"{"a":1,"__array":["x",true],"__hash":[false,{"v":"é"},7,null]}"#)
        else {
            panic!("no table")
        };
        assert!(table.get("a") == Some(&Value::Number(1.0)));
        let positional: Vec<_> = table.positional();
        assert!(positional == [&Value::Text(b"x".to_vec()), &Value::Bool(true)]);
        let meta = table.entries.iter().find(|(key, _)| *key == Key::Bool(false));
        let meta = meta.and_then(|(_, value)| value.table()).unwrap();
        assert_eq!(meta.text("v"), Ok(Some("é".to_owned())));
    }

    #[test]
    fn what_is_refused() {
        let reason = |text: &str| value(text).err().map(|refusal| refusal.reason);
        assert_eq!(reason("{\"secret\":"), Some(Reason::Damaged));
        assert_eq!(reason(&"[".repeat(1000)), Some(Reason::Damaged));
        assert_eq!(reason(&format!("[{}1]", "1,".repeat(VALUES))), Some(Reason::TooLarge));
        assert!(value("[[[]]]").is_ok());
    }
}
