//! What a result may be, at most.

use super::{SourceError, Value};

/// The limits of a result, and what of it has been read.
#[derive(Clone, Copy)]
pub(super) struct Caps {
    rows: usize,
    bytes: usize,
    rows_read: usize,
    bytes_read: usize,
}

impl Caps {
    pub fn new(rows: usize, bytes: usize) -> Self {
        Self { rows, bytes, rows_read: 0, bytes_read: 0 }
    }

    /// Counts a row.
    ///
    /// # Errors
    /// [`SourceError::TooManyRows`] or [`SourceError::TooManyBytes`].
    pub fn count(&mut self, row: &[Value]) -> Result<(), SourceError> {
        self.rows_read += 1;
        self.bytes_read += row.iter().map(Value::size).sum::<usize>();
        if self.rows_read > self.rows {
            return Err(SourceError::TooManyRows(self.rows));
        }
        if self.bytes_read > self.bytes {
            return Err(SourceError::TooManyBytes(self.bytes));
        }
        Ok(())
    }
}
