//! Foreign databases.

use admin::metrics::{Description, Family, Sample};
use storage::Counted;
use storage::source::{BreakerState, SourceStat};

use super::{counter, distribution, gauge, histogram, seconds};

const STATE: Description = gauge(
    "castling_datasource_breaker",
    "1 for the state that the breaker of a data source is in: closed (it works), half-open (it is tried) or open (it is left alone)",
);
const CONNECTIONS: Description =
    gauge("castling_datasource_connections", "Connections to each data source, busy or idle");
const WAITING: Description = gauge("castling_datasource_waiting", "Calls that wait for a connection");
const CONNECTED: Description =
    counter("castling_datasource_connected", "Connections that were made to each data source");
const FAILED: Description =
    counter("castling_datasource_connect_failures", "Connections that could not be made");
const REFUSED: Description =
    counter("castling_datasource_refused", "Calls refused at once since the breaker was open");
const OVERLOADED: Description =
    counter("castling_datasource_overloaded", "Calls that found no connection in time");
const TIME: Description = seconds(histogram(
    "castling_datasource_statement",
    "Time of each call of a data source's named statement",
));
const ERRORS: Description =
    counter("castling_datasource_statement_errors", "Calls of each of these statements that failed");
const ROWS: Description = counter(
    "castling_datasource_statement_rows",
    "Rows that each of these statements has returned or changed",
);

pub fn families(sources: &[SourceStat]) -> Vec<Family> {
    let each = |value: fn(&SourceStat) -> Sample| sources.iter().map(move |one| of(value(one), one));
    let states = sources.iter().flat_map(|source| {
        BreakerState::ALL.map(|state| {
            of(Sample::of(u64::from(state == source.breaker)), source).label("state", state.word())
        })
    });
    let connections = sources.iter().flat_map(|source| {
        let states = [("busy", source.busy), ("idle", source.idle)];
        states.map(|(state, count)| of(Sample::of(count), source).label("state", state))
    });
    let statements = |value: fn(&Counted<String>) -> Sample| {
        sources.iter().flat_map(move |source| {
            let one = move |statement: &Counted<String>| {
                of(value(statement), source).label("statement", &statement.name)
            };
            source.statements.iter().map(one)
        })
    };
    vec![
        STATE.with(states),
        CONNECTIONS.with(connections),
        WAITING.with(each(|one| Sample::of(one.waiting))),
        CONNECTED.with(each(|one| Sample::of(one.connected))),
        FAILED.with(each(|one| Sample::of(one.connect_failures))),
        REFUSED.with(each(|one| Sample::of(one.refused))),
        OVERLOADED.with(each(|one| Sample::of(one.overloaded))),
        TIME.with(statements(|one| Sample::of(distribution(&one.times, 1e6)))),
        ERRORS.with(statements(|one| Sample::of(one.failures))),
        ROWS.with(statements(|one| Sample::of(one.rows))),
    ]
}

fn of(sample: Sample, source: &SourceStat) -> Sample {
    sample.label("datasource", &source.name)
}
