//! Rows of one key in one value: SQLite writes them as JSON, which takes a third of what it costs to hand over each row and
//! each of its values by itself.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::scan::TableRow;
use super::{SourceError, Value};

/// Where the bytes of text that is not UTF-8 stand meanwhile: characters for private use, of which no name has any.
const FOREIGN: u32 = 0x10_ff00;

/// The rows of a key: of each the first `columns` values, in the order of the rest.
///
/// # Errors
/// [`SourceError::Type`]: it is not what the statement asks for.
pub(super) fn unpack(packed: Value, columns: usize) -> Result<Vec<TableRow>, SourceError> {
    let text = match packed {
        Value::Text(text) => text,
        Value::Bytes(bytes) => marked(&bytes),
        _ => return Err(SourceError::Type("rows".into(), "not JSON".into())),
    };
    let mut json = serde_json::Deserializer::from_str(&text);
    let rows = Rows { columns }.deserialize(&mut json);
    let mut rows = rows.and_then(|rows| json.end().map(|()| rows)).map_err(not_rows)?;
    if !rows.is_sorted_by(|one, other| order(one, other, columns).is_le()) {
        rows.sort_by(|one, other| order(one, other, columns));
    }
    rows.iter_mut().for_each(|row| row.truncate(columns));
    Ok(rows)
}

fn not_rows(error: serde_json::Error) -> SourceError {
    SourceError::Type("rows".into(), error.to_string())
}

fn order(one: &TableRow, other: &TableRow, columns: usize) -> std::cmp::Ordering {
    let pairs = one.iter().zip(other).skip(columns);
    let order = pairs.map(|pair| match pair {
        (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        _ => std::cmp::Ordering::Equal,
    });
    order.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

/// All rows of a key. So that each row is as large as it has to be from the beginning, it knows how many columns there are.
struct Rows {
    columns: usize,
}

/// One of them.
#[derive(Clone, Copy)]
struct Row {
    columns: usize,
}

/// A value of it.
struct Cell(Value);

impl<'de> DeserializeSeed<'de> for Rows {
    type Value = Vec<TableRow>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows {
    type Value = Vec<TableRow>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rows of a key")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::with_capacity(16);
        while let Some(row) = from.next_element_seed(Row { columns: self.columns })? {
            rows.push(row);
        }
        Ok(rows)
    }
}

impl<'de> DeserializeSeed<'de> for Row {
    type Value = TableRow;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Row {
    type Value = TableRow;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut row = Vec::with_capacity(self.columns + 1);
        while let Some(Cell(value)) = from.next_element()? {
            row.push(value);
        }
        Ok(row)
    }
}

/// With a character for each byte that is not UTF-8.
fn marked(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(FOREIGN + u32::from(*byte))));
    }
    text
}

/// Bytes, if there are any that are not UTF-8.
fn unmarked(text: &str) -> Value {
    let foreign = |c: char| u32::from(c).checked_sub(FOREIGN).and_then(|byte| u8::try_from(byte).ok());
    // Such characters begin with this byte, as hardly any others do.
    if !text.as_bytes().contains(&0xf4) || !text.contains(|c: char| foreign(c).is_some()) {
        return Value::Text(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match foreign(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Value::Bytes(bytes)
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CellVisitor).map(Cell)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a column")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Real(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(unmarked(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(packed: impl Into<Value>, columns: usize) -> Vec<TableRow> {
        unpack(packed.into(), columns).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn rows_come_in_their_order() {
        let expected: [TableRow; 2] =
            [vec!["\"ž\"\0".into(), Value::Null], vec![Value::Integer(-1), Value::Real(0.5)]];
        assert_eq!(rows(r#"[["\"ž\"\u0000",null,1],[-1,0.5,2]]"#, 2), expected);
        assert_eq!(rows(r#"[[-1,0.5,2],["\"ž\"\u0000",null,1]]"#, 2), expected);
        assert_eq!(rows("[[18446744073709551615]]", 1), [vec!["18446744073709551615".into()]]);
    }

    #[test]
    fn text_that_is_not_utf_8_is_bytes() {
        let packed = b"[[\"\xff\xc5\xbe\"],[\"\xc5\xbe\"]]".to_vec();
        assert_eq!(rows(packed, 1), [vec![Value::Bytes(vec![0xff, 0xc5, 0xbe])], vec!["ž".into()]]);
    }

    #[test]
    fn anything_else_is_an_error() {
        for packed in ["", "[", "[1]", "[[[]]]", "{}", "[]]"] {
            assert!(unpack(packed.into(), 0).is_err(), "{packed}");
        }
    }
}
