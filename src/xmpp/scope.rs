//! Namespaces in force at a point in a document (Namespaces in XML §6).

use std::hash::{DefaultHasher, Hasher};

use crate::ns;
use crate::tape::slice;

/// A namespace name of a document.
#[derive(Debug)]
pub(crate) enum Namespace {
    /// One of the constants in [`ns`].
    Known(&'static str),
    /// A range of the document, end exclusive.
    Source(u32, u32),
    /// Anything else.
    Owned(Box<str>),
}

impl Namespace {
    pub(crate) fn as_str<'a>(&'a self, source: &'a str) -> &'a str {
        match self {
            Namespace::Known(name) => name,
            Namespace::Source(start, end) => slice(source, *start as usize, *end as usize),
            Namespace::Owned(name) => name,
        }
    }

    /// `name`, which does not occur verbatim in the document.
    pub(crate) fn detached(name: &str) -> Self {
        ns::known(name).map_or_else(|| Namespace::Owned(name.into()), Namespace::Known)
    }
}

/// A table of up to this many names is searched linearly.
const SHORT: usize = 8;

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// The prefixes and the default namespace in force, as offsets; index 0 of the table is the inherited one.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    table: Vec<Namespace>,
    /// Of the entries of a long table: comparing long names with each other would cost too much.
    hashes: Vec<u64>,
    /// Prefix (its range in the source; empty for the default) and index into the table.
    bindings: Vec<(u32, u32, u16)>,
}

impl Scope {
    pub(crate) const fn new() -> Self {
        Self { table: Vec::new(), hashes: Vec::new(), bindings: Vec::new() }
    }

    pub(crate) fn start(&mut self, inherited: &str) {
        self.table.clear();
        self.hashes.clear();
        self.bindings.clear();
        self.table.push(Namespace::detached(inherited));
        self.bindings.push((0, 0, 0));
    }

    pub(crate) fn take_table(&mut self) -> Box<[Namespace]> {
        self.table.drain(..).collect()
    }

    pub(crate) fn namespaces(&self) -> usize {
        self.table.len()
    }

    /// The number of bindings in force; passed to [`Scope::leave`] when the element ends.
    pub(crate) fn mark(&self) -> usize {
        self.bindings.len()
    }

    pub(crate) fn leave(&mut self, mark: usize) {
        self.bindings.truncate(mark);
    }

    /// Index of `name`, which is added if new.
    pub(crate) fn intern(&mut self, source: &str, name: &str, new: impl FnOnce() -> Namespace) -> u16 {
        let known = match self.table.len() > SHORT {
            false => self.table.iter().position(|entry| entry.as_str(source) == name),
            true => self.position(source, name),
        };
        let index = known.unwrap_or_else(|| {
            self.table.push(new());
            self.table.len() - 1
        });
        // The limits keep the table far smaller than this.
        u16::try_from(index).unwrap_or(0)
    }

    /// The index of `name` in a long table.
    fn position(&mut self, source: &str, name: &str) -> Option<usize> {
        let unhashed = self.table.iter().skip(self.hashes.len());
        self.hashes.extend(unhashed.map(|entry| hash(entry.as_str(source))));
        let wanted = hash(name);
        let alike = self.hashes.iter().enumerate().filter(|(_, hash)| **hash == wanted);
        alike
            .map(|(index, _)| index)
            .find(|index| self.table.get(*index).is_some_and(|e| e.as_str(source) == name))
    }

    pub(crate) fn bind(&mut self, start: u32, end: u32, index: u16) {
        self.bindings.push((start, end, index));
    }

    /// Index of the namespace of `prefix` (empty: the default).
    pub(crate) fn resolve(&self, source: &str, prefix: &str) -> Option<u16> {
        let bound =
            |&&(start, end, _): &&(u32, u32, u16)| source.get(start as usize..end as usize) == Some(prefix);
        self.bindings.iter().rev().find(bound).map(|&(_, _, index)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_entered_once_in_short_tables_and_long_ones() {
        let mut scope = Scope::new();
        scope.start("inherited");
        let names: Vec<String> = (0..40).map(|n| format!("urn:example:{n}")).collect();
        for round in 0..2 {
            for (n, name) in names.iter().enumerate() {
                let index = scope.intern("", name, || Namespace::Owned(name.as_str().into()));
                assert_eq!(usize::from(index), n + 1, "round {round}");
            }
        }
        assert_eq!(scope.namespaces(), 41);
        scope.start("inherited");
        assert_eq!(
            scope.intern("", &names[39], || Namespace::Owned("new".into())),
            1,
            "nothing is left over"
        );
    }
}
