//! Greets each user who logs in with a message from the domain.

use castling_plugin::{Lifecycle, SessionEvents, Settings, config, log, routing, xml};
use serde::Deserialize;

/// The settings of a domain; their defaults are in the manifest.
#[derive(Deserialize)]
struct Greeter {
    /// The message; `{user}` is the user's name.
    text: String,
}

static SETTINGS: Settings<Greeter> = Settings::new();

impl Lifecycle for Greeter {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)
    }
}

impl SessionEvents for Greeter {
    fn opened(_session: u64, jid: &str, domain: u32) {
        let user = jid.split('@').next().unwrap_or_default();
        let Some(text) = SETTINGS.with(domain, |greeter| greeter.text.replace("{user}", user)) else {
            return;
        };
        let (from, to, text) =
            (xml::escape(&config::domain_name(domain)), xml::escape(jid), xml::escape(&text));
        let message =
            format!("<message from='{from}' to='{to}' type='headline'><body>{text}</body></message>");
        if let Err(denied) = routing::send(&message) {
            log::write(log::Level::Warn, &format!("a greeting was not sent: {}", denied.name()));
        }
    }
}

castling_plugin::plugin!(Greeter: lifecycle, session_events);
castling_plugin::manifest!("manifest.json");
