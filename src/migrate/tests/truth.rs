//! What the users' own clients read from the old server.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Truth {
    pub password: String,
    #[serde(default)]
    pub roster: Vec<Item>,
    #[serde(default)]
    pub subscription_requests: Vec<String>,
    #[serde(default)]
    pub private: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub privacy: Privacy,
    #[serde(default)]
    pub blocklist: Vec<String>,
    pub vcard: Option<String>,
    #[serde(default)]
    pub offline: Vec<String>,
    pub last: Option<Last>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub jid: String,
    pub name: Option<String>,
    pub subscription: String,
    pub ask: Option<String>,
    pub groups: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Privacy {
    pub default: Option<String>,
    #[serde(default)]
    pub lists: BTreeMap<String, Vec<Rule>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub order: Value,
    #[serde(rename = "type")]
    pub subject: Option<String>,
    pub value: Option<String>,
    pub action: String,
    pub stanzas: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Last {
    pub time: i64,
}

pub(super) fn read(folder: &str) -> BTreeMap<String, Truth> {
    let text = std::fs::read_to_string(super::bed::fixture(folder).join("truth.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}
