//! A plugin's settings, by domain.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use serde::de::DeserializeOwned;

use crate::config;

/// The settings of each domain, read once in `configure` and kept for the life of the instance.
pub struct Settings<T>(RwLock<BTreeMap<u32, T>>);

impl<T: DeserializeOwned> Settings<T> {
    /// Without any settings.
    #[expect(clippy::new_without_default, reason = "made for a `static`")]
    pub const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    /// Reads a domain's settings from the host; for [`Lifecycle::configure`](crate::Lifecycle::configure).
    pub fn read(&self, domain: u32) -> Result<(), String> {
        let settings = serde_json::from_str(&config::get(domain)).map_err(|error| error.to_string())?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(domain, settings);
        Ok(())
    }

    /// The result of `of` for a domain's settings; `None` if they were never read.
    pub fn with<R>(&self, domain: u32, of: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&domain).map(of)
    }
}
