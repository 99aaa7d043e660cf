//! Closes a session that sends the *same* presence more than `max` times within `window`, with no different
//! presence in between: stream error `policy-violation` with the operator's text. With `action = "drop"` the
//! session stays, and only the repetitions are dropped.
//!
//! The count is kept by the host (`rates`): it survives a replacement of the plugin.

use castling_plugin::{
    ClientIn, Denied, Duration, Lifecycle, Settings, Stanza, Verdict, log, metrics, rates, sessions,
};
use serde::Deserialize;

/// The settings of a domain; their defaults are in the manifest.
#[derive(Deserialize)]
struct Sunshine {
    /// How often the same presence may be sent within the window.
    max: u32,
    window: Duration,
    /// The text of the stream error.
    text: String,
    action: Action,
}

/// What happens to a session that repeats itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Action {
    Close,
    Drop,
}

static SETTINGS: Settings<Sunshine> = Settings::new();

impl Lifecycle for Sunshine {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)?;
        match SETTINGS.with(domain, |settings| settings.window.ms) {
            Some(0) => Err("window: 0 would count nothing; write \"60s\", or disable the plugin".into()),
            _ => Ok(()),
        }
    }
}

impl ClientIn for Sunshine {
    fn filter(stanza: &Stanza) -> Verdict {
        SETTINGS.with(stanza.domain(), |settings| settings.judge(stanza)).unwrap_or(Verdict::Pass)
    }
}

impl Sunshine {
    fn judge(&self, stanza: &Stanza) -> Verdict {
        if !rates::repeat_session(0, stanza.fingerprint(), self.max, self.window.ms) {
            return Verdict::Pass;
        }
        metrics::count("dropped", stanza.domain(), 1);
        if self.action == Action::Close {
            self.close(stanza);
        }
        Verdict::Drop
    }

    fn close(&self, stanza: &Stanza) {
        match sessions::close(stanza.session(), "policy-violation", Some(&self.text)) {
            Ok(()) => metrics::count("closed", stanza.domain(), 1),
            Err(Denied::BadArgument) => {} // it is being closed already
            Err(why) => {
                let message = format!("{} cannot be closed: {}", stanza.from(), why.name());
                log::write(log::Level::Warn, &message);
            }
        }
    }
}

castling_plugin::plugin!(Sunshine: lifecycle, client_in);
castling_plugin::manifest!("manifest.json");

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    #[test]
    fn the_manifests_defaults_are_settings() {
        let manifest: Value = serde_json::from_str(include_str!("manifest.json")).unwrap();
        let keys = manifest["config"]["properties"].as_object().unwrap();
        let defaults: Map<_, _> =
            keys.iter().map(|(key, about)| (key.clone(), about["default"].clone())).collect();
        let settings: Sunshine = serde_json::from_value(defaults.into()).unwrap();
        assert_eq!((settings.max, settings.window.ms), (10, 60_000));
        assert_eq!(settings.text, "Too many repeated presences");
        assert_eq!(settings.action, Action::Close);
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    }
}
