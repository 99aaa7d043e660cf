//! A configuration file's text: the location of each key, and TOML syntax errors.

use std::collections::HashMap;

use settings::{item, join};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file's name and text, with the line of every offset.
pub struct Source {
    /// The file name used in problems.
    pub name: String,
    /// The whole text.
    pub text: String,
    starts: Vec<usize>,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text, starts }
    }

    /// The line, counted from 1, of the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }
}

/// The line of each path of a document: `domain[1].tls.cert` is on line 40.
#[derive(Clone, Debug, Default)]
pub struct Places(HashMap<String, usize>);

impl Places {
    /// Records the line of every key and every array element.
    pub fn of(source: &Source, table: &DeTable<'_>) -> Self {
        let mut places = Self::default();
        places.table(source, table, "");
        places
    }

    fn table(&mut self, source: &Source, table: &DeTable<'_>, parent: &str) {
        for (key, value) in table {
            let path = join(parent, key.get_ref());
            self.0.insert(path.clone(), source.line(key.span().start));
            self.value(source, value, &path);
        }
    }

    fn value(&mut self, source: &Source, value: &Spanned<DeValue<'_>>, path: &str) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(source, table, path),
            DeValue::Array(items) => {
                for (index, element) in items.iter().enumerate() {
                    let path = item(path, index);
                    self.0.insert(path.clone(), source.line(element.span().start));
                    self.value(source, element, &path);
                }
            }
            _ => {}
        }
    }

    /// The line of `path`, or of its nearest ancestor in the file.
    pub fn line(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_keys_and_elements() {
        let text = "a = 1\n[b.c]\nd = [1,\n  2]\n[[e]]\nf = { g = 1 }\n\"h i\" = 2\n";
        let source = Source::new("x", text);
        let table = DeTable::parse(text).unwrap();
        let places = Places::of(&source, table.get_ref());
        let line = |path| places.line(path);
        assert_eq!(line("a"), Some(1));
        assert_eq!(line("b.c"), Some(2));
        assert_eq!(line("b.c.d[1]"), Some(4));
        assert_eq!(line("e[0]"), Some(5));
        assert_eq!(line("e[0].f.g"), Some(6));
        assert_eq!(line("e[0].\"h i\""), Some(7));
        assert_eq!(line("e[0].f.missing.deeper"), Some(6));
        assert_eq!(line("nothing"), None);
    }

    #[test]
    fn line_of_an_offset() {
        let source = Source::new("x", "ab\ncd\n");
        assert_eq!([0, 2, 3, 5, 6, 99].map(|at| source.line(at)), [1, 1, 2, 2, 3, 3]);
    }
}
