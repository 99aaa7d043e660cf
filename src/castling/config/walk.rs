//! Reads a TOML document by the schema: everything that does not fit becomes a problem, defaults are filled
//! in, and what comes out always has the shape of `Config`.

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::document::{item, join};
use super::guess::nearest;
use super::problem::{Complaint, Problems};
use super::schema::{Absent, Key, Kind, Section, quoted};

/// A walk over one document.
pub struct Walk<'a> {
    /// Where problems go.
    pub problems: &'a mut Problems,
    /// Whether a required key that is not there is reported: after a syntax error it may have been swallowed.
    pub report_missing: bool,
}

impl Walk<'_> {
    /// A table by its section, defaults filled in.
    pub fn section(&mut self, table: &DeTable<'_>, section: &Section, path: &str) -> Map<String, Value> {
        let mut out = self.given(table, section, path);
        for key in section.keys {
            if out.contains_key(key.name) {
                continue;
            }
            let value = match key.absent {
                Absent::Nothing => continue,
                Absent::Default(text) => self.default(key, text),
                Absent::Refused => {
                    if self.report_missing && !table.contains_key(key.name) {
                        self.missing(key, path);
                    }
                    Value::from("")
                }
            };
            out.insert(key.name.into(), value);
        }
        out
    }

    /// What a table says, without defaults.
    fn given(&mut self, table: &DeTable<'_>, section: &Section, path: &str) -> Map<String, Value> {
        let mut out = Map::new();
        for (name, value) in table {
            let path = join(path, name.get_ref());
            match section.key(name.get_ref()) {
                None => self.unknown(name.get_ref(), section, &path),
                Some(key) => {
                    if let Some(value) = self.value(value, &key.kind, &path) {
                        out.insert(key.name.into(), value);
                    }
                }
            }
        }
        out
    }

    /// A value by its kind; none if it is of another type.
    pub fn value(&mut self, value: &Spanned<DeValue<'_>>, kind: &Kind, path: &str) -> Option<Value> {
        match (kind, value.get_ref()) {
            (Kind::Flag, DeValue::Boolean(flag)) => Some(Value::Bool(*flag)),
            (Kind::Integer { least, most, off }, DeValue::Integer(number)) => {
                let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
                self.integer(number, (*least, *most, *off), path)
            }
            (Kind::Text(check), DeValue::String(text)) => {
                if let Err(complaint) = check(text) {
                    self.problems.error(path, complaint);
                }
                Some(Value::from(text.as_ref()))
            }
            (Kind::Choice(words), DeValue::String(text)) => self.choice(text, words, path),
            (Kind::List(kind), DeValue::Array(items)) => Some(self.list(items, kind, path)),
            (Kind::Section(section), DeValue::Table(table)) => {
                Some(Value::Object(self.section(table, section, path)))
            }
            (Kind::Overrides(section), DeValue::Table(table)) => {
                Some(Value::Object(self.given(table, section, path)))
            }
            (Kind::Sections(section), DeValue::Array(items)) => self.sections(items, section, path),
            (Kind::Map(check, kind), DeValue::Table(table)) => Some(self.map(table, *check, kind, path)),
            (Kind::Switch(section), DeValue::Boolean(on)) => Some(self.switch(*on, None, section, path)),
            (Kind::Switch(section), DeValue::Table(table)) => {
                Some(self.switch(true, Some(table), section, path))
            }
            (Kind::Table, value @ DeValue::Table(_)) => self.free(value, path),
            (kind, other) => {
                self.wrong_type(kind, other.type_str(), path);
                None
            }
        }
    }

    fn integer(&mut self, number: Option<i64>, range: (i64, i64, bool), path: &str) -> Option<Value> {
        let (least, most, off) = range;
        match number {
            Some(number) if (least..=most).contains(&number) || (off && number == 0) => Some(number.into()),
            _ => {
                let or_off = if off { ", or 0 to switch it off" } else { "" };
                let message = format!("`{}` is out of range", last(path));
                let remedy = format!("write a number from {least} to {most}{or_off}");
                self.problems.error(path, Complaint::new(message, remedy));
                None
            }
        }
    }

    fn choice(&mut self, text: &str, words: &[&str], path: &str) -> Option<Value> {
        if words.contains(&text) {
            return Some(Value::from(text));
        }
        let message = format!("`{}` cannot be {text:?}", last(path));
        self.problems.error(path, Complaint::new(message, format!("write one of {}", quoted(words))));
        None
    }

    /// Elements that do not fit keep their place, so that paths stay right.
    fn list(&mut self, items: &DeArray<'_>, kind: &Kind, path: &str) -> Value {
        let one = |(index, element)| self.value(element, kind, &item(path, index));
        items
            .iter()
            .enumerate()
            .map(one)
            .map(|value| value.unwrap_or_else(|| Value::from(kind.placeholder())))
            .collect()
    }

    fn sections(&mut self, items: &DeArray<'_>, section: &Section, path: &str) -> Option<Value> {
        let mut out = Vec::new();
        for (index, element) in items.iter().enumerate() {
            let path = item(path, index);
            let DeValue::Table(table) = element.get_ref() else {
                self.wrong_type(&Kind::Table, element.get_ref().type_str(), &path);
                continue;
            };
            let mut one = self.section(table, section, &path);
            one.insert("path".into(), Value::from(path));
            out.push(Value::Object(one));
        }
        Some(Value::Array(out))
    }

    fn map(&mut self, table: &DeTable<'_>, check: super::schema::Check, kind: &Kind, path: &str) -> Value {
        let mut out = Map::new();
        for (name, value) in table {
            let path = join(path, name.get_ref());
            if let Err(complaint) = check(name.get_ref()) {
                self.problems.error(&path, complaint);
            }
            if let Some(value) = self.value(value, kind, &path) {
                out.insert(name.get_ref().to_string(), value);
            }
        }
        Value::Object(out)
    }

    fn switch(&mut self, on: bool, table: Option<&DeTable<'_>>, section: &Section, path: &str) -> Value {
        let options = self.section(table.unwrap_or(&DeTable::new()), section, path);
        let mut out = Map::new();
        out.insert("on".into(), Value::Bool(on));
        out.insert("options".into(), Value::Object(options));
        Value::Object(out)
    }

    /// Any value as JSON; dates become strings, and what JSON cannot hold is a problem.
    fn free(&mut self, value: &DeValue<'_>, path: &str) -> Option<Value> {
        match to_json(value, path) {
            Ok(value) => Some(value),
            Err((path, message)) => {
                self.problems
                    .error(&path, Complaint::new(message, "write a finite number that fits 64 bits"));
                None
            }
        }
    }

    fn default(&mut self, key: &Key, text: &str) -> Value {
        // A default that does not fit its own key shows as a missing value, which a test looks for.
        let parsed = DeValue::parse(text).ok();
        parsed.and_then(|value| self.value(&value, &key.kind, key.name)).unwrap_or(Value::Null)
    }

    fn missing(&mut self, key: &Key, path: &str) {
        let message = format!("`{}` is missing", key.name);
        let remedy = format!("add {} = {}", key.name, key.kind.example());
        self.problems.error(path, Complaint::new(message, remedy));
    }

    fn wrong_type(&mut self, kind: &Kind, found: &str, path: &str) {
        let message = format!("`{}` must be {}, not {}", last(path), kind.in_words(), article(found));
        let remedy = match last(path) {
            name if matches!(kind, Kind::Sections(_)) => format!("write [[{name}]], with two brackets"),
            name if name.ends_with(']') => format!("write {}", kind.example()),
            name => format!("write {name} = {}", kind.example()),
        };
        self.problems.error(path, Complaint::new(message, remedy));
    }

    fn unknown(&mut self, name: &str, section: &Section, path: &str) {
        let message = format!("unknown {} `{name}`", section.noun);
        let names: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        let remedy = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "remove it; there are none here".into(),
            None => format!("remove it, or use one of: {}", names.join(", ")),
        };
        self.problems.error(path, Complaint::new(message, remedy));
    }
}

/// A TOML value as JSON, or the path and reason of what does not fit.
pub fn to_json(value: &DeValue<'_>, path: &str) -> Result<Value, (String, String)> {
    let no = |message: &str| Err((path.to_owned(), format!("`{}` {message}", last(path))));
    match value {
        DeValue::String(text) => Ok(Value::from(text.as_ref())),
        DeValue::Boolean(flag) => Ok(Value::Bool(*flag)),
        DeValue::Datetime(time) => Ok(Value::from(time.to_string())),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Ok(number.into()),
            Err(_) => no("is too large a number"),
        },
        DeValue::Float(number) => match number.as_str().parse().ok().and_then(Number::from_f64) {
            Some(number) => Ok(Value::Number(number)),
            None => no("is not a finite number"),
        },
        DeValue::Array(items) => {
            items.iter().enumerate().map(|(at, one)| to_json(one.get_ref(), &item(path, at))).collect()
        }
        DeValue::Table(table) => table
            .iter()
            .map(|(name, value)| {
                Ok((name.get_ref().to_string(), to_json(value.get_ref(), &join(path, name.get_ref()))?))
            })
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
    }
}

/// The last key of a path, with the index if it ends in one.
fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

fn article(kind: &str) -> String {
    let an = kind.starts_with(['a', 'e', 'i', 'o']);
    format!("{} {kind}", if an { "an" } else { "a" })
}
