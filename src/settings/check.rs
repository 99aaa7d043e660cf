//! Validates values against the schema: everything that does not fit becomes a problem, and defaults are
//! filled in, so that the result has the shape of the schema whatever the input.

mod words;

use serde_json::{Map, Number, Value};

use crate::section::{Absent, Scope, Section};
use crate::{Check, Complaint, Given, Kind, Problem, Text, item, join};

/// A check of one document.
#[derive(Debug, Default)]
pub struct Checker {
    problems: Vec<Problem>,
    /// The schema of the whole document, used to tell where a misplaced key belongs.
    root: Option<Section>,
    /// Whether messages name a value by its whole path instead of its key, because they have no line numbers.
    whole_paths: bool,
}

impl Checker {
    /// For a document whose values are named by their keys in messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, naming values by their whole paths.
    pub fn whole_paths(mut self) -> Self {
        self.whole_paths = true;
        self
    }

    /// The same, for a document with this schema.
    pub fn root(mut self, root: Section) -> Self {
        self.root = Some(root);
        self
    }

    /// The problems found so far.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Checks a table against its section, filling in defaults.
    pub fn section(
        &mut self,
        table: &[(String, Given)],
        section: &Section,
        path: &str,
    ) -> Map<String, Value> {
        let mut out = self.given(table, section, path, false);
        for key in &section.keys {
            if out.contains_key(&*key.name) {
                continue;
            }
            let value = match &key.absent {
                Absent::Nothing => continue,
                // A default that is invalid for its own key becomes a missing value, which a test detects.
                Absent::Default(value) => {
                    self.value(&Given::from(value), &key.kind, &key.name).unwrap_or_default()
                }
                Absent::Refused => {
                    if !table.iter().any(|(name, _)| *name == *key.name) {
                        self.missing(key, path);
                    }
                    Value::from("")
                }
            };
            out.insert(key.name.to_string(), value);
        }
        self.count(table.len(), section.least, usize::MAX, "keys", path);
        out
    }

    /// The keys given in a table, without defaults. `overrides`: they override the same section of the whole
    /// server.
    fn given(
        &mut self,
        table: &[(String, Given)],
        section: &Section,
        path: &str,
        overrides: bool,
    ) -> Map<String, Value> {
        let mut out = Map::new();
        for (name, value) in table {
            let path = join(path, name);
            let Some(key) = section.key(name) else {
                self.unknown(name, section, &path);
                continue;
            };
            if overrides && key.scope == Scope::Server {
                self.server_wide(&path);
            } else if let Some(value) = self.value(value, &key.kind, &path) {
                out.insert(key.name.to_string(), value);
            }
        }
        out
    }

    /// Checks a value against its kind; `None` if it does not fit and has no substitute.
    pub fn value(&mut self, value: &Given, kind: &Kind, path: &str) -> Option<Value> {
        match (kind, value) {
            (Kind::Flag, Given::Flag(flag)) => Some(Value::Bool(*flag)),
            (Kind::Integer(range), Given::Integer(number)) => {
                let taken = range.takes(*number);
                if taken.is_none() {
                    self.out_of_range(path, range.remedy());
                }
                taken.map(Value::from)
            }
            (Kind::Number { least, most }, Given::Integer(number)) => {
                self.number(*number as f64, *least, *most, value, path)
            }
            (Kind::Number { least, most }, Given::Number(number)) => {
                self.number(*number, *least, *most, value, path)
            }
            (Kind::Text(text), Given::Text(given)) => {
                self.text(given, text, path);
                Some(Value::from(given.as_str()))
            }
            (Kind::Choice(values), given) if given.to_json().is_some_and(|one| same_type(&one, values)) => {
                self.choice(given, values, path)
            }
            (Kind::List { of, least, most }, Given::List(items)) => {
                self.count(items.len(), *least, *most, "elements", path);
                Some(self.list(items, of, path))
            }
            (Kind::Table, Given::Table(_)) | (Kind::Any, _) => self.free(value, path),
            (kind, value) => self.tables(value, kind, path),
        }
    }

    /// The kinds that have keys.
    fn tables(&mut self, value: &Given, kind: &Kind, path: &str) -> Option<Value> {
        match (kind, value) {
            (Kind::Section(section), Given::Table(table)) => {
                Some(Value::Object(self.section(table, section, path)))
            }
            (Kind::Overrides(section), Given::Table(table)) => {
                Some(Value::Object(self.given(table, section, path, true)))
            }
            (Kind::Sections(section), Given::List(items)) => Some(self.sections(items, section, path)),
            (Kind::Map(check, kind), Given::Table(table)) => Some(self.map(table, *check, kind, path)),
            (Kind::Switch(section), Given::Flag(on)) => Some(self.switch(*on, &[], section, path)),
            (Kind::Switch(section), Given::Table(table)) => Some(self.switch(true, table, section, path)),
            (kind, other) => {
                self.wrong_type(kind, other, path);
                None
            }
        }
    }

    fn number(&mut self, number: f64, least: f64, most: f64, given: &Given, path: &str) -> Option<Value> {
        if (least..=most).contains(&number) && Number::from_f64(number).is_some() {
            return given.to_json();
        }
        self.out_of_range(path, words::bounds(least, most));
        None
    }

    fn text(&mut self, given: &str, text: &Text, path: &str) {
        self.count(given.chars().count(), text.least, text.most, "characters", path);
        if let Some(Err(complaint)) = text.check.map(|check| check(given)) {
            self.report(path, complaint);
        }
    }

    fn choice(&mut self, given: &Given, values: &[Value], path: &str) -> Option<Value> {
        let given = given.to_json()?;
        if values.contains(&given) {
            return Some(given);
        }
        self.not_a_choice(&given, values, path);
        None
    }

    /// Invalid elements keep their index, so that paths stay right.
    fn list(&mut self, items: &[Given], kind: &Kind, path: &str) -> Value {
        let one = |(index, element)| self.value(element, kind, &item(path, index));
        items.iter().enumerate().map(one).map(|value| value.unwrap_or_else(|| kind.placeholder())).collect()
    }

    fn sections(&mut self, items: &[Given], section: &Section, path: &str) -> Value {
        let mut out = Vec::new();
        for (index, element) in items.iter().enumerate() {
            let path = item(path, index);
            let Given::Table(table) = element else {
                self.wrong_type(&Kind::Table, element, &path);
                continue;
            };
            let mut one = self.section(table, section, &path);
            one.insert("path".into(), Value::from(path));
            out.push(Value::Object(one));
        }
        Value::Array(out)
    }

    fn map(&mut self, table: &[(String, Given)], check: Check, kind: &Kind, path: &str) -> Value {
        let mut out = Map::new();
        for (name, value) in table {
            let path = join(path, name);
            if let Err(complaint) = check(name) {
                self.report(&path, complaint);
            }
            if let Some(value) = self.value(value, kind, &path) {
                out.insert(name.clone(), value);
            }
        }
        Value::Object(out)
    }

    fn switch(&mut self, on: bool, table: &[(String, Given)], section: &Section, path: &str) -> Value {
        let options = self.section(table, section, path);
        let mut out = Map::new();
        out.insert("on".into(), Value::Bool(on));
        out.insert("options".into(), Value::Object(options));
        Value::Object(out)
    }

    /// Any value as JSON; dates become strings, and what JSON cannot represent is a problem.
    fn free(&mut self, value: &Given, path: &str) -> Option<Value> {
        let before = self.problems.len();
        self.representable(value, path);
        if self.problems.len() == before { value.to_json() } else { None }
    }

    fn representable(&mut self, value: &Given, path: &str) {
        match value {
            Given::List(items) => {
                items.iter().enumerate().for_each(|(at, one)| self.representable(one, &item(path, at)));
            }
            Given::Table(table) => {
                table.iter().for_each(|(name, one)| self.representable(one, &join(path, name)));
            }
            Given::Integer(_) if value.to_json().is_none() => self.not_held(path, "is too large"),
            Given::Number(_) if value.to_json().is_none() => self.not_held(path, "is not a finite number"),
            _ => {}
        }
    }

    fn report(&mut self, path: &str, complaint: Complaint) {
        self.problems.push(Problem::new(path, complaint));
    }
}

fn same_type(one: &Value, values: &[Value]) -> bool {
    values.iter().any(|value| std::mem::discriminant(value) == std::mem::discriminant(one))
}
