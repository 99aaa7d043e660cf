//! Checked values by key.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{Group, Key};

/// The values of a checked table; copies share them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Values(Arc<Map<String, Value>>);

impl Values {
    /// The value of a key, if present.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Reads a group from them; absent ones have their defaults.
    pub fn of<G: Group>(&self) -> G {
        G::read(self)
    }
}

impl From<Map<String, Value>> for Values {
    fn from(map: Map<String, Value>) -> Self {
        Self(Arc::new(map))
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Map::deserialize(from).map(Self::from)
    }
}

/// The values themselves, for groups not known here: it has no keys of its own.
impl Group for Values {
    fn keys() -> Vec<Key> {
        Vec::new()
    }

    fn read(values: &Values) -> Self {
        values.clone()
    }
}
