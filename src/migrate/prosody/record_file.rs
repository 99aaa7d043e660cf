//! One file of the file storage: `.dat` with a table, `.list` with items.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use crate::Reason;

use super::item::Item;
use super::lua::{Table, Value};
use super::lua_parser::{Parser, returned};
use super::refusal::Refusal;

/// The most bytes of a file that is read as a whole.
pub const BYTES: u64 = 64 << 20;

/// The most items of a list that are each reported as broken; what follows is counted.
const BROKEN: usize = 100;

/// Why items cannot be read, with how many of them.
pub type Broken = Vec<(Refusal, u64)>;

/// The table of a `.dat` file.
///
/// # Errors
/// It cannot be read, is too large, or is no table.
pub fn table(path: &Path) -> Result<Table, Refusal> {
    match returned(&bytes(path)?)? {
        Value::Table(table) => Ok(table),
        Value::Nil => Ok(Table::default()),
        _ => Err(Refusal::value("not a table")),
    }
}

/// The items of a `.list` file, and those that cannot be read.
///
/// # Errors
/// It cannot be read or is too large.
pub fn items(path: &Path) -> Result<(Vec<Item>, Broken), Refusal> {
    let bytes = bytes(path)?;
    let mut parser = Parser::new(&bytes);
    let (mut items, mut broken) = (Vec::new(), Vec::new());
    while let Some(found) = parser.item() {
        match found {
            Ok(value) => items.push(Item::of_list(&value)),
            Err(fault) => broken.push((fault.into(), 1)),
        }
        if broken.len() == BROKEN {
            let rest = count(parser.rest()).map_err(|error| unreadable(&error))?;
            if rest > 0 {
                let refusal = Refusal::new(Reason::Damaged, "after many others that are damaged");
                broken.push((refusal, rest));
            }
            break;
        }
    }
    Ok((items, broken))
}

/// The number of items of a `.list` file, of any size, as Prosody's own index counts them.
///
/// # Errors
/// It cannot be read.
pub fn count_items(path: &Path) -> Result<u64, Refusal> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    count(BufReader::new(file)).map_err(|error| unreadable(&error))
}

/// Lines that begin with an item; of a line, no more than the buffer is in memory.
fn count(mut text: impl BufRead) -> std::io::Result<u64> {
    const START: &[u8] = b"item";
    let (mut count, mut matched) = (0, Some(0));
    loop {
        let buffer = text.fill_buf()?;
        if buffer.is_empty() {
            return Ok(count);
        }
        let length = buffer.len();
        for &byte in buffer {
            matched = match matched {
                _ if byte == b'\n' => Some(0),
                Some(at) if START.get(at) == Some(&byte) && at + 1 == START.len() => {
                    count += 1;
                    None
                }
                Some(at) if START.get(at) == Some(&byte) => Some(at + 1),
                _ => None,
            };
        }
        text.consume(length);
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    file.take(BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    match bytes.len() as u64 > BYTES {
        true => Err(Refusal::new(Reason::TooLarge, "more than 64 MiB")),
        false => Ok(bytes),
    }
}

fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::new(Reason::Damaged, format!("cannot be read: {error}"))
}

#[cfg(test)]
mod tests;
