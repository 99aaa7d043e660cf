//! What was acknowledged survives the end of the process, whichever way it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc;

use xmpp::{Element, ns};

use crate::fixture::{Server, signal};
use crate::raw::Raw;

const JACK: &str = "jack@chess.example";
const AWAY: &str = "away@chess.example";
const CONFIG: &str = "[[domain]]\nname = \"chess.example\"\nmodules = { offline = { messages = 0 } }\n";
const KILLS: u64 = 20;
/// Roster changes, and as many messages, that are under way at most.
const WINDOW: usize = 12;

/// Comes online and reads all that was stored, to the last message.
pub fn stored_elements(raw: &mut Raw) -> Vec<Element> {
    let jid = raw.jid.clone();
    // what is sent while stored messages are on their way comes behind them
    raw.send(&format!("<presence/><message to='{jid}' type='headline' id='end-of-store'/>"));
    let mut messages = Vec::new();
    loop {
        let element = raw.next();
        if element.get("id") == Some("end-of-store") {
            return messages;
        }
        if element.is("message", ns::CLIENT) {
            messages.push(element);
        }
    }
}

/// The same; what the messages say.
pub fn stored(raw: &mut Raw) -> Vec<String> {
    let body = |message: &Element| message.find("body", ns::CLIENT).unwrap().text_content();
    stored_elements(raw).iter().map(body).collect()
}

#[derive(Default)]
struct Acknowledged {
    contacts: BTreeSet<String>,
    messages: BTreeSet<u64>,
    /// Numbers used so far.
    used: u64,
}

/// A connection that changes the roster and writes to somebody who is away until the server is gone.
struct Writer<'a> {
    raw: Raw,
    all: &'a mut Acknowledged,
    /// Stanzas since stream management is on; the messages among them by number.
    stanzas: Vec<Option<u64>>,
    handled: usize,
    open: BTreeMap<String, String>,
}

impl Writer<'_> {
    /// `acknowledged` is told of each acknowledgement.
    fn run(mut self, acknowledged: &mpsc::Sender<()>) {
        loop {
            while self.open.len() < WINDOW {
                if !self.write() {
                    break;
                }
            }
            let Some(element) = self.raw.try_next() else { return };
            self.read(&element);
            let _ = acknowledged.send(());
        }
    }

    fn write(&mut self) -> bool {
        let number = self.all.used;
        self.all.used += 1;
        let (id, contact) = (format!("r{number}"), format!("c{number}@far.example"));
        let both = format!(
            "<iq type='set' id='{id}'><query xmlns='{}'><item jid='{contact}' name='{number}'/></query></iq>\
             <message to='{AWAY}' type='chat'><body>{number}</body></message><r xmlns='{}'/>",
            ns::ROSTER,
            ns::SM
        );
        self.open.insert(id, contact);
        self.stanzas.extend([None, Some(number)]);
        self.raw.try_send(&both)
    }

    fn read(&mut self, element: &Element) {
        if element.is("a", ns::SM) {
            let h: usize = element.get("h").unwrap().parse().unwrap();
            self.all.messages.extend(self.stanzas[self.handled..h].iter().flatten());
            self.handled = h;
        } else if element.is("iq", ns::CLIENT) {
            assert_eq!(element.get("type"), Some("result"), "{}", element.to_xml(""));
            let contact = self.open.remove(element.get("id").unwrap()).unwrap();
            self.all.contacts.insert(contact);
        } else {
            assert!(element.is("r", ns::SM), "{}", element.to_xml(""));
        }
    }
}

fn roster(raw: &mut Raw) -> BTreeSet<String> {
    raw.send(&format!("<iq type='get' id='roster'><query xmlns='{}'/></iq>", ns::ROSTER));
    let answer = raw.stanza();
    let query = answer.find("query", ns::ROSTER).unwrap();
    query.children().map(|item| item.get("jid").unwrap().to_owned()).collect()
}

#[test]
fn kill_9_twenty_times_and_nothing_acknowledged_is_missing() {
    let mut server = Server::start_with(CONFIG, &[JACK, AWAY]);
    let mut all = Acknowledged::default();
    for round in 0..KILLS {
        let mut raw = Raw::bound(server.address("c2s_plain"), "jack@chess.example/desk");
        raw.manage();
        let (told, acknowledged) = mpsc::channel();
        let (pid, after) = (server.pid(), 1 + RandomState::new().hash_one(round) % 150);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..after {
                    acknowledged.recv().unwrap();
                }
                signal(pid, "KILL");
                acknowledged.iter().for_each(drop);
            });
            let writer =
                Writer { raw, all: &mut all, stanzas: Vec::new(), handled: 0, open: BTreeMap::new() };
            writer.run(&told);
            drop(told);
        });
        server = Server::start_in(server.kill());
    }
    let (contacts, messages) = (all.contacts.len(), all.messages.len());
    assert!(contacts > 100 && messages > 100, "{contacts} contacts, {messages} messages");

    let mut jack = Raw::bound(server.address("c2s_plain"), "jack@chess.example/desk");
    let kept = roster(&mut jack);
    let missing: Vec<_> = all.contacts.difference(&kept).collect();
    assert!(missing.is_empty(), "acknowledged and not in the roster: {missing:?}");

    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    let heard: Vec<u64> = stored(&mut away).iter().map(|body| body.parse().unwrap()).collect();
    let once: BTreeSet<u64> = heard.iter().copied().collect();
    let missing: Vec<_> = all.messages.difference(&once).collect();
    assert!(missing.is_empty(), "acknowledged and not delivered: {missing:?}");
    assert!(heard.is_sorted_by(|a, b| a < b), "in order, and each once: {heard:?}");
}

fn say(from: &mut Raw, to: &str, bodies: &[&str]) {
    for body in bodies {
        from.send(&format!("<message to='{to}' type='chat'><body>{body}</body></message>"));
    }
    from.ping();
}

#[test]
fn stored_messages_that_were_not_acknowledged_survive_kill_9() {
    let server = Server::start_with(CONFIG, &[JACK, AWAY]);
    let mut jack = Raw::bound(server.address("c2s_plain"), "jack@chess.example/desk");
    say(&mut jack, AWAY, &["1", "2", "3"]);
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    away.manage();
    assert_eq!(stored(&mut away), ["1", "2", "3"]);
    let server = Server::start_in(server.kill());
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    away.manage();
    assert_eq!(stored(&mut away), ["1", "2", "3"], "they were not acknowledged");
    away.send(&format!("<a xmlns='{}' h='5'/>", ns::SM));
    away.ping();
}

#[test]
fn sigterm_stores_what_waits_in_mailboxes() {
    let server = Server::start_with(CONFIG, &[JACK, AWAY, "busy@chess.example"]);
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    away.manage();
    away.send("<presence/>");
    away.ping();
    let mut busy = Raw::bound(server.address("c2s_plain"), "busy@chess.example/home");
    busy.manage();
    busy.send("<presence/>");
    busy.ping();
    drop(away);
    let mut jack = Raw::bound(server.address("c2s_plain"), "jack@chess.example/desk");
    say(&mut jack, AWAY, &["1", "2", "3"]);
    say(&mut jack, "away@chess.example/home", &["4"]);
    say(&mut jack, "busy@chess.example", &["5"]);
    let (code, dir) = server.stop();
    assert_eq!(code, Some(0));
    assert_eq!(jack.stream_error(), "system-shutdown");
    assert_eq!(busy.stream_error(), "system-shutdown");

    let server = Server::start_in(dir);
    let mut away = Raw::bound(server.address("c2s_plain"), "away@chess.example/home");
    assert_eq!(stored(&mut away), ["1", "2", "3", "4"]);
    let mut busy = Raw::bound(server.address("c2s_plain"), "busy@chess.example/home");
    assert_eq!(stored(&mut busy), ["5"], "written, and not acknowledged");
}
