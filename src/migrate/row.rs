//! A row, with the names of its columns. Databases and versions of ejabberd differ in the types.

use std::sync::Arc;

use storage::source::Value;

use crate::moment;

/// A row of a table.
#[derive(Debug)]
pub(crate) struct Row {
    pub columns: Arc<[&'static str]>,
    pub values: Vec<Value>,
}

/// Text that is not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadText;

impl Row {
    /// NULL for a column that this version does not have.
    pub fn value(&mut self, name: &str) -> Value {
        let at = self.columns.iter().position(|column| *column == name);
        at.and_then(|at| self.values.get_mut(at)).map(std::mem::take).unwrap_or_default()
    }

    /// The text of a column; it is given away. Empty for NULL.
    pub fn text(&mut self, name: &str) -> Result<String, BadText> {
        match self.value(name) {
            Value::Null => Ok(String::new()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Integer(value) => Ok(value.to_string()),
            Value::Real(value) => Ok(value.to_string()),
            Value::Text(text) => Ok(text),
            Value::Bytes(bytes) => String::from_utf8(bytes).map_err(|_| BadText),
        }
    }

    /// The same; what is not UTF-8 becomes U+FFFD, and the flag says so.
    pub fn lossy(&mut self, name: &str) -> (String, bool) {
        match self.value(name) {
            Value::Bytes(bytes) => match String::from_utf8(bytes) {
                Ok(text) => (text, false),
                Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
            },
            value => {
                self.put(name, value);
                (self.text(name).unwrap_or_default(), false)
            }
        }
    }

    fn put(&mut self, name: &str, value: Value) {
        let at = self.columns.iter().position(|column| *column == name);
        if let Some(place) = at.and_then(|at| self.values.get_mut(at)) {
            *place = value;
        }
    }

    /// A code of one character; PostgreSQL fills `character(1)` with blanks.
    pub fn code(&mut self, name: &str) -> String {
        self.lossy(name).0.trim().to_owned()
    }

    /// A whole number. NUMERIC is text on PostgreSQL and MariaDB.
    pub fn integer(&mut self, name: &str) -> Option<i64> {
        match self.value(name) {
            Value::Integer(value) => Some(value),
            Value::Bool(value) => Some(value.into()),
            Value::Real(value) => whole(value),
            Value::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
            }
            Value::Null | Value::Bytes(_) => None,
        }
    }

    /// The same; it is left there.
    pub fn peek_integer(&mut self, name: &str) -> Option<i64> {
        let number = self.integer(name);
        if let Some(number) = number {
            self.put(name, Value::Integer(number));
        }
        number
    }

    /// A Boolean: an integer on SQLite and MariaDB. NULL and whatever else is `false`.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.value(name) {
            Value::Bool(value) => value,
            Value::Integer(value) => value != 0,
            Value::Real(value) => value != 0.0,
            Value::Text(text) => matches!(text.trim(), "1" | "t" | "T" | "true" | "TRUE" | "y" | "yes"),
            // BIT(1) of MariaDB.
            Value::Bytes(bytes) => bytes == [1] || bytes == *b"1" || bytes == *b"t",
            Value::Null => false,
        }
    }

    /// A time stamp, as UTC microseconds.
    pub fn moment(&mut self, name: &str) -> Option<i64> {
        match self.value(name) {
            Value::Text(text) => moment::parse(&text),
            Value::Integer(seconds) => moment::known(seconds.checked_mul(1_000_000)?),
            _ => None,
        }
    }

    /// About what it takes in memory; and the largest of its values.
    pub fn bytes(&self) -> (usize, usize) {
        let size = |value: &Value| match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 8,
        };
        let sizes = || self.values.iter().map(size);
        (sizes().sum::<usize>() + 250, sizes().max().unwrap_or(0))
    }
}

fn whole(value: f64) -> Option<i64> {
    // Where every whole number has a float of its own.
    (value.fract() == 0.0 && value.abs() <= 9e15).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: impl Into<Value>) -> Row {
        Row { columns: Arc::new(["a"]), values: vec![value.into()] }
    }

    #[test]
    fn types_of_all_databases() {
        let numbers: [Value; 5] = [1.into(), 1.0.into(), "1".into(), "1.00".into(), true.into()];
        for value in numbers {
            assert_eq!(row(value.clone()).integer("a"), Some(1), "{value:?}");
            assert!(row(value.clone()).flag("a") || value == "1.00".into());
        }
        for value in [Value::Null, "x".into(), 1.5.into(), 1e300.into(), f64::NAN.into(), "1e400".into()] {
            assert_eq!(row(value).integer("a"), None);
        }
        assert!(
            row("t").flag("a") && !row("f").flag("a") && !row(0).flag("a") && !row(Value::Null).flag("a")
        );
        assert_eq!(row("B ").code("a"), "B");
    }

    #[test]
    fn text_that_is_not_utf_8_is_told_and_columns_may_be_absent() {
        assert_eq!(row(vec![b'a', 0xff]).text("a"), Err(BadText));
        assert_eq!(row(vec![b'a', 0xff]).lossy("a"), ("a\u{fffd}".to_owned(), true));
        assert_eq!(row(b"ab".to_vec()).lossy("a"), ("ab".to_owned(), false));
        assert_eq!(row("ab").lossy("a"), ("ab".to_owned(), false));
        assert_eq!(row(b"ab".to_vec()).text("a"), Ok("ab".to_owned()));
        assert_eq!(
            (row("ab").text("b"), row(1).integer("b"), row(1).flag("b")),
            (Ok(String::new()), None, false)
        );
    }
}
