//! The keys of a `[[component]]`.

use settings::{Group, Key, Kind, Section};
use stream::component::ComponentLimits;

use super::keys_of::{empty, filled};
use super::names;

/// One `[[component]]`.
pub fn component() -> Section {
    let name = "Its address: a name below a domain, or any other. All addresses at it are the component's.";
    let secret = "What the component proves to know. Either this or `secret_file`.";
    let secret_file = "A file that contains the secret; its mode should be 0600.";
    let domains = "The domains whose users may reach it and that it may reach; empty: all. The first is its home: that domain's \
                   plugins see what it exchanges with other servers, and its certificate and `s2s` policy hold for that.";
    let away = "What happens to stanzas while it is not connected: `\"bounce\"` returns an error to their senders, `\"queue\"` \
                keeps them for it, within its limits.";
    let of_domain = Kind::text(names::domain).like("chess.example");
    let limits = Section::new("limit", ComponentLimits::keys());
    let keys = vec![
        Key::new("name", Kind::text(names::domain).like("bot.chess.example"), name).required(),
        Key::new("secret", filled("SECRET"), secret),
        Key::new("secret_file", filled("FILE"), secret_file),
        Key::new("domains", Kind::list(of_domain), domains).default(Vec::<String>::new()),
        Key::new("away", Kind::choice(&["bounce", "queue"]), away).default("bounce"),
        Key::new("limits", Kind::section(limits), "What waits for it, and what it may send. See below.")
            .default(empty()),
    ];
    Section::new("key", keys)
}
