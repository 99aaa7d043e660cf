//! What only shows after a long time. `cargo xtask soak` runs these on the release build, for as long as it is told.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use xmpp::ns;

use crate::fixture::{Server, until};
use crate::scenario::client::{Client, Read1};
use crate::scenario::parse::Profile;
use crate::scenario::transport::{Transport, Way};

/// Accounts, each of which logs in over and over.
const ACCOUNTS: usize = 12;

/// What the server may grow by for every thousand sessions that came and went, and once, in kB.
const GROWTH: u64 = 100;
const SLACK: u64 = 4096;

const CONFIG: &str = "[limits]\nbosh_inactivity = 5\n[[domain]]\nname = \"chess.example\"\n";

fn seconds() -> u64 {
    let seconds = std::env::var("CASTLING_SOAK_SECONDS").ok();
    seconds.map_or(30, |seconds| seconds.parse().expect("CASTLING_SOAK_SECONDS is a number of seconds"))
}

/// Resident memory in kB.
fn resident(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// One session: it hears of itself, and ends in one way or another.
fn session(way: Way, jid: &str, round: usize) {
    let profile = Profile { jid: jid.to_owned(), password: "secret".to_owned(), exists: true };
    let mut client = Client::connect(way, &profile).unwrap();
    client.write(&format!("<presence xmlns='{}'/>", ns::CLIENT)).unwrap();
    client.write(&format!("<message xmlns='{}' to='{jid}' id='{round}'/>", ns::CLIENT)).unwrap();
    loop {
        match client.read().unwrap() {
            Read1::Element(element) if element.is("message", ns::CLIENT) => break,
            Read1::Element(_) => {}
            Read1::End => panic!("the stream of {jid} has ended"),
        }
    }
    match round % 2 {
        0 => client.close().unwrap(),
        _ => client.cut(),
    }
}

#[test]
#[ignore = "takes minutes: cargo xtask soak"]
fn soak_sessions_come_and_go_over_all_transports() {
    let users: Vec<String> = (0..ACCOUNTS).map(|number| format!("user{number}@chess.example")).collect();
    let server = Server::start_with(CONFIG, &users.iter().map(String::as_str).collect::<Vec<_>>());
    let ways = Transport::ALL.map(|transport| transport.to(&server));
    let (over, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let (before, at) = thread::scope(|scope| {
        for (number, user) in users.iter().enumerate() {
            let (over, count) = (&over, &count);
            scope.spawn(move || {
                for round in (0..).take_while(|_| !over.load(Relaxed)) {
                    session(ways[(number + round / 2) % 3], &format!("{user}/{round}"), round);
                    count.fetch_add(1, Relaxed);
                }
            });
        }
        // Caches and pools fill in the first third.
        thread::sleep(Duration::from_secs(seconds() / 3));
        let mark = (resident(&server), count.load(Relaxed));
        thread::sleep(Duration::from_secs(seconds() - seconds() / 3));
        over.store(true, Relaxed);
        mark
    });
    until("every session ends", || server.stats()["sessions"] == 0);
    let (after, sessions) = (resident(&server), count.load(Relaxed) - at);
    let allowed = SLACK + GROWTH * sessions / 1000;
    eprintln!("{sessions} sessions came and went: {before} kB, then {after} kB");
    assert!(sessions > 100, "too few to say anything");
    assert!(after <= before + allowed, "it has grown from {before} to {after} kB in {sessions} sessions");
    assert_eq!(server.stats()["panics"], 0);
}
