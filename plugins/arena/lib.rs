//! Games of chess at an address of the plugin's own: seeks, ratings, clocks, legal moves only.
//!
//! Everything is in the server's store (`store`): whatever is cut off, by a failure, a reload or the server's end, goes on.

mod announce;
mod chat;
mod commands;
mod desk;
mod directory;
mod game;
mod lobby;
mod player;
mod position;
mod presence;
mod rating;
mod store;

use castling_plugin::{
    Incoming, Kind, Lifecycle, PresenceChange, Service, Settings, Stanza, Timers, call, log,
};

use desk::{Desk, Limits};
use game::Refused;
use store::Kept;

struct Arena;

static SETTINGS: Settings<Limits> = Settings::new();

impl Lifecycle for Arena {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)
    }
}

/// What a call does at the desk of its domain.
fn at_desk<R>(domain: u32, of: impl FnOnce(&Desk<'_>) -> R) -> Option<R> {
    SETTINGS.with(domain, |limits| of(&Desk { store: &Kept(domain), limits, now_ms: call::now_ms() }))
}

impl Service for Arena {
    fn received(stanza: &Incoming) {
        at_desk(stanza.domain(), |desk| match stanza.kind() {
            Kind::Message => chat::received(desk, stanza),
            Kind::Presence => presence::received(desk, stanza),
            Kind::Iq if stanza.is_request() => directory::asked(desk, stanza),
            Kind::Iq => {}
        });
    }
}

impl Timers for Arena {
    fn fired(_: &str, domain: u32) {
        match at_desk(domain, |desk| desk.tick()) {
            Some(Ok(events)) => announce::all(&events, domain),
            Some(Err(Refused(why))) => {
                log::write(log::Level::Warn, &format!("clocks were not looked at: {why}"))
            }
            None => {}
        }
    }
}

impl PresenceChange for Arena {
    fn changed(stanza: &Stanza) {
        at_desk(stanza.domain(), |desk| presence::left(desk, stanza.from()));
    }
}

castling_plugin::plugin!(Arena: lifecycle, service, timers, presence_change);
castling_plugin::manifest!("manifest.json");
