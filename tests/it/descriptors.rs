//! The process has no file descriptor left: it goes on with the connections that it has.

use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use xmpp::ns;

use crate::fixture::{Server, until};
use crate::kill::stored;
use crate::raw::Raw;
use crate::stream::bound;

const CONFIG: &str = "[[domain]]\nname = \"chess.example\"\n";
const USERS: [&str; 4] =
    ["anna@chess.example", "carol@chess.example", "jack@chess.example", "away@chess.example"];

/// Connections beyond the limit.
const WAITING: usize = 20;

/// For how long the server is watched while it cannot accept, and how much of one processor it may take meanwhile: in
/// hundredths of a second.
const WATCHED: Duration = Duration::from_secs(3);
const CPU: u64 = 60;

fn open_descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

fn limit(pid: u32, descriptors: &str) {
    let limit = format!("--nofile={descriptors}:");
    assert!(Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status().unwrap().success());
}

/// What the process has used of its processors so far, in hundredths of a second (proc(5), `utime` and `stime`).
fn cpu(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum()
}

/// Reads and writes the database, several requests at a time, and a message that is stored.
fn use_database(raw: &mut Raw) {
    let private = "<one xmlns='urn:example:one'>1</one>";
    for round in 0..20 {
        raw.send(&format!(
            "<iq type='set' id='s{round}'><query xmlns='{0}'>{private}</query></iq>\
             <iq type='get' id='g{round}'><query xmlns='{0}'>{private}</query></iq>\
             <iq type='get' id='v{round}' to='jack@chess.example'><vCard xmlns='{1}'/></iq>",
            ns::PRIVATE,
            ns::VCARD
        ));
    }
    for _ in 0..60 {
        let answer = raw.stanza();
        let unknown = answer.get("id").unwrap().starts_with('v');
        let expected = if unknown { "error" } else { "result" };
        assert_eq!(answer.get("type"), Some(expected), "{}", answer.to_xml(""));
        let temporary =
            answer.find("error", ns::CLIENT).is_some_and(|error| error.get("type") == Some("wait"));
        assert!(!temporary, "{}", answer.to_xml(""));
    }
    raw.send("<message to='away@chess.example' type='chat' id='1'><body>kept</body></message>");
    assert_eq!(raw.ping(), []);
}

/// What sessions do that are there already, all at a time.
fn goes_on(sessions: &mut [Raw; 3]) {
    thread::scope(|scope| {
        for raw in sessions.iter_mut() {
            scope.spawn(|| use_database(raw));
        }
    });
    let to = sessions[0].jid.clone();
    sessions[1].send(&format!("<message to='{to}' type='chat' id='m'><body>online</body></message>"));
    assert_eq!(sessions[0].stanza().get("id"), Some("m"));
}

#[test]
fn without_descriptors_sessions_go_on_and_new_connections_wait() {
    let server = Server::start_with(CONFIG, &USERS);
    let (pid, address) = (server.pid(), server.address("c2s_plain"));
    let mut sessions =
        ["anna", "carol", "jack"].map(|name| bound(&server, &format!("{name}@chess.example/a")));
    // On a database server, connections are made when they are needed.
    goes_on(&mut sessions);
    let room = 4;
    limit(pid, &(open_descriptors(pid) + room).to_string());
    let waiting: Vec<_> = (0..room + WAITING).map(|_| TcpStream::connect(address).unwrap()).collect();
    until("accepting fails", || {
        sessions[0].ping();
        server.log().contains("cannot accept connections")
    });
    goes_on(&mut sessions);

    let before = cpu(pid);
    thread::sleep(WATCHED);
    let used = cpu(pid) - before;
    eprintln!("{used} hundredths of a second in {WATCHED:?}");
    assert!(used < CPU, "it is busy with accepting: {used} hundredths of a second in {WATCHED:?}");
    // Some go, others come instead: that is no reason for another line.
    drop(waiting);
    let mut away = bound(&server, "away@chess.example/a");
    assert_eq!(stored(&mut away), ["kept"; 6]);
    let again: Vec<_> = (0..WAITING).map(|_| TcpStream::connect(address).unwrap()).collect();
    goes_on(&mut sessions);
    drop(again);
    limit(pid, "20000");
    sessions.iter_mut().for_each(|raw| assert_eq!(raw.ping(), []));
    let log = server.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    assert!(lines.len() == 1 && lines[0].contains("cannot accept connections"), "{lines:#?}");
    assert_eq!(server.stats()["panics"], 0);
}
