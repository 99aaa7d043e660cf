//! The wall: plugins that do what they should not, and stanzas that trip good ones. Whatever they do, traffic that is not theirs goes on
//! as if they were not there, nothing is lost, nobody is cut off, and the log says so in few lines.

use serde_json::{Value, json};
use xmpp::{Element, ns};

use crate::fixture::{Server, add_users, folder, plugin};
use crate::raw::Raw;
use crate::stream::bound;

const EVIL: &str = "evil@wuchess.example";
const GOOD: &str = "good@wuchess.example";
const JACK: &str = "jack@chess.example";
const ANNA: &str = "anna@chess.example";

/// The plugin is enabled on one brand; the other one has nothing to do with it.
fn server(does: &str, more: &str) -> Server {
    let config = format!(
        "[plugins.hostile]\nfile = {:?}\nconfig = {{ does = \"{does}\" }}\n\
         grants = [\"content\", \"replace\", \"sessions.close\"]\n{more}\n\
         [[domain]]\nname = \"chess.example\"\n[[domain]]\nname = \"wuchess.example\"\nplugins = [\"hostile\"]\n",
        plugin("hostile"),
    );
    let dir = folder(&config);
    add_users(dir.path(), &[EVIL, GOOD, JACK, ANNA]);
    Server::start_in(dir)
}

fn online(server: &Server, account: &str) -> Raw {
    let mut raw = bound(server, &format!("{account}/here"));
    raw.send("<presence/>");
    raw.ping();
    raw
}

fn message(to: &str, id: usize, harm: bool) -> String {
    let harm = if harm { "<harm xmlns='urn:example:harm'/>" } else { "" };
    format!("<message to='{to}' type='chat' id='{id}'><body>{id}</body>{harm}</message>")
}

/// The next messages that a client gets, by id, and whether each is an error.
fn messages(raw: &mut Raw, count: usize) -> Vec<(usize, Option<String>)> {
    let message = |raw: &mut Raw| loop {
        let element = raw.stanza();
        if element.name() == "message" {
            return element;
        }
    };
    let shown = |element: Element| {
        let error = element.find("error", ns::CLIENT).and_then(|error| error.children().next().cloned());
        (element.get("id").unwrap().parse().unwrap(), error.map(|error| error.name().to_owned()))
    };
    (0..count).map(|_| shown(message(raw))).collect()
}

fn all(range: std::ops::Range<usize>) -> Vec<(usize, Option<String>)> {
    range.map(|id| (id, None)).collect()
}

fn hostile(server: &Server) -> Value {
    serde_json::from_str(&server.ok(&["plugin", "show", "hostile", "--json"])).unwrap()
}

/// The failures on the brand that has the plugin.
fn failures(server: &Server) -> Value {
    hostile(server)["stats"]["hooks"][0]["failures"].clone()
}

/// Messages that do harm, by one user of a brand, among others by another one, and talk on the other brand. All arrive, in order.
fn talk(server: &Server, harmful: usize) {
    let (mut evil, mut good) = (online(server, EVIL), online(server, GOOD));
    let (mut jack, mut anna) = (online(server, JACK), online(server, ANNA));
    for id in 0..harmful {
        evil.send(&message(GOOD, id, true));
        jack.send(&message(ANNA, id, false));
        anna.send(&message(JACK, id, false));
    }
    assert_eq!(messages(&mut anna, harmful), all(0..harmful));
    assert_eq!(messages(&mut jack, harmful), all(0..harmful));
    assert_eq!(messages(&mut good, harmful), all(0..harmful));
    good.send(&message(EVIL, 1000, false));
    assert_eq!(messages(&mut evil, 1), all(1000..1001));
    for raw in [&mut evil, &mut good, &mut jack, &mut anna] {
        assert!(raw.ping().is_empty(), "nobody is cut off, and nothing comes twice");
    }
}

/// Several users trip it at the same moment, again and again: everybody goes on.
#[test]
fn several_users_trip_it_at_once() {
    let users: Vec<String> = (0..4).map(|user| format!("u{user}@wuchess.example")).collect();
    let server = server("trap", "");
    add_users(server.dir.path(), &users.iter().map(String::as_str).collect::<Vec<_>>());
    let mut raws: Vec<_> = users.iter().map(|user| online(&server, user)).collect();
    for id in 0..10 {
        server.ok(&["plugin", "reload", "hostile"]);
        let at_once = format!("{}{}", message(GOOD, id, true), message(JACK, id, true));
        raws.iter_mut().for_each(|raw| raw.send(&at_once));
        raws.iter_mut().for_each(|raw| drop(raw.ping()));
    }
    let (mut jack, mut anna) = (online(&server, JACK), online(&server, ANNA));
    jack.send(&message(ANNA, 1000, false));
    while messages(&mut anna, 1) != all(1000..1001) {}
}

/// The lines of the log about the plugin, without its own.
fn lines(server: &Server) -> Vec<String> {
    let own = |line: &&str| line.contains("plugin: ");
    server.log().lines().filter(|line| line.contains("hostile") && !own(line)).map(str::to_owned).collect()
}

#[test]
fn one_that_fails_lets_everything_pass_and_is_not_called_for_the_sender_any_more() {
    for (does, reason, once) in [
        ("loop", "deadline", 1),
        ("bomb", "memory", 1),
        ("recursion", "trap", 2),
        ("trap", "trap", 2),
        ("huge", "verdict", 2),
        ("large", "verdict", 2),
        ("forged", "verdict", 2),
    ] {
        let server = server(does, "");
        talk(&server, 30);
        assert_eq!(failures(&server), json!({ reason: once, "blamed": 30 - once }), "{does}");
        let shown = hostile(&server);
        let last = &shown["stats"]["last_failure"];
        assert_eq!((&last["kind"], &last["domain"]), (&json!(reason), &json!("wuchess.example")), "{does}");
        assert_eq!(last["stanza"], (once - 1).to_string(), "{does}");
        if does == "recursion" {
            assert!(
                last["backtrace"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|one| one.as_str().unwrap().contains("deeper"))
            );
        }
        let lines = lines(&server);
        assert_eq!(lines.len(), once + 1, "each failure, and that it is not called: {lines:#?}");
    }
}

#[test]
fn a_guard_that_fails_refuses_what_it_guards_and_nothing_else() {
    let server = server("trap", "policy = { client-in = \"reject\" }");
    let (mut evil, mut jack, mut anna) =
        (online(&server, EVIL), online(&server, JACK), online(&server, ANNA));
    for id in 0..30 {
        evil.send(&message(GOOD, id, true));
        jack.send(&message(ANNA, id, false));
    }
    let refused: Vec<_> = (0..30).map(|id| (id, Some("internal-server-error".to_owned()))).collect();
    assert_eq!(messages(&mut evil, 30), refused);
    assert_eq!(messages(&mut anna, 30), all(0..30));
    let mut good = online(&server, GOOD);
    evil.send(&message(GOOD, 31, false));
    assert_eq!(messages(&mut good, 1), all(31..32), "what it is not there for passes");
}

#[test]
fn one_that_is_slow_by_a_hair_makes_only_those_wait_who_use_it() {
    let server = server("slow", "[limits]\nplugin_cpu_percent = 5");
    talk(&server, 60);
    let stats = &hostile(&server)["stats"];
    assert!(stats["domains"][0]["rested"].as_u64().unwrap() > 0, "its session was read no further: {stats}");
}

#[test]
fn what_it_keeps_and_what_it_logs_is_bounded() {
    let server = server("state", "[limits]\nplugin_state_bytes = 65536");
    talk(&server, 20);
    let stats = &hostile(&server)["stats"];
    assert!(stats["domains"][0]["state_bytes"].as_u64().unwrap() <= 65_536, "{stats}");
    let denied = &stats["domains"][0]["denied"];
    assert!(denied["rates"].as_u64().unwrap() > 0, "{stats}");
    assert!(denied.get("call").is_none(), "the slot found room first: {stats}");
    let server = self::server("log", "");
    talk(&server, 20);
    let lines = server.log().lines().filter(|line| line.contains("hostile")).count();
    assert!((10..200).contains(&lines), "{lines}");
}

#[test]
fn it_closes_sessions_only_where_it_is_enabled() {
    let server = server("close", "");
    let (mut evil, mut jack) = (online(&server, EVIL), online(&server, JACK));
    evil.send(&message(GOOD, 1, true));
    assert_eq!(evil.stream_error(), "conflict");
    assert!(jack.ping().is_empty());
}
