//! Rows of any table, and what two databases have to agree on.

use sha2::{Digest, Sha256};

use crate::StorageError;
use crate::schema::{Kind, Table};
use crate::value::{Row, Value};

/// A value of a row.
pub(super) enum Cell {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl Cell {
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Int(int) => Value::Int(*int),
            Self::Text(text) => Value::Text(text.as_deref()),
            Self::Bytes(bytes) => Value::Bytes(bytes.as_deref()),
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Int(_) => None,
            Self::Text(text) => text.as_deref().map(str::as_bytes),
            Self::Bytes(bytes) => bytes.as_deref(),
        }
    }

    /// About what it takes on its way to the database.
    pub fn size(&self) -> usize {
        16 + self.bytes().map_or(0, <[u8]>::len)
    }
}

pub(super) type Cells = Vec<Cell>;

pub(super) fn cells(table: &Table, row: &Row) -> Result<Cells, StorageError> {
    let columns = table.columns.iter().enumerate();
    let cell = |(at, (_, kind)): (usize, &(&str, Kind))| {
        Ok(match kind {
            Kind::Int => Cell::Int(row.opt_int(at)?),
            Kind::Text => Cell::Text(row.opt_text(at)?),
            Kind::Bytes => Cell::Bytes(row.opt_bytes(at)?),
        })
    };
    columns.map(cell).collect()
}

/// The number of rows, and the sum of their digests: the same in whatever order they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub rows: u64,
    digest: [u64; 4],
}

impl Summary {
    pub fn add_all(&mut self, table: &Table, rows: &[Cells]) {
        rows.iter().for_each(|row| self.add(table, row));
    }

    fn add(&mut self, table: &Table, row: &[Cell]) {
        let mut hash = Sha256::new();
        hash.update(table.name);
        for cell in row {
            match cell {
                Cell::Int(Some(int)) => {
                    hash.update([1]);
                    hash.update(int.to_be_bytes());
                }
                other => match other.bytes() {
                    Some(bytes) => {
                        hash.update([2]);
                        hash.update((bytes.len() as u64).to_be_bytes());
                        hash.update(bytes);
                    }
                    None => hash.update([0]),
                },
            }
        }
        self.rows += 1;
        let digest = hash.finalize();
        for (sum, part) in self.digest.iter_mut().zip(digest.chunks_exact(8)) {
            *sum = part.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)).wrapping_add(*sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::TABLES;

    fn summary(rows: &[&[Cell]]) -> Summary {
        let mut sum = Summary::default();
        rows.iter().for_each(|row| sum.add(&TABLES[0], row));
        sum
    }

    fn text(text: &str) -> Cell {
        Cell::Text(Some(text.to_owned()))
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let (a, b) = ([text("a"), text("b")], [text("c"), Cell::Int(Some(1))]);
        assert_eq!(summary(&[&a, &b]), summary(&[&b, &a]));
        let others = [
            summary(&[&a]),
            summary(&[&a, &a]),
            summary(&[&[text("ab"), text("")], &b]),
            summary(&[&a, &[text("c"), Cell::Int(Some(2))]]),
            summary(&[&a, &[text("c"), Cell::Int(None)]]),
            summary(&[&[text("a"), Cell::Text(None)], &b]),
        ];
        assert!(others.iter().all(|other| *other != summary(&[&a, &b])));
    }
}
