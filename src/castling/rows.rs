//! Accounts from a CSV file: `jid,password` on each line.

use std::fs;
use std::path::Path;

use csv::{ByteRecord, Position, StringRecord};

/// An account of the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it begins on.
    pub line: u64,
    /// The account.
    pub jid: String,
    pub password: String,
}

/// The valid rows of a file, and the problems of the others as `file:line: message`.
///
/// # Errors
/// The file cannot be read.
pub fn read(path: &Path) -> Result<(Vec<Row>, Vec<String>), String> {
    let text = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(parse(&text, &path.display().to_string()))
}

fn parse(text: &[u8], name: &str) -> (Vec<Row>, Vec<String>) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut record = ByteRecord::new();
    // Reading a slice cannot fail, and with `flexible` any number of fields is accepted.
    while reader.read_byte_record(&mut record).is_ok_and(|more| more) {
        let line = lines.line_of(record.position());
        let record = StringRecord::from_byte_record(record.clone());
        match record.as_ref().map(|record| record.iter().collect::<Vec<_>>()) {
            Err(_) => problems.push(format!("{name}:{line}: invalid UTF-8 — save the file as UTF-8")),
            Ok(fields) => match fields[..] {
                ["jid", "password"] if rows.is_empty() && problems.is_empty() => {}
                [jid, password] => {
                    rows.push(Row { line, jid: jid.trim().to_owned(), password: password.to_owned() });
                }
                _ => problems.push(format!(
                    "{name}:{line}: expected two fields, found {} — write jid,password",
                    fields.len()
                )),
            },
        }
    }
    (rows, problems)
}

/// Counts lines. The reader's own count is taken before the line ends that it skips between records.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn line_of(&mut self, position: Option<&Position>) -> u64 {
        let start = position.map_or(0, Position::byte) as usize;
        while let Some(byte) = self.text.get(self.at) {
            if self.at >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (Vec<(u64, String, String)>, Vec<String>) {
        let (rows, problems) = parse(text, "u.csv");
        (rows.into_iter().map(|row| (row.line, row.jid, row.password)).collect(), problems)
    }

    #[test]
    fn rows_and_what_is_none() {
        let text = b"jack@a,pass\n\"anna@a\",\"with \"\"quote\"\", comma\"\n\nbob@a\n x@a ,\xc3\xa4\ny@a,\xff\nz@a,1,2\n";
        let (rows, problems) = read(text);
        assert_eq!(
            rows,
            [
                (1, "jack@a".into(), "pass".into()),
                (2, "anna@a".into(), "with \"quote\", comma".into()),
                (5, "x@a".into(), "ä".into()),
            ]
        );
        assert_eq!(
            problems,
            [
                "u.csv:4: expected two fields, found 1 — write jid,password",
                "u.csv:6: invalid UTF-8 — save the file as UTF-8",
                "u.csv:7: expected two fields, found 3 — write jid,password",
            ]
        );
    }

    #[test]
    fn a_heading_is_no_account() {
        let (rows, problems) = read(b"jid,password\r\njack@a,pass\r\n");
        assert_eq!(rows, [(2, "jack@a".into(), "pass".into())]);
        assert!(problems.is_empty());
    }
}
