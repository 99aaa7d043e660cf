//! What each thing that users do costs the database, in statements by name (`castling stats`).

use std::collections::BTreeMap;

use xmpp::ns;

use crate::fixture::{BRANDS, Server, until};
use crate::raw::Raw;

const USERS: [&str; 2] = ["jack@chess.example", "mary@chess.example"];

/// Statements that ran, by name, without those of transactions.
fn statements(server: &Server) -> BTreeMap<String, u64> {
    let stats = server.stats();
    let all = stats["statements"].as_array().unwrap().iter();
    let named = all.map(|one| (one["name"].as_str().unwrap().to_owned(), one["calls"].as_u64().unwrap()));
    named.filter(|(name, _)| !name.starts_with("transaction.")).collect()
}

/// What ran meanwhile.
fn cost<T>(server: &Server, what: impl FnOnce() -> T) -> (T, Vec<(String, u64)>) {
    let before = statements(server);
    let done = what();
    let after = statements(server);
    let more = |(name, calls): (String, u64)| {
        let more = calls - before.get(&name).copied().unwrap_or_default();
        (more > 0).then_some((name, more))
    };
    (done, after.into_iter().filter_map(more).collect())
}

fn names(cost: &[(String, u64)]) -> Vec<&str> {
    cost.iter().map(|(name, _)| name.as_str()).collect()
}

fn online(server: &Server, jid: &str) -> Raw {
    let mut raw = Raw::bound(server.address("c2s_plain"), jid);
    raw.send(&format!("<iq type='get' id='roster'><query xmlns='{}'/></iq><presence/>", ns::ROSTER));
    raw.ping();
    raw
}

#[test]
fn a_log_in_reads_at_most_four_times_and_an_opened_stream_not_at_all() {
    let server = Server::start_with(BRANDS, &USERS);
    // The first stream of a domain asks which hashes its accounts have.
    drop(Raw::open(server.address("c2s_plain"), "chess.example"));
    let (streams, opened) = cost(&server, || {
        (0..5).map(|_| Raw::open(server.address("c2s_plain"), "chess.example")).collect::<Vec<_>>()
    });
    drop(streams);
    assert_eq!(opened, []);
    let log_in = |jid| {
        cost(&server, || {
            let raw = online(&server, jid);
            // Read in the background.
            until("the stored messages are read", || statements(&server).contains_key("offline.load"));
            raw
        })
    };
    let (_jack, first) = log_in("jack@chess.example/a");
    assert_eq!(names(&first), ["account.load", "account_key.lookup", "offline.load", "roster.load"]);
    assert!(first.iter().all(|(_, calls)| *calls == 1), "{first:?}");
    // The account is in memory already.
    let (_second, second) = log_in("jack@chess.example/b");
    assert!(second.iter().all(|(_, calls)| *calls == 1), "{second:?}");
    assert!(
        names(&second).iter().all(|name| ["account_key.lookup", "offline.load"].contains(name)),
        "{second:?}"
    );
}

#[test]
fn what_is_said_between_users_who_are_online_costs_nothing() {
    let server = Server::start_with(BRANDS, &USERS);
    let (mut jack, mut mary) =
        (online(&server, "jack@chess.example/a"), online(&server, "mary@chess.example/a"));
    until("the stored messages are read", || {
        statements(&server).get("offline.load").is_some_and(|calls| *calls == 2)
    });
    let ((), nothing) = cost(&server, || {
        for n in 0..50 {
            jack.send(&format!(
                "<message to='mary@chess.example' type='chat'><body>{n}</body></message>\
                 <presence to='mary@chess.example/a'/><presence><status>{n}</status></presence>"
            ));
        }
        jack.ping();
        mary.ping();
    });
    assert_eq!(nothing, []);
}

#[test]
fn a_change_of_two_rosters_is_one_transaction() {
    let server = Server::start_with(BRANDS, &USERS);
    let (mut jack, mut mary) =
        (online(&server, "jack@chess.example/a"), online(&server, "mary@chess.example/a"));
    jack.send("<presence to='mary@chess.example' type='subscribe'/>");
    jack.ping();
    mary.ping();
    until("the request is written", || {
        statements(&server).get("roster_item.put").is_some_and(|calls| *calls == 2)
    });
    let batches = || server.stats()["storage"]["batches"].as_u64().unwrap();
    let before = batches();
    let ((), changed) = cost(&server, || {
        mary.send("<presence to='jack@chess.example' type='subscribed'/>");
        mary.ping();
        jack.ping();
    });
    assert_eq!(changed, [("roster.version".to_owned(), 2), ("roster_item.put".to_owned(), 2)]);
    assert_eq!(batches() - before, 1, "both sides are written in one transaction");
    let before = batches();
    jack.send(
        "<iq type='set' id='gone'><query xmlns='jabber:iq:roster'>\
         <item jid='mary@chess.example' subscription='remove'/></query></iq>",
    );
    jack.ping();
    mary.ping();
    assert_eq!(batches() - before, 1, "the removal as well");
}
