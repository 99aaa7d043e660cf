//! A parser of the part of Lua in which Prosody stores values: literals and table constructors. Nothing is ever run.

use super::lua::{Key, Table, Value};
use super::lua_scanner::{Fault, Scanner};

/// The deepest nesting of tables; Prosody itself writes at most 127.
const DEPTH: usize = 160;
/// The most values in one file or item: about 64 MiB of memory.
const VALUES: usize = 1 << 20;

/// A place in a text of Lua.
pub struct Parser<'a> {
    scanner: Scanner<'a>,
    values: usize,
}

/// The value of a file that is `return VALUE;`.
///
/// # Errors
/// It is anything else, or too large.
pub fn returned(bytes: &[u8]) -> Result<Value, Fault> {
    let mut parser = Parser::new(bytes);
    parser.scanner.blank()?;
    if parser.scanner.word() != b"return" {
        return Err(parser.scanner.fault("not a `return` of a value"));
    }
    let value = parser.value(0)?;
    parser.scanner.blank()?;
    parser.scanner.eat(b";");
    parser.scanner.blank()?;
    match parser.scanner.peek() {
        None => Ok(value),
        Some(_) => Err(parser.scanner.fault("more than one value")),
    }
}

impl<'a> Parser<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { scanner: Scanner::new(bytes), values: 0 }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.scanner.rest()
    }

    /// The next `item(VALUE);` of a list. After a fault, it goes on with the next line that begins with one.
    pub fn item(&mut self) -> Option<Result<Value, Fault>> {
        self.values = 0;
        let before = self.scanner.place();
        let found = self.try_item().transpose()?;
        if found.is_err() {
            self.scanner.skip_to_line_of(b"item", before);
        }
        Some(found)
    }

    fn try_item(&mut self) -> Result<Option<Value>, Fault> {
        self.scanner.blank()?;
        if self.scanner.peek().is_none() {
            return Ok(None);
        }
        if self.scanner.word() != b"item" {
            return Err(self.scanner.fault("not an item"));
        }
        self.scanner.blank()?;
        let bracket = self.scanner.eat(b"(");
        let value = self.value(0)?;
        self.scanner.blank()?;
        if bracket && !self.scanner.eat(b")") {
            return Err(self.scanner.fault("an item without its end"));
        }
        self.scanner.blank()?;
        self.scanner.eat(b";");
        Ok(Some(value))
    }

    /// Goes down to the recursion of a table, at most [`DEPTH`] deep.
    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        self.values += 1;
        if self.values > VALUES {
            return Err(self.scanner.too_large("too many values"));
        }
        self.scanner.blank()?;
        match self.scanner.peek() {
            Some(b'{') if depth >= DEPTH => Err(self.scanner.too_large("tables nested too deeply")),
            Some(b'{') => self.table(depth + 1).map(Value::Table),
            Some(quote @ (b'"' | b'\'')) => self.scanner.quoted(quote).map(Value::Text),
            Some(b'[') => self.scanner.long_text().map(Value::Text),
            Some(b'(') => self.quotient(),
            Some(b'-' | b'.' | b'0'..=b'9') => self.scanner.number().map(Value::Number),
            _ => self.constant(),
        }
    }

    fn constant(&mut self) -> Result<Value, Fault> {
        match self.scanner.word() {
            b"true" => Ok(Value::Bool(true)),
            b"false" => Ok(Value::Bool(false)),
            b"nil" => Ok(Value::Nil),
            _ => Err(self.scanner.fault("not a value")),
        }
    }

    /// `(1/0)`, as which Prosody writes numbers that are not finite.
    fn quotient(&mut self) -> Result<Value, Fault> {
        self.scanner.eat(b"(");
        let mut number = self.scanner.number()?;
        self.scanner.blank()?;
        if self.scanner.eat(b"/") {
            number /= self.scanner.number()?;
            self.scanner.blank()?;
        }
        match self.scanner.eat(b")") {
            true => Ok(Value::Number(number)),
            false => Err(self.scanner.fault("a bracket without its end")),
        }
    }

    fn table(&mut self, depth: usize) -> Result<Table, Fault> {
        let mut table = Table::default();
        let mut next = 1;
        self.scanner.eat(b"{");
        loop {
            self.scanner.blank()?;
            if self.scanner.eat(b"}") {
                return Ok(table);
            }
            let key = match self.key(depth)? {
                Some(key) => key,
                None => {
                    next += 1;
                    Key::Index(next - 1)
                }
            };
            table.entries.push((key, self.value(depth)?));
            self.scanner.blank()?;
            let separated = self.scanner.eat(b";") || self.scanner.eat(b",");
            if !separated && self.scanner.peek() != Some(b'}') {
                return Err(self.scanner.fault("a table without its end"));
            }
        }
    }

    /// `[KEY] =` or `name =`; `None` before a value without a key.
    fn key(&mut self, depth: usize) -> Result<Option<Key>, Fault> {
        let key = match self.scanner.peek() {
            Some(b'[') if !self.scanner.at_long_text() => {
                self.scanner.eat(b"[");
                let key = key_of(self.value(depth)?);
                self.scanner.blank()?;
                if !self.scanner.eat(b"]") {
                    return Err(self.scanner.fault("a key without its end"));
                }
                key
            }
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                let before = self.scanner.place();
                let name = self.scanner.word().to_vec();
                self.scanner.blank()?;
                if self.scanner.peek() != Some(b'=') {
                    self.scanner.back_to(before);
                    return Ok(None);
                }
                Key::Text(name)
            }
            _ => return Ok(None),
        };
        self.scanner.blank()?;
        match self.scanner.eat(b"=") {
            true => Ok(Some(key)),
            false => Err(self.scanner.fault("a key without a value")),
        }
    }
}

/// A key of a value; as in Lua, a whole number is the same whether it was written as one or not.
pub fn key_of(value: Value) -> Key {
    match value {
        Value::Text(text) => Key::Text(text),
        Value::Bool(bool) => Key::Bool(bool),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => Key::Index(number as i64),
        Value::Nil | Value::Number(_) | Value::Table(_) | Value::Xml(_) => Key::Other,
    }
}

#[cfg(test)]
mod tests;
