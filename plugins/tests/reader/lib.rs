//! For benchmarks: looks at a part of each message, lets it pass unless it is for `nobody@…`, or says `nothing`.

use castling_plugin::{ClientIn, Lifecycle, Settings, Stanza, Verdict, call};
use serde::Deserialize;

/// The settings.
#[derive(Deserialize)]
struct Reader {
    reads: Part,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Part {
    Envelope,
    Payload,
}

static SETTINGS: Settings<Reader> = Settings::new();

impl Lifecycle for Reader {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)
    }
}

impl ClientIn for Reader {
    fn filter(stanza: &Stanza) -> Verdict {
        let part = SETTINGS.with(stanza.domain(), |settings| settings.reads).unwrap_or(Part::Envelope);
        let says_nothing = || call::child_text("body", "jabber:client").as_deref() == Some("nothing");
        match stanza.to().starts_with("nobody@") || (part == Part::Payload && says_nothing()) {
            true => Verdict::Drop,
            false => Verdict::Pass,
        }
    }
}

castling_plugin::plugin!(Reader: lifecycle, client_in);
castling_plugin::manifest!("manifest.json");
