//! Numbers of domains.

use hashbrown::HashMap;

/// Numbers of domains as plugins see them: a name keeps its number for as long as the process lives.
#[derive(Default)]
pub(super) struct Numbers {
    ids: HashMap<String, u32>,
    names: Vec<String>,
}

impl Numbers {
    pub fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }

    /// The numbers of those names that have one.
    pub fn ids(&self, names: &[&str]) -> impl Iterator<Item = u32> {
        names.iter().filter_map(|name| self.ids.get(*name).copied())
    }

    pub fn name(&self, id: u32) -> String {
        self.names.get(id as usize).cloned().unwrap_or_default()
    }
}
