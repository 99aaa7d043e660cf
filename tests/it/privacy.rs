//! Privacy lists (XEP-0016): the plugin privacy, beside block lists (XEP-0191).

use xmpp::{Element, ns};

use crate::fixture::{Server, add_users, castling, folder, plugin};
use crate::raw::Raw;
use crate::stream::bound;

const JACK: &str = "jack@chess.example";
const ANNA: &str = "anna@chess.example";
const PRIVACY: &str = "jabber:iq:privacy";

fn start(enabled: bool) -> Server {
    let plugins = if enabled { "plugins = [\"privacy\"]" } else { "" };
    let dir = folder(&format!(
        "[plugins.privacy]\nfile = {:?}\ngrants = [\"screening\", \"sessions.of-account\", \"sessions.push\"]\n\
         [[domain]]\nname = \"chess.example\"\n{plugins}\n",
        plugin("privacy"),
    ));
    add_users(dir.path(), &[JACK, ANNA]);
    Server::start_in(dir)
}

/// The answer to a request; what comes before it is returned as well.
fn ask(raw: &mut Raw, kind: &str, payload: &str) -> (Element, Vec<Element>) {
    raw.send(&format!("<iq type='{kind}' id='q'>{payload}</iq>"));
    let mut before = Vec::new();
    loop {
        let stanza = raw.stanza();
        if stanza.name() == "iq" && stanza.get("id") == Some("q") {
            return (stanza, before);
        }
        before.push(stanza);
    }
}

fn query(content: &str) -> String {
    format!("<query xmlns='{PRIVACY}'>{content}</query>")
}

/// The condition of an error, or nothing.
fn set(raw: &mut Raw, content: &str) -> String {
    outcome(&ask(raw, "set", &query(content)).0)
}

fn outcome(answer: &Element) -> String {
    let error = answer.find("error", ns::CLIENT);
    error.and_then(|error| error.children().next()).map(|one| one.name().to_owned()).unwrap_or_default()
}

fn get(raw: &mut Raw, content: &str) -> String {
    let (answer, _) = ask(raw, "get", &query(content));
    if answer.get("type") == Some("error") {
        return outcome(&answer);
    }
    answer.find("query", PRIVACY).map_or_else(|| outcome(&answer), |query| query.to_xml(""))
}

/// The names of lists and of addresses in pushes, among what comes until a ping is answered.
fn pushes(raw: &mut Raw) -> Vec<String> {
    let mut all = Vec::new();
    for stanza in raw.ping() {
        for payload in stanza.children() {
            let names = payload.children().filter_map(|one| one.get("name").or(one.get("jid")));
            all.extend(names.map(|name| format!("{} {name}", payload.name())));
        }
    }
    all
}

const DENY_ANNA: &str = "<item type='jid' value='anna@chess.example' action='deny' order='1'/>";

#[test]
fn lists_are_made_read_chosen_and_removed() {
    let server = start(true);
    let mut jack = bound(&server, &format!("{JACK}/desk"));
    assert_eq!(get(&mut jack, ""), "<query xmlns='jabber:iq:privacy'/>");
    assert_eq!(get(&mut jack, "<list name='x'/>"), "item-not-found");
    assert_eq!(set(&mut jack, &format!("<list name='x'>{DENY_ANNA}</list>")), "");
    let list = get(&mut jack, "<list name='x'/>");
    assert!(list.contains("value='anna@chess.example'") && list.contains("action='deny'"), "{list}");
    assert_eq!(set(&mut jack, "<default name='y'/>"), "item-not-found");
    assert_eq!(set(&mut jack, "<default name='x'/>"), "");
    assert_eq!(set(&mut jack, "<active name='x'/>"), "");
    let names = get(&mut jack, "");
    assert!(names.contains("<active name='x'/>") && names.contains("<default name='x'/>"), "{names}");
    assert_eq!(set(&mut jack, "<active/>"), "");
    assert_eq!(set(&mut jack, "<list name='x'/>"), "");
    assert_eq!(get(&mut jack, ""), "<query xmlns='jabber:iq:privacy'/>");
    for (content, condition) in [
        ("<list name='x'><item action='deny'/></list>", "bad-request"),
        ("<list name='x'><item action='deny' order='1' type='jid' value='@'/></list>", "jid-malformed"),
        ("<list name='x'><item action='deny' order='1' type='group' value='none'/></list>", "item-not-found"),
        ("<active name='x'/><default/>", "bad-request"),
        ("", "bad-request"),
    ] {
        assert_eq!(set(&mut jack, content), condition, "{content}");
    }
}

#[test]
fn what_one_protocol_changes_the_other_pushes() {
    let server = start(true);
    let mut desk = bound(&server, &format!("{JACK}/desk"));
    let mut phone = bound(&server, &format!("{JACK}/phone"));
    ask(&mut phone, "get", "<blocklist xmlns='urn:xmpp:blocking'/>");
    assert_eq!(set(&mut desk, &format!("<list name='mine'>{DENY_ANNA}</list>")), "");
    let told = std::iter::repeat_with(|| phone.stanza()).next().unwrap();
    assert!(told.find("query", PRIVACY).is_some_and(|query| query.to_xml("").contains("name='mine'")));
    assert_eq!(pushes(&mut phone), [""; 0], "it is not the default, so nobody is blocked");
    assert_eq!(set(&mut desk, "<default name='mine'/>"), "");
    assert_eq!(pushes(&mut phone), ["block anna@chess.example"], "from now on she is");
    assert_eq!(set(&mut desk, "<default/>"), "conflict", "it applies to the phone as well");
    assert_eq!(set(&mut desk, "<list name='mine'/>"), "conflict");
    let (blocked, _) = ask(&mut desk, "get", "<blocklist xmlns='urn:xmpp:blocking'/>");
    assert!(blocked.to_xml("").contains("anna@chess.example"), "{}", blocked.to_xml(""));
    let block = "<block xmlns='urn:xmpp:blocking'><item jid='evil.example'/></block>";
    ask(&mut desk, "set", block);
    let told = [phone.stanza(), phone.stanza()].map(|push| push.to_xml(""));
    assert!(
        told.iter().any(|push| push.contains("jabber:iq:privacy") && push.contains("name='mine'")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|push| push.contains("urn:xmpp:blocking") && push.contains("evil.example")),
        "{told:?}"
    );
    let list = get(&mut desk, "<list name='mine'/>");
    assert!(list.contains("value='evil.example'"), "{list}");
    ask(&mut desk, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
    assert_eq!(get(&mut desk, "<list name='mine'/>"), "item-not-found", "emptied, it is gone");
    assert_eq!(get(&mut desk, ""), "<query xmlns='jabber:iq:privacy'/>", "and the default with it");
}

#[test]
fn an_active_list_is_its_sessions_alone() {
    let server = start(true);
    let mut desk = bound(&server, &format!("{JACK}/desk"));
    let mut phone = bound(&server, &format!("{JACK}/phone"));
    let mut anna = bound(&server, &format!("{ANNA}/here"));
    for raw in [&mut desk, &mut phone] {
        raw.send("<presence/>");
        raw.ping();
    }
    assert_eq!(set(&mut desk, &format!("<list name='x'>{DENY_ANNA}</list>")), "");
    assert_eq!(set(&mut desk, "<active name='x'/>"), "");
    anna.send("<message to='jack@chess.example' type='chat' id='1'><body>1</body></message>");
    anna.send(&format!("<message to='{JACK}/desk' type='chat' id='2'><body>2</body></message>"));
    let errors = anna.ping();
    assert_eq!(errors.len(), 1, "the second is for the one that blocks her");
    assert_eq!(phone.ping().iter().filter(|one| one.name() == "message").count(), 1);
    assert_eq!(desk.ping().iter().filter(|one| one.name() == "message").count(), 0);
}

#[test]
fn without_the_plugin_a_default_list_stays_in_force() {
    let server = start(true);
    let mut jack = bound(&server, &format!("{JACK}/desk"));
    let mut anna = bound(&server, &format!("{ANNA}/here"));
    jack.send("<presence/>");
    assert_eq!(set(&mut jack, &format!("<list name='x'>{DENY_ANNA}</list>")), "");
    assert_eq!(set(&mut jack, "<default name='x'/>"), "");
    let disco = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    let features = |jack: &mut Raw| {
        jack.send(&format!("<iq type='get' id='q' to='chess.example'>{disco}</iq>"));
        std::iter::repeat_with(|| jack.stanza()).find(|one| one.get("id") == Some("q")).unwrap().to_xml("")
    };
    assert!(features(&mut jack).contains(PRIVACY));
    let said = server.ok(&["plugin", "disable", "privacy"]);
    assert!(said.contains("1 account"), "{said}");
    assert!(!features(&mut jack).contains(PRIVACY));
    assert_eq!(set(&mut jack, "<active/>"), "service-unavailable");
    anna.send("<message to='jack@chess.example' type='chat' id='1'><body>1</body></message>");
    assert_eq!(anna.ping().len(), 1, "refused");
    let (blocked, _) = ask(&mut jack, "get", "<blocklist xmlns='urn:xmpp:blocking'/>");
    assert!(blocked.to_xml("").contains(ANNA));
    ask(&mut jack, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
    anna.send("<message to='jack@chess.example' type='chat' id='2'><body>2</body></message>");
    assert_eq!(anna.ping().len(), 0);
}

#[test]
fn it_is_enabled_and_set_up_while_the_server_is_stopped() {
    let dir = folder("[[domain]]\nname = \"chess.example\"\n");
    let file = plugin("privacy");
    for args in [
        &["plugin", "install", file.to_str().unwrap()][..],
        &["plugin", "enable", "privacy"],
        &["plugin", "reload", "privacy", "--set", "items=7"],
    ] {
        let done = castling(dir.path(), args, "");
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let refused = castling(dir.path(), &["plugin", "reload", "privacy", "--set", "items=many"], "");
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));
    add_users(dir.path(), &[JACK]);
    let server = Server::start_in(dir);
    let mut jack = bound(&server, &format!("{JACK}/desk"));
    assert_eq!(set(&mut jack, &format!("<list name='x'>{DENY_ANNA}</list>")), "");
}

#[test]
fn two_plugins_that_answer_the_same_are_refused() {
    let file = plugin("privacy");
    let declared =
        |name: &str| format!("[plugins.{name}]\nfile = {file:?}\ngrants = [\"screening\", \"sessions\"]\n");
    let domain = "[[domain]]\nname = \"chess.example\"\nplugins = [\"one\", \"two\"]\n";
    let dir = folder(&format!("{}{}{domain}", declared("one"), declared("two")));
    let output = castling(dir.path(), &["check"], "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("castling.toml:") && error.contains("is claimed by both one and two"), "{error}");
}
