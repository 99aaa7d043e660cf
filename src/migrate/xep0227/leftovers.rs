//! Rows of no user.

use crate::{Kind, Leftover, Reason, Skipped};

/// How many different ones are told apart.
const MOST: usize = 10_000;

/// Rows of no user, the same ones added up.
#[derive(Default)]
pub(crate) struct Leftovers {
    rows: Vec<Leftover>,
    /// Rows beyond the most that are told apart.
    others: u64,
}

impl Leftovers {
    pub(crate) fn add(&mut self, host: &str, rows: Skipped) {
        let same = |row: &&mut Leftover| {
            row.host == host
                && row.rows.kind == rows.kind
                && row.rows.reason == rows.reason
                && row.rows.key == rows.key
                && row.rows.detail == rows.detail
        };
        // The last few, so that long lists of different ones take no time.
        if let Some(row) = self.rows.iter_mut().rev().take(8).find(same) {
            row.rows.rows += rows.rows;
        } else if self.rows.len() < MOST {
            self.rows.push(Leftover { host: host.to_owned(), rows });
        } else {
            self.others += rows.rows;
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Leftover> {
        let mut rows = std::mem::take(&mut self.rows);
        let others = std::mem::take(&mut self.others);
        if others > 0 {
            let mut more = Skipped::one(Kind::Other, Reason::Damaged, "", "more of the same sort");
            more.rows = others;
            rows.push(Leftover { host: String::new(), rows: more });
        }
        rows
    }
}
