//! The plugin `arena`: games of chess between clients, through a server.

use xmpp::Element;

use crate::addresses::leaves;
use crate::clock::{self, FakeTime};
use crate::fixture::{Server, add_users, folder, plugin};
use crate::raw::Raw;
use crate::stream::bound;

const ARENA: &str = "arena.chess.example";
const STATE: &str = "urn:castling:arena:1";
const USERS: &[&str] = &["anna@chess.example", "bert@chess.example", "carl@chess.example"];

/// A folder with the arena; its instances have little more memory than they need.
fn arena() -> tempfile::TempDir {
    let dir = folder(&format!(
        "[limits]\nplugin_memory_bytes = 2097152\n[plugins.arena]\nfile = {:?}\ngrants = [\"service:{ARENA}\", \"kv\"]\n\
         [[domain]]\nname = \"chess.example\"\nplugins = [\"arena\"]\nservices = {{ arena = \"{ARENA}\" }}\n",
        plugin("arena"),
    ));
    add_users(dir.path(), USERS);
    dir
}

fn online(server: &Server, name: &str) -> Raw {
    let mut raw = bound(server, &format!("{name}@chess.example/r"));
    raw.send("<presence/>");
    raw.ping();
    raw
}

fn say(raw: &mut Raw, to: &str, words: &str) {
    raw.send(&format!("<message to='{to}' type='chat' id='say'><body>{words}</body></message>"));
}

/// The body of the next message, and the state of the game that comes with it.
fn told(raw: &mut Raw) -> (String, Option<Element>) {
    let message = std::iter::repeat_with(|| raw.stanza()).find(|one| one.name() == "message").unwrap();
    let body = message.find("body", xmpp::ns::CLIENT).map(Element::text_content);
    (body.unwrap_or_else(|| message.to_xml("")), message.find("game", STATE).cloned())
}

fn words(raw: &mut Raw) -> String {
    told(raw).0
}

fn request(raw: &mut Raw, kind: &str, to: &str, payload: &str) -> Element {
    raw.send(&format!("<iq type='{kind}' id='q' to='{to}'>{payload}</iq>"));
    std::iter::repeat_with(|| raw.stanza()).find(|one| one.get("id") == Some("q")).unwrap()
}

fn command(raw: &mut Raw, to: &str, node: &str, content: &str) -> String {
    let xml =
        format!("<command xmlns='http://jabber.org/protocol/commands' node='{node}'>{content}</command>");
    request(raw, "set", to, &xml).to_xml("")
}

fn filled_in(var: &str, value: &str) -> String {
    format!("<x xmlns='jabber:x:data' type='submit'><field var='{var}'><value>{value}</value></field></x>")
}

/// A game that both have been told of: the JID of it. The first plays White.
fn game(white: &mut Raw, black: &mut Raw) -> String {
    say(white, ARENA, "seek 5+3");
    assert!(words(white).starts_with("You are seeking a game."));
    say(black, ARENA, "seek 5+3");
    let (said, state) = told(white);
    assert!(said.contains("White: anna@chess.example (1"), "{said}");
    assert!(words(black).contains("Black: bert@chess.example"));
    format!("{}@{ARENA}", state.unwrap().get("id").unwrap())
}

fn plays(player: &mut Raw, other: &mut Raw, game: &str, text: &str) -> Element {
    say(player, game, text);
    let (mine, theirs) = (told(player), told(other));
    assert_eq!(mine.0, theirs.0);
    mine.1.unwrap_or_else(|| panic!("{text}: {}", mine.0))
}

/// Fool's mate, with everything that must not work; the plugin fails, is replaced, and the server is killed in the middle of it.
#[test]
fn fools_mate_through_failure_reload_and_kill() {
    let server = Server::start_in(arena());
    let (mut anna, mut bert, mut carl) =
        (online(&server, "anna"), online(&server, "bert"), online(&server, "carl"));
    let game = game(&mut anna, &mut bert);
    say(&mut bert, &game, "e5");
    assert_eq!(words(&mut bert), "it is not your turn.");
    say(&mut anna, &game, "e5");
    assert_eq!(words(&mut anna), "e5 is not a legal move here.");
    say(&mut carl, &game, "e4");
    assert_eq!(words(&mut carl), "you are not a player in this game.");
    say(&mut carl, &game, "watch");
    assert!(words(&mut carl).starts_with("You are watching."));
    let state = plays(&mut anna, &mut bert, &game, "move f2f3");
    assert_eq!((state.get("san"), state.get("uci"), state.get("ply")), (Some("f3"), Some("f2f3"), Some("1")));
    assert!(state.get("fen").unwrap().starts_with("rnbqkbnr/pppppppp/8/8/8/5P2/PPPPP1PP/RNBQKBNR b"));
    assert!(words(&mut carl).starts_with("1. f3"));

    // A watcher makes it fail: his stanza is returned, and the game goes on.
    carl.send(&format!("<message to='{ARENA}' id='bomb'><body>x</body>{}</message>", "<a/>".repeat(4_000)));
    assert!(words(&mut carl).contains("internal-server-error"));
    plays(&mut bert, &mut anna, &game, "e5");
    assert!(words(&mut carl).starts_with("1... e5"));
    server.ok(&["plugin", "reload", "arena"]);
    plays(&mut anna, &mut bert, &game, "g4");
    assert!(words(&mut carl).starts_with("2. g4"));
    let stats = server.stats();
    assert_eq!(stats["panics"], 0);

    let server = Server::start_in(server.kill());
    let (mut anna, mut bert) = (online(&server, "anna"), online(&server, "bert"));
    say(&mut bert, &game, "Qh4");
    let (said, state) = told(&mut bert);
    assert!(said.starts_with("2... Qh4#"), "{said}");
    assert_eq!(state.unwrap().get("result"), Some("0-1"));
    assert_eq!(words(&mut bert), "0-1 — bert@chess.example wins by checkmate");
    assert!(words(&mut anna).starts_with("2... Qh4#") && words(&mut anna).starts_with("0-1"));
    say(&mut anna, ARENA, "rating");
    assert_eq!(words(&mut anna), "Your rating is 1184 after 1 games.");
    say(&mut bert, ARENA, "rating");
    assert_eq!(words(&mut bert), "Your rating is 1216 after 1 games.");
    say(&mut anna, &game, "e4");
    assert_eq!(words(&mut anna), "this game is over.");
}

#[test]
fn games_are_found_and_played_by_commands() {
    let server = Server::start_in(arena());
    let (mut anna, mut bert) = (online(&server, "anna"), online(&server, "bert"));
    let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    assert!(request(&mut anna, "get", "chess.example", items).to_xml("").contains(&format!("jid='{ARENA}'")));
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    let info = request(&mut anna, "get", ARENA, info).to_xml("");
    assert!(
        info.contains("name='Chess arena'") && info.contains("http://jabber.org/protocol/commands"),
        "{info}"
    );
    let form = command(&mut anna, ARENA, "seek", "");
    assert!(form.contains("status='executing'") && form.contains("<value>10+5</value>"), "{form}");
    let sought = command(&mut anna, ARENA, "seek", &filled_in("time", "1+0"));
    assert!(sought.contains("status='completed'") && sought.contains("You are seeking a game."), "{sought}");
    assert!(command(&mut anna, ARENA, "seek", &filled_in("time", "7+7")).contains("is not played here"));
    // Going offline withdraws a seek.
    leaves(anna, "<presence type='unavailable'/>");
    let mut anna = online(&server, "anna");
    let withdrawn = || command(&mut anna, ARENA, "cancel", "").contains("You were not seeking a game.");
    crate::fixture::until("the seek is withdrawn", withdrawn);
    let game = game(&mut anna, &mut bert);
    let listed = request(&mut anna, "get", ARENA, items).to_xml("");
    assert!(listed.contains(&format!("jid='{game}'")), "{listed}");
    assert!(command(&mut bert, &game, "move", "").contains("status='executing'"));
    assert!(command(&mut bert, &game, "move", &filled_in("move", "e5")).contains("it is not your turn"));
    anna.send(&format!(
        "<iq type='set' id='m' to='{game}'><command xmlns='http://jabber.org/protocol/commands' node='move'>{}</command></iq>",
        filled_in("move", "e4")
    ));
    assert!(words(&mut anna).starts_with("1. e4") && words(&mut bert).starts_with("1. e4"));
    say(&mut bert, &game, "draw");
    assert!(words(&mut anna).starts_with("bert@chess.example offers a draw."));
    words(&mut bert);
    say(&mut anna, &game, "draw");
    assert_eq!(
        (words(&mut anna), words(&mut bert)),
        ("1/2-1/2 — draw: agreement".into(), "1/2-1/2 — draw: agreement".into())
    );
    assert!(!request(&mut anna, "get", ARENA, items).to_xml("").contains(&game), "it is over");
    let unknown = request(&mut anna, "get", ARENA, "<query xmlns='urn:example:unknown'/>").to_xml("");
    assert!(unknown.contains("service-unavailable"), "{unknown}");
    anna.send(&format!("<presence to='{ARENA}' type='subscribe'/>"));
    let shown = std::iter::repeat_with(|| anna.stanza())
        .find(|one| one.name() == "presence" && one.get("type").is_none());
    assert!(shown.unwrap().to_xml("").contains("Chess arena"));
}

#[test]
fn a_flag_falls_by_the_servers_clock() {
    let server = FakeTime::find().start_in(arena());
    let (mut anna, mut bert) = (online(&server, "anna"), online(&server, "bert"));
    let game = game(&mut anna, &mut bert);
    plays(&mut anna, &mut bert, &game, "e4");
    clock::set(server.dir.path(), "+4m");
    say(&mut anna, &game, "board");
    let board = words(&mut anna);
    assert!(
        board.contains("Black 0:") || board.contains("Black 1:"),
        "the clock of the side to move runs: {board}"
    );
    clock::set(server.dir.path(), "+6m");
    assert_eq!(words(&mut anna), "1-0 — anna@chess.example wins by time");
    assert_eq!(words(&mut bert), "1-0 — anna@chess.example wins by time");
}
