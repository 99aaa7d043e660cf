//! The table of floors and homes, read from `ARCHITECTURE.md`, so that the page is authoritative.

use crate::failure::{Failure, Outcome};

/// One crate: `| floor | folder | what it is | foreign crates |`.
pub struct Row {
    pub floor: u32,
    /// As in the page, relative to the root: `src/kernel`.
    pub folder: String,
    /// Foreign crates allowed there.
    pub homes: Vec<String>,
}

/// All rows, and the two lists below the table.
pub struct Table {
    rows: Vec<Row>,
    everywhere: Vec<String>,
    in_tests: Vec<String>,
    /// A crate's directory and its modules that refer to each other in a cycle.
    knots: Vec<(String, Vec<String>)>,
}

impl Table {
    /// Parses the rows that begin with a floor's number, and the paragraphs `At home everywhere:` and `In
    /// tests everywhere:`. Crate names are those in backquotes.
    pub fn read(page: &str) -> Outcome<Self> {
        let rows: Vec<_> = page.lines().filter_map(row).collect();
        if rows.is_empty() {
            return Err(Failure::new("ARCHITECTURE.md has no table of floors"));
        }
        let list = |start: &str| {
            let paragraph = page.split("\n\n").find(|paragraph| paragraph.starts_with(start));
            quoted(paragraph.unwrap_or_default())
        };
        let (everywhere, in_tests) = (list("At home everywhere:"), list("In tests everywhere:"));
        Ok(Self { rows, everywhere, in_tests, knots: page.lines().filter_map(knot).collect() })
    }

    /// The named cycles of the crate in this directory.
    pub fn knots(&self, folder: &str) -> Vec<Vec<String>> {
        self.knots.iter().filter(|(of, _)| of == folder).map(|(_, modules)| modules.clone()).collect()
    }

    pub fn row(&self, folder: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.folder == folder)
    }

    /// Whether the crate is restricted to certain directories.
    pub fn has_home(&self, crate_name: &str) -> bool {
        self.rows.iter().flat_map(|row| &row.homes).any(|home| home.replace('-', "_") == crate_name)
    }

    /// The directories where the crate is at home.
    pub fn homes_of(&self, name: &str) -> Vec<&str> {
        let homes = self.rows.iter().filter(|row| row.homes.iter().any(|home| home == name));
        homes.map(|row| row.folder.as_str()).collect()
    }

    pub fn everywhere(&self, name: &str, for_tests: bool) -> bool {
        let is_in = |list: &[String]| list.iter().any(|entry| entry == name);
        is_in(&self.everywhere) || (for_tests && is_in(&self.in_tests))
    }
}

/// `| knot | folder | modules | why |`.
fn knot(line: &str) -> Option<(String, Vec<String>)> {
    let cells: Vec<_> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
    let ["knot", folder, modules, ..] = cells.as_slice() else { return None };
    Some((quoted(folder).into_iter().next()?, quoted(modules)))
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<_> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
    let [floor, folder, _, homes, ..] = cells.as_slice() else { return None };
    Some(Row { floor: floor.parse().ok()?, folder: quoted(folder).into_iter().next()?, homes: quoted(homes) })
}

fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_lists() {
        let page = "| floor | folder |\n|---|---|\n| 0 | `src/a` | words with `code` | `x`, `y-z` |\n\
                    | 2 | `src/b` | b | |\n\nAt home everywhere: `bytes`,\n`serde`.\n\nIn tests everywhere: `insta`.\n";
        let table = Table::read(page).unwrap();
        assert_eq!(table.row("src/a").unwrap().homes, ["x", "y-z"]);
        assert_eq!(table.row("src/b").unwrap().floor, 2);
        assert!(table.has_home("y_z") && !table.has_home("bytes"));
        assert_eq!(table.homes_of("x"), ["src/a"]);
        assert!(table.everywhere("serde", false) && !table.everywhere("insta", false));
        assert!(table.everywhere("insta", true));
        assert!(Table::read("no table").is_err());
    }
}
