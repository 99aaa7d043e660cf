//! Plugins that may wait: events, a gate, timers and an ad-hoc command, over the wire.

use xmpp::{Element, ns};

use crate::fixture::{Server, add_users, folder, plugin};
use crate::raw::Raw;
use crate::stream::bound;

const JACK: &str = "jack@chess.example";
const WATCHER: &str = "watcher@chess.example";
const COMMANDS: &str = "http://jabber.org/protocol/commands";
const NODE: &str = "urn:example:keeper#count";

fn start() -> Server {
    let dir = folder(&format!(
        "[plugins.keeper]\nfile = {:?}\ngrants = [\"accounts\", \"ask\", \"kv\", \"routing\", \"sql\"]\n\
         [[domain]]\nname = \"chess.example\"\nplugins = [\"keeper\"]\n[[domain]]\nname = \"wuchess.example\"\n",
        plugin("keeper"),
    ));
    add_users(dir.path(), &[JACK, WATCHER, "jack@wuchess.example"]);
    Server::start_in(dir)
}

fn next(raw: &mut Raw, name: &str) -> Element {
    std::iter::repeat_with(|| raw.stanza()).find(|one| one.name() == name).unwrap()
}

/// What the watcher is told of a session, without its number.
fn told(watcher: &mut Raw, jid: &str) -> String {
    loop {
        let body = next(watcher, "message").find("body", ns::CLIENT).unwrap().text_content();
        if let Some(rest) = body.strip_prefix(jid) {
            return rest.split_whitespace().next().unwrap().to_owned();
        }
    }
}

#[test]
fn sessions_and_their_presence_are_told_in_order() {
    let server = start();
    let mut watcher = bound(&server, &format!("{WATCHER}/x"));
    // The last one leaves without a word: the server says for it that it is unavailable.
    for (resource, takes_leave) in [("a", true), ("b", true), ("c", false)] {
        let jid = format!("{JACK}/{resource}");
        let mut jack = bound(&server, &jid);
        jack.send("<presence/>");
        jack.ping();
        if takes_leave {
            jack.send("<presence type='unavailable'/>");
            // Its own, too, which comes when all others have been told.
            std::iter::repeat_with(|| jack.stanza())
                .find(|one| one.get("type") == Some("unavailable"))
                .unwrap();
        }
        jack.send("</stream:stream>");
        jack.ended();
        let all: Vec<_> = (0..4).map(|_| told(&mut watcher, &jid)).collect();
        assert_eq!(all, ["opened", "presence", "presence", "closed"], "{resource}");
    }
}

#[test]
fn a_client_that_the_gate_refuses_may_try_again() {
    let server = start();
    let mut raw = Raw::log_in(server.address("c2s_plain"), JACK);
    assert_eq!(raw.bind("refused"), Err("not-allowed".to_owned()));
    assert_eq!(raw.bind("trap"), Err("resource-constraint".to_owned()), "it has failed");
    assert_eq!(raw.bind("fine"), Ok(()));
    // Another brand does not have the plugin.
    let mut other = Raw::log_in(server.address("c2s_plain"), "jack@wuchess.example");
    assert_eq!(other.bind("refused"), Ok(()));
}

/// The plugin is not called for her requests any more, but it is for her log-in.
#[test]
fn who_makes_requests_fail_logs_in_all_the_same() {
    let server = start();
    let mut jack = bound(&server, &format!("{JACK}/a"));
    let mut asked = |word: &str| {
        jack.send(&format!(
            "<iq type='get' id='k' to='chess.example'><do xmlns='urn:example:keeper'>{word}</do></iq>"
        ));
        let answer = std::iter::repeat_with(|| jack.stanza()).find(|one| one.get("id") == Some("k")).unwrap();
        answer.find("error", ns::CLIENT).map(|error| error.children().next().unwrap().name().to_owned())
    };
    assert_eq!(asked("panic").as_deref(), Some("internal-server-error"));
    assert_eq!(asked("panic").as_deref(), Some("internal-server-error"));
    assert_eq!(asked("echo x").as_deref(), Some("service-unavailable"), "it fails for him");
    let mut again = Raw::log_in(server.address("c2s_plain"), JACK);
    assert_eq!(again.bind("refused"), Err("not-allowed".to_owned()), "the gate is asked");
    assert_eq!(again.bind("fine"), Ok(()));
}

/// More than can be told at once, and than could wait for ten seconds.
#[test]
fn a_burst_of_sessions_is_told_to_the_last() {
    let server = start();
    let mut watcher = bound(&server, &format!("{WATCHER}/x"));
    let mut jack = bound(&server, &format!("{JACK}/a"));
    jack.send(&"<presence/><presence type='unavailable'/>".repeat(90));
    jack.ping();
    jack.send("</stream:stream>");
    let all: Vec<_> = (0..182).map(|_| told(&mut watcher, &format!("{JACK}/a"))).collect();
    assert_eq!((&*all[0], &*all[181]), ("opened", "closed"));
    assert!(all[1..181].iter().all(|one| one == "presence"));
}

fn command(raw: &mut Raw, attributes: &str, content: &str) -> Element {
    raw.send(&format!(
        "<iq type='set' id='c' to='chess.example'><command xmlns='{COMMANDS}' node='{NODE}' {attributes}>{content}</command></iq>"
    ));
    std::iter::repeat_with(|| raw.stanza()).find(|one| one.get("id") == Some("c")).unwrap()
}

fn submit(add: &str) -> String {
    format!("<x xmlns='jabber:x:data' type='submit'><field var='add'><value>{add}</value></field></x>")
}

#[test]
fn a_command_counts_once_for_each_time_it_is_asked_to() {
    let server = start();
    let mut raws = [bound(&server, &format!("{JACK}/a")), bound(&server, &format!("{WATCHER}/b"))];
    let ids: Vec<String> = raws
        .iter_mut()
        .map(|raw| {
            let form = command(raw, "action='execute'", "");
            let form = form.find("command", COMMANDS).unwrap();
            assert_eq!(form.get("status"), Some("executing"));
            assert!(form.to_xml("").contains("How much?"));
            form.get("sessionid").unwrap().to_owned()
        })
        .collect();
    let wrong = command(&mut raws[1], &format!("sessionid='{}'", ids[0]), &submit("1"));
    assert_eq!(wrong.get("type"), Some("error"), "another user's");
    for (raw, id) in raws.iter_mut().zip(&ids) {
        raw.send(&format!(
            "<iq type='set' id='c' to='chess.example'><command xmlns='{COMMANDS}' node='{NODE}' sessionid='{id}'>{}</command></iq>",
            submit("25")
        ));
    }
    for raw in &mut raws {
        let done = std::iter::repeat_with(|| raw.stanza()).find(|one| one.get("id") == Some("c")).unwrap();
        assert!(done.to_xml("").contains("status='completed'"), "{}", done.to_xml(""));
    }
    let form = command(&mut raws[0], "", "");
    let id = form.find("command", COMMANDS).unwrap().get("sessionid").unwrap().to_owned();
    let last = command(&mut raws[0], &format!("sessionid='{id}'"), &submit("1"));
    assert!(last.to_xml("").contains("it is 51 now"), "{}", last.to_xml(""));
    let form = command(&mut raws[0], "", "");
    let id = form.find("command", COMMANDS).unwrap().get("sessionid").unwrap().to_owned();
    let bad = command(&mut raws[0], &format!("sessionid='{id}'"), &submit("many"));
    assert!(bad.to_xml("").contains("bad-request"), "{}", bad.to_xml(""));
    // What it has stored outlives the server.
    let (_, dir) = server.stop();
    let server = Server::start_in(dir);
    let mut jack = bound(&server, &format!("{JACK}/a"));
    let form = command(&mut jack, "", "");
    let id = form.find("command", COMMANDS).unwrap().get("sessionid").unwrap().to_owned();
    let last = command(&mut jack, &format!("sessionid='{id}'"), &submit("1"));
    assert!(last.to_xml("").contains("it is 52 now"), "{}", last.to_xml(""));
}
