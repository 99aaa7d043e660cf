//! Keeps stanzas out of the offline store: those that match an entry of `drop`, by sender, kind, type and the
//! namespace of any child element.

mod rule;

use castling_plugin::{BeforeOffline, Lifecycle, Settings, Stanza, Storing, log};
use serde::Deserialize;

use rule::{Facts, Rule};

/// The settings of a domain.
#[derive(Deserialize)]
struct OfflineFilter {
    drop: Vec<Rule>,
}

static SETTINGS: Settings<OfflineFilter> = Settings::new();

impl Lifecycle for OfflineFilter {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)?;
        SETTINGS
            .with(domain, |settings| settings.never().for_each(|line| log::write(log::Level::Warn, &line)));
        Ok(())
    }
}

impl OfflineFilter {
    /// The entries that can never match, each with the reason.
    fn never(&self) -> impl Iterator<Item = String> {
        let each = self.drop.iter().enumerate();
        each.filter_map(|(index, rule)| Some(format!("`drop[{index}]` can never match: {}", rule.never()?)))
    }
}

impl BeforeOffline for OfflineFilter {
    fn filter(stanza: &Stanza) -> Storing {
        let has_ns = |ns: &str| stanza.has_child_ns(ns);
        let facts = Facts::of(stanza, &has_ns);
        let matches = |settings: &OfflineFilter| settings.drop.iter().any(|rule| rule.matches(&facts));
        match SETTINGS.with(stanza.domain(), matches) {
            Some(true) => Storing::Discard,
            _ => Storing::Keep,
        }
    }
}

castling_plugin::plugin!(OfflineFilter: lifecycle, before_offline);
castling_plugin::manifest!("manifest.json");

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_manifest_knows_the_keys_that_an_entry_has() {
        let manifest: Value = serde_json::from_str(include_str!("manifest.json")).unwrap();
        let entry = &manifest["config"]["properties"]["drop"]["items"]["properties"];
        let keys: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["from", "kind", "ns", "type"]);
        let all = json!({ "drop": [{ "from": "a", "kind": "b", "ns": "c", "type": "d" }] });
        let settings: OfflineFilter = serde_json::from_value(all).unwrap();
        assert_eq!(settings.drop.len(), 1);
        assert_eq!(
            settings.never().collect::<Vec<_>>(),
            ["`drop[0]` can never match: messages do not have this type"]
        );
        assert!(serde_json::from_value::<OfflineFilter>(json!({ "drop": [{ "form": "a" }] })).is_err());
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    }
}
