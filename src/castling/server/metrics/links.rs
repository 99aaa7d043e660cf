//! Streams to other servers, and components.

use admin::metrics::{Description, Family, Sample};
use stream::component::ComponentFigures;
use stream::s2s::{S2sStream, StreamState};

use super::gauge;

const STREAMS: Description = gauge(
    "castling_s2s_pairs",
    "Pairs of a domain here and one elsewhere, by direction, and by whether a stream is open, being opened or has failed",
);
const WAITING: Description = gauge("castling_s2s_waiting", "Stanzas that wait for other servers");
const CONNECTIONS: Description =
    gauge("castling_component_connections", "Connections of each external component");
const QUEUED: Description =
    gauge("castling_component_waiting", "Stanzas that wait for each external component");

const DIRECTIONS: [&str; 2] = ["in", "out"];
const STATES: [(StreamState, &str); 3] =
    [(StreamState::Open, "open"), (StreamState::Opening, "opening"), (StreamState::Failed, "failed")];

pub fn families(streams: &[S2sStream], components: &[ComponentFigures]) -> Vec<Family> {
    let counted = DIRECTIONS.into_iter().flat_map(|direction| {
        STATES.map(|(state, word)| {
            let is_it = |one: &&S2sStream| one.direction == direction && one.state == state;
            let count = streams.iter().filter(is_it).count();
            Sample::of(count as u64).label("direction", direction).label("state", word)
        })
    });
    let waiting: usize = streams.iter().map(|one| one.waiting).sum();
    let of = |value: fn(&ComponentFigures) -> usize| {
        components.iter().map(move |one| Sample::of(value(one) as u64).label("component", &one.name))
    };
    vec![
        STREAMS.with(counted),
        WAITING.with([Sample::of(waiting as u64)]),
        CONNECTIONS.with(of(|one| one.connections)),
        QUEUED.with(of(|one| one.stanzas)),
    ]
}
