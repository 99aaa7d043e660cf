//! Privacy lists (XEP-0016): answers clients' requests and pushes changes. The rules themselves are kept, and applied, by the server;
//! block lists (XEP-0191) are a part of them, so a change by either protocol is pushed by both.

mod answer;
mod parse;
mod protocol;
mod rules;
mod write;

use castling_plugin::{IqHandler, Lifecycle, ScreeningEvents, Settings, Stanza, StanzaError, log, sessions};
use serde::Deserialize;

pub use parse::{get, set};
pub use protocol::{Fault, Get, Item, Kinds, List, Set, Subject, Subscription};
pub use write::{list, names, push};

/// The settings of a domain; their defaults are in the manifest.
#[derive(Clone, Copy, Deserialize)]
struct Privacy {
    /// Lists of one account.
    lists: u32,
    /// Items of one list.
    items: u32,
}

static SETTINGS: Settings<Privacy> = Settings::new();

impl Lifecycle for Privacy {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)
    }
}

impl IqHandler for Privacy {
    fn handle(stanza: &Stanza, xml: &str) -> Result<Option<String>, StanzaError> {
        let limits = SETTINGS.with(stanza.domain(), |limits| *limits);
        answer::answer(stanza, xml, limits.unwrap_or(Privacy { lists: 0, items: 0 }))
    }
}

impl ScreeningEvents for Privacy {
    /// Section 2.2, rule 10: all connected resources are told the name of a list that has changed.
    fn changed(_domain: u32, account: &str, name: &str) {
        let connected = match sessions::of_account(account) {
            Ok(connected) => connected,
            Err(denied) => return log::write(log::Level::Warn, &format!("no push: {}", denied.name())),
        };
        let push = push(name);
        for session in connected {
            // One that has ended meanwhile needs none.
            let _ = sessions::push(session.id, &push);
        }
    }
}

castling_plugin::plugin!(Privacy: lifecycle, iq_handler, screening_events);
castling_plugin::manifest!("manifest.json");
