//! The data sources of a running server, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use runtime::Runtime;

use super::{Source, SourceError, SourceOptions, SourceStat};

/// Sources by name. They are exchanged while statements run, which come to their end on the source that they began on.
pub struct Sources {
    runtime: Runtime,
    map: ArcSwap<BTreeMap<String, Arc<Source>>>,
}

impl Sources {
    /// No source yet.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, map: ArcSwap::default() }
    }

    /// The source of that name.
    pub fn get(&self, name: &str) -> Option<Arc<Source>> {
        self.map.load().get(name).cloned()
    }

    /// Replaces all sources. One whose options are unchanged stays as it is, with its connections and counters. Connects
    /// to nothing.
    ///
    /// # Errors
    /// A mistake in the options of a source; then nothing is replaced.
    pub fn put_in_force(&self, options: Vec<SourceOptions>) -> Result<(), SourceError> {
        let before = self.map.load_full();
        let mut next = BTreeMap::new();
        for options in options {
            let kept = before.get(&options.name).filter(|source| *source.options() == options).cloned();
            let name = options.name.clone();
            let source = match kept {
                Some(source) => source,
                None => Arc::new(Source::new(options, self.runtime.clock.clone())?),
            };
            next.insert(name, source);
        }
        let next = Arc::new(next);
        self.map.store(next.clone());
        for (name, source) in before.iter() {
            if !next.get(name).is_some_and(|kept| Arc::ptr_eq(kept, source)) {
                self.runtime.tasks.spawn("close data source", source.clone().close());
            }
        }
        Ok(())
    }

    /// Closes all idle connections; nothing is kept any more.
    pub async fn close(&self) {
        for source in self.map.swap(Arc::default()).values() {
            source.clone().close().await;
        }
    }

    /// What each has done and is doing, in the order of their names.
    pub fn stats(&self) -> Vec<SourceStat> {
        self.map.load().values().map(|source| source.stat()).collect()
    }
}
