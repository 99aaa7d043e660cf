//! What became of stanzas.

use admin::metrics::{Description, Family, Sample};
use kernel::{ByKind, Counters, KINDS};

use super::{by, counter};

const RECEIVED: Description = counter("castling_stanzas_received", "Stanzas from clients and links, by kind");
const DELIVERED: Description =
    counter("castling_stanzas_delivered", "Stanzas put into the mailboxes of an account, by kind");
const BOUNCED: Description = counter("castling_stanzas_bounced", "Stanzas answered with an error, by kind");
const DROPPED: Description = counter(
    "castling_stanzas_dropped",
    "Stanzas dropped without an answer, by kind, by what dropped them (a module, a plugin, or a rule) and where",
);
const STORED: Description = counter("castling_messages_stored", "Messages stored for somebody away");
const UNSTORED: Description =
    counter("castling_messages_unstored", "Messages that could not be stored; their senders were told");

pub fn families(counters: &Counters) -> Vec<Family> {
    let dropped = counters.drops().into_iter().flat_map(|(reason, counts)| {
        KINDS.into_iter().zip(counts).map(move |(kind, count)| {
            let sample = Sample::of(count).label("kind", kind.as_str());
            sample.label("by", &*reason.by).label("stage", reason.stage)
        })
    });
    vec![
        by_kind(RECEIVED, &counters.stanzas),
        by_kind(DELIVERED, &counters.delivered),
        by_kind(BOUNCED, &counters.bounced),
        DROPPED.with(dropped),
        STORED.alone(counters.stored.get()),
        UNSTORED.alone(counters.unstored.get()),
    ]
}

fn by_kind(description: Description, counts: &ByKind) -> Family {
    by(description, "kind", KINDS.map(|kind| kind.as_str()).into_iter().zip(counts.get()))
}
