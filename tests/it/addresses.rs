//! Addresses that belong to plugins: who may have which, and what a roster makes of them.

use std::fs;

use xmpp::Element;

use crate::fixture::{Server, add_users, castling, folder, plugin};
use crate::raw::Raw;
use crate::stream::bound;

const JACK: &str = "jack@chess.example";

/// A plugin that owns an address, and these lines of its own and of the domain.
fn config(of_plugin: &str, of_domain: &str) -> String {
    let file = plugin("owner");
    format!("[plugins.owner]\nfile = {file:?}\n{of_plugin}[[domain]]\nname = \"chess.example\"\n{of_domain}")
}

const OWNED: &str = "plugins = [\"owner\"]\nservices = { owner = \"owner.chess.example\" }\n";
const GRANTED: &str = "grants = [\"service:owner.chess.example\"]\n";

fn find(raw: &mut Raw, is_it: impl Fn(&Element) -> bool) -> Element {
    std::iter::repeat_with(|| raw.stanza()).find(|one| is_it(one)).unwrap()
}

/// The next presence of this type from this contact; `None`: it is available.
fn presence(raw: &mut Raw, from: &str, kind: Option<&str>) {
    find(raw, |one| one.name() == "presence" && one.get("from") == Some(from) && one.get("type") == kind);
}

/// Ends the stream, after these last words.
pub fn leaves(mut raw: Raw, words: &str) {
    raw.send(&format!("{words}</stream:stream>"));
    while raw.try_next().is_some() {}
}

/// The plugin says that it has heard of this presence.
fn heard(raw: &mut Raw, from: &str, words: &str) {
    let is_it = |one: &Element| one.get("from") == Some(from) && one.to_xml("").contains(words);
    find(raw, |one| one.name() == "message" && is_it(one));
}

#[test]
fn an_address_is_a_contact_like_any_other() {
    let dir = folder(&config(GRANTED, OWNED));
    add_users(dir.path(), &[JACK]);
    let server = Server::start_in(dir);
    for contact in ["owner.chess.example", "x@owner.chess.example"] {
        let mut jack = bound(&server, &format!("{JACK}/a"));
        jack.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>");
        jack.send(&format!("<presence to='{contact}' type='subscribe'/>"));
        presence(&mut jack, contact, Some("subscribed"));
        presence(&mut jack, contact, Some("subscribe"));
        presence(&mut jack, contact, None);
        jack.send(&format!("<presence to='{contact}' type='subscribed'/>"));
        heard(&mut jack, contact, "StanzaType::None jack@chess.example/a");
        jack.send("<presence><show>away</show></presence>");
        heard(&mut jack, contact, "StanzaType::None jack@chess.example/a");
        leaves(jack, "");

        let mut jack = bound(&server, &format!("{JACK}/b"));
        jack.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        let roster = find(&mut jack, |one| one.get("id") == Some("r")).to_xml("");
        assert!(
            roster.contains(&format!("jid='{contact}'")) && roster.contains("subscription='both'"),
            "{roster}"
        );
        jack.send("<presence/>");
        presence(&mut jack, contact, None); // it has been probed
        let mut other = bound(&server, &format!("{JACK}/c"));
        other.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>");
        heard(&mut other, contact, "StanzaType::None jack@chess.example/c");
        leaves(jack, "<presence type='unavailable'/>");
        heard(&mut other, contact, "StanzaType::Unavailable jack@chess.example/b");
        other.send(&format!("<presence to='{contact}' type='unsubscribe'/>"));
        find(&mut other, |one| one.name() == "iq" && one.to_xml("").contains("subscription='from'"));
        other.send(&format!("<presence to='{contact}' type='unsubscribed'/>"));
        heard(&mut other, contact, "StanzaType::Unsubscribed jack@chess.example");
    }
    assert_eq!(server.stats()["panics"], 0);
}

#[test]
fn check_says_what_is_wrong_with_an_address_and_where() {
    let dir = folder("");
    let base = fs::read_to_string(dir.path().join("castling.toml")).unwrap();
    let said = |of_plugin: &str, of_domain: &str| {
        let text = format!("{base}{}", config(of_plugin, of_domain));
        fs::write(dir.path().join("castling.toml"), &text).unwrap();
        let output = castling(dir.path(), &["check"], "");
        let said = String::from_utf8(output.stderr).unwrap();
        let line = |of: &str| 1 + text.lines().position(|line| line.contains(of)).unwrap();
        let places =
            ["grants =", "plugins =", "services ="].map(|of| (of, text.contains(of).then(|| line(of))));
        let place = |of: &str| places.iter().find(|(name, _)| *name == of).unwrap().1.unwrap();
        (
            output.status.code(),
            said.clone(),
            ["grants =", "plugins =", "services ="].map(|of| text.contains(of).then(|| place(of))),
        )
    };
    let (code, text, _) = said(GRANTED, OWNED);
    assert_eq!(code, Some(0), "{text}");
    for (of_plugin, of_domain, at, expected) in [
        (
            GRANTED,
            "plugins = [\"owner\"]\n",
            1,
            "plugin owner: it has no address on chess.example — add services = { owner = \"owner.chess.example\" } to the domain",
        ),
        (
            "grants = [\"service:other.chess.example\"]\n",
            OWNED,
            0,
            "plugin owner asks for more than it is granted: service:owner.chess.example — set grants = [",
        ),
        (
            GRANTED,
            "plugins = [\"owner\"]\nservices = { owner = \"chess.example\" }\n",
            2,
            "chess.example is already declared",
        ),
        (
            GRANTED,
            "plugins = [\"owner\"]\nservices = { owner = \"owner.chess.example\", other = \"other.chess.example\" }\n",
            2,
            "plugin \"other\" is not declared — declare [plugins.other]",
        ),
    ] {
        let (code, said, places) = said(of_plugin, of_domain);
        let expected = format!("castling.toml:{}: {expected}", places[at].unwrap());
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&expected), "expected {expected:?}: {said}");
    }
}

#[test]
fn without_its_address_a_plugin_is_neither_enabled_nor_reloaded() {
    let dir = folder("[[domain]]\nname = \"chess.example\"\n[[domain]]\nname = \"wuchess.example\"\n");
    add_users(dir.path(), &[JACK]);
    let file = dir.path().join("castling.toml");
    let server = Server::start_in(dir);
    server.ok(&["plugin", "install", plugin("owner").to_str().unwrap()]);
    let refused = server.refused(&["plugin", "enable", "owner", "--domain", "chess.example"]);
    assert!(
        refused.contains("it has no address on chess.example") && refused.contains("services = {"),
        "{refused}"
    );
    let before = fs::read_to_string(&file).unwrap();
    let services = "name = \"chess.example\"\nservices = { owner = \"owner.chess.example\" }";
    fs::write(&file, before.replace("name = \"chess.example\"", services)).unwrap();
    let notes = server.ok(&["reload"]);
    assert!(notes.contains("plugin owner is not enabled on chess.example"), "{notes}");
    let refused = server.refused(&["plugin", "enable", "owner"]);
    assert!(refused.contains("it has no address on wuchess.example"), "{refused}");
    let granted = server.ok(&["plugin", "enable", "owner", "--domain", "chess.example"]);
    assert!(granted.contains("granting service: owner owns the address"), "{granted}");
    let mut jack = bound(&server, &format!("{JACK}/a"));
    let echo = "<message to='owner.chess.example' type='chat'><body>echo hi</body></message>";
    jack.send(echo);
    assert!(jack.stanza().to_xml("").contains("hi"));
    // The address is taken away: the change is refused, and the plugin keeps it.
    fs::write(&file, &before).unwrap();
    let refused = server.refused(&["reload"]);
    assert!(
        refused.contains("castling.toml:") && refused.contains("it has no address on chess.example"),
        "{refused}"
    );
    jack.send(echo);
    assert!(jack.stanza().to_xml("").contains("hi"));
    let refused = server.refused(&["domain", "add", "owner.chess.example"]);
    assert!(refused.contains("owner.chess.example is a service of chess.example"), "{refused}");
    server.ok(&["plugin", "disable", "owner"]);
    jack.send(echo);
    assert!(jack.stanza().to_xml("").contains("remote-server-not-found"));
}

/// Its address stays its own: nothing that is sent there goes elsewhere.
#[test]
fn a_plugin_that_cannot_be_loaded_keeps_its_address() {
    let dir = folder(&config(GRANTED, OWNED).replace(plugin("owner").to_str().unwrap(), "owner.wasm"));
    let file = dir.path().join("owner.wasm");
    fs::copy(plugin("owner"), &file).unwrap();
    add_users(dir.path(), &[JACK]);
    let (_, dir) = Server::start_in(dir).stop();
    fs::write(&file, "damaged").unwrap();
    let server = Server::start_in(dir);
    let mut jack = bound(&server, &format!("{JACK}/a"));
    jack.send("<presence to='owner.chess.example'/><message to='x@owner.chess.example'><body>echo hi</body></message>");
    let returned = jack.stanza().to_xml("");
    assert!(returned.contains("<message") && returned.contains("service-unavailable"), "{returned}");
    fs::copy(plugin("owner"), &file).unwrap();
    server.ok(&["reload"]);
    jack.send("<message to='owner.chess.example'><body>echo hi</body></message>");
    assert!(jack.stanza().to_xml("").contains("hi"));
}
