//! Connections, log-ins, sessions and their mailboxes.

use admin::metrics::{Description, Family, Sample};
use kernel::SessionFigures;
use net::traffic::{self, Traffic};

use super::super::Server;
use super::{by, bytes, counter, gauge};

const CONNECTIONS: Description = gauge("castling_connections", "Open connections of clients");
const REFUSED: Description = counter("castling_connections_refused", "Connections beyond a limit");
const RECEIVED: Description =
    bytes(counter("castling_received", "Bytes of streams from clients, inside TLS"));
const SENT: Description = bytes(counter("castling_sent", "Bytes of streams to clients, inside TLS"));
const LOG_INS: Description = counter(
    "castling_log_ins",
    "Attempts to log in, by SASL mechanism and result: success, or the error condition",
);
const SESSIONS: Description = gauge(
    "castling_sessions",
    "Sessions by domain and transport, attached or waiting to be resumed (detached)",
);
const RESUMED: Description = counter("castling_sessions_resumed", "Sessions that were resumed (XEP-0198)");
const REFUSED_BINDS: Description =
    counter("castling_sessions_refused", "Sessions that a module or plugin did not let in after the log-in");
const SLOW: Description =
    counter("castling_slow_readers", "Sessions closed since their clients read too slowly");
const STANZAS: Description = gauge(
    "castling_mailbox_stanzas",
    "Stanzas that sessions have not sent, or whose arrival was not confirmed",
);
const UNACKNOWLEDGED: Description =
    gauge("castling_mailbox_unacknowledged_stanzas", "Those of them that were sent and wait to be confirmed");
const BYTES: Description = bytes(gauge("castling_mailbox", "Bytes of the stanzas in all mailboxes"));
const LARGEST: Description =
    bytes(gauge("castling_mailbox_largest", "Bytes of the stanzas in the fullest mailbox"));

pub fn families(server: &Server, figures: &SessionFigures) -> Vec<Family> {
    let connections = server.c2s.get().map(|c2s| c2s.connections());
    let counters = server.kernel.counters();
    let mailboxes = figures.mailboxes;
    let log_ins = counters.log_ins.list().into_iter();
    let log_ins = log_ins
        .map(|one| Sample::of(one.count).label("mechanism", one.mechanism).label("result", one.result));
    let sessions = figures.sessions.iter().map(|((domain, transport, state), count)| {
        Sample::of(*count).label("domain", domain).label("transport", *transport).label("state", *state)
    });
    vec![
        CONNECTIONS.with(connections.map(|all| Sample::of(all.open()))),
        REFUSED.with(connections.map(|all| Sample::of(all.refused()))),
        by(RECEIVED, "transport", traffic(|of| of.received.get())),
        by(SENT, "transport", traffic(|of| of.sent.get())),
        LOG_INS.with(log_ins),
        SESSIONS.with(sessions),
        RESUMED.alone(counters.resumed.get()),
        REFUSED_BINDS.alone(counters.refused_binds.get()),
        SLOW.alone(counters.slow_readers.get()),
        STANZAS.alone(mailboxes.stanzas),
        UNACKNOWLEDGED.alone(mailboxes.unacknowledged),
        BYTES.alone(mailboxes.bytes),
        LARGEST.alone(mailboxes.largest_bytes),
    ]
}

fn traffic(of: impl Fn(&Traffic) -> u64) -> [(&'static str, u64); 3] {
    use kernel::Transport::{Bosh, Tcp, WebSocket};
    let all = [(Tcp, &traffic::TCP), (WebSocket, &traffic::WEBSOCKET), (Bosh, &traffic::BOSH)];
    all.map(|(transport, traffic)| (transport.name(), of(traffic)))
}
