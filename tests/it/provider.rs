//! Providers of accounts that misbehave: whoever logs in there is told to try again, and nobody else notices.

mod late;

use std::net::TcpListener;

use xmpp::ns;

use crate::fixture::{Server, add_users, folder, plugin, until};
use crate::metrics::get;
use crate::raw::{Raw, condition};
use crate::stream::bound;

const JACK: &str = "jack@chess.example";
const ANNA: &str = "anna@chess.example";

/// `auth` of wuchess.example; chess.example has accounts of the server's own.
fn start(auth: &str, more: &str) -> Server {
    let dir = folder(&format!(
        "[plugins.doorman]\nfile = {:?}\ngrants = [\"ask\", \"content\"]\n{more}\n\
         [[domain]]\nname = \"chess.example\"\n[[domain]]\nname = \"wuchess.example\"\nauth = {auth}\n",
        plugin("doorman"),
    ));
    add_users(dir.path(), &[JACK, ANNA]);
    if auth.contains("internal") {
        add_users(dir.path(), &["other@wuchess.example", "nobody@wuchess.example"]);
    }
    Server::start_in(dir)
}

fn secured(server: &Server) -> Raw {
    let mut raw = Raw::open(server.address("c2s"), "wuchess.example").starttls(None);
    raw.restart();
    raw
}

fn plain(server: &Server, local: &str, password: &str) -> String {
    let said = secured(server).plain(local, password);
    if said.is("success", ns::SASL) { "success".to_owned() } else { condition(&said) }
}

#[test]
fn a_plugin_checks_passwords() {
    let server = start("[\"doorman\", \"internal\"]", "");
    for (local, password, expected) in [
        ("eve", "open-eve", "success"),
        ("eve", "wrong", "not-authorized"),
        ("locked", "open-locked", "account-disabled"),
        ("later", "open-later", "temporary-auth-failure"),
        ("trap", "open-trap", "temporary-auth-failure"),
        ("loop", "open-loop", "temporary-auth-failure"),
        ("other", "secret", "success"),
        ("nobody", "secret", "success"),
        ("other2", "secret", "not-authorized"),
        ("nobody2", "secret", "not-authorized"),
    ] {
        assert_eq!(plain(&server, local, password), expected, "{local}");
    }
    assert_eq!(plain(&server, "eve", "open-eve"), "success", "it goes on after its failures");
    assert!(!server.log().contains("open-"), "no password reaches the log");
}

/// Who makes the plugin fail for a name cannot keep the name from its owner, who logs in from elsewhere, nor others from theirs.
#[test]
fn a_name_that_fails_from_one_address_is_free_from_others() {
    let server = start("[\"doorman\"]", "");
    let from = |address: &str, local: &str, password: &str| {
        let source = Some(address.parse().unwrap());
        let mut raw = Raw::connect_from(source, server.address("c2s"), "wuchess.example");
        raw.restart();
        let mut raw = raw.starttls(None);
        raw.restart();
        let said = raw.plain(local, password);
        if said.is("success", ns::SASL) { "success".to_owned() } else { condition(&said) }
    };
    for _ in 0..2 {
        assert_eq!(from("127.0.0.2", "eve", "trap"), "temporary-auth-failure");
    }
    assert_eq!(from("127.0.0.2", "eve", "open-eve"), "temporary-auth-failure", "it is not called for him");
    assert_eq!(from("127.0.0.2", "anna", "open-anna"), "success");
    assert_eq!(from("127.0.0.1", "eve", "open-eve"), "success");
    assert!(has_failed(&server, "blamed"));
}

/// While log-ins wait, those of another brand and talk there go on as ever.
fn bystanders(server: &Server) {
    let (mut jack, mut anna) = (bound(server, &format!("{JACK}/a")), bound(server, &format!("{ANNA}/b")));
    for id in 0..50 {
        jack.send(&format!("<message to='{ANNA}/b' id='{id}' type='chat'><body>{id}</body></message>"));
        let message = std::iter::repeat_with(|| anna.stanza()).find(|one| one.name() == "message").unwrap();
        assert_eq!(message.get("id"), Some(id.to_string().as_str()));
    }
    for _ in 0..5 {
        bound(server, &format!("{JACK}/c"));
    }
}

/// `number` sessions that have sent their password and wait.
fn logging_in(server: &Server, local: &str, number: usize) -> Vec<Raw> {
    let start = |_| {
        let mut raw = secured(server);
        raw.send(&client::plain(local, "x"));
        raw
    };
    (0..number).map(start).collect()
}

fn all_told_to_try_again(waiting: Vec<Raw>) {
    for mut raw in waiting {
        assert_eq!(condition(&raw.next()), "temporary-auth-failure");
    }
}

/// Whether calls of doorman failed for this reason.
fn has_failed(server: &Server, reason: &str) -> bool {
    let (_, metrics) = get(server.address("http"), "");
    let (plugin, reason) = ("plugin=\"doorman\"", format!("failure=\"{reason}\""));
    let is_it = |line: &&str| line.starts_with("castling_plugin_failures_total") && line.contains(plugin);
    metrics.lines().filter(is_it).any(|line| line.contains(&reason) && !line.ends_with(" 0"))
}

#[test]
fn a_provider_that_waits_holds_up_nobody_else() {
    let server = start("[\"doorman\"]", "");
    let mut silent = secured(&server);
    assert!(silent.plain("silent", "open-silent").is("success", ns::SASL));
    silent.restart();
    silent.bind("x").unwrap();
    let waiting = logging_in(&server, "hang", 10);
    bystanders(&server);
    assert_eq!(plain(&server, "eve", "open-eve"), "success", "nor on its own brand");
    all_told_to_try_again(waiting);
    assert!(has_failed(&server, "timeout"));
}

/// What it burns uses up the plugin's share of CPU time on its own brand, which is earned again within seconds.
#[test]
fn a_provider_that_burns_its_time_holds_up_nobody_else() {
    let server = start("[\"doorman\"]", "");
    let waiting = logging_in(&server, "loop", 20);
    bystanders(&server);
    all_told_to_try_again(waiting);
    until("its own brand has the plugin again", || plain(&server, "eve", "open-eve") == "success");
    assert!(has_failed(&server, "deadline"));
}

/// auth-sql with a source.
fn members(url: &str, keys: &str, credentials: &str) -> String {
    format!(
        "[datasources.members]\nurl = {url:?}\n{keys}\n[datasources.members.queries]\n\
         credentials = {credentials:?}\n[plugins.auth-sql]\nfile = {:?}\n\
         config = {{ source = \"members\" }}\ngrants = [\"sql:members/*\"]\n",
        plugin("auth-sql")
    )
}

#[test]
fn a_source_that_never_answers_holds_up_nobody_else() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u@{}/x", silent.local_addr().unwrap());
    let source = members(&url, "connect_seconds = 2", "select password from member where name = :jid");
    let server = start("[\"auth-sql\"]", &source);
    let waiting = logging_in(&server, "eve", 20);
    bystanders(&server);
    all_told_to_try_again(waiting);
    drop(silent);
}

#[test]
fn it_rules_on_each_recipient() {
    let dir = folder(&format!(
        "[plugins.doorman]\nfile = {:?}\ngrants = [\"ask\", \"content\"]\n\
         [[domain]]\nname = \"chess.example\"\nplugins = [\"doorman\"]\n",
        plugin("doorman"),
    ));
    add_users(dir.path(), &[JACK, ANNA]);
    let server = Server::start_in(dir);
    let (mut jack, mut anna) = (bound(&server, &format!("{JACK}/a")), bound(&server, &format!("{ANNA}/b")));
    let say = |jack: &mut Raw, to: &str, body: &str| {
        jack.send(&format!("<message to='{to}' id='m' type='chat'><body>{body}</body></message>"));
        let answers = jack.ping();
        answers.first().map(|one| {
            let error = one.find("error", ns::CLIENT).unwrap();
            error.children().next().unwrap().name().to_owned()
        })
    };
    assert_eq!(say(&mut jack, ANNA, "away anna").as_deref(), Some("not-acceptable"), "she is not available");
    anna.send("<presence/>");
    anna.ping();
    assert_eq!(say(&mut jack, ANNA, "away anna"), None);
    assert_eq!(say(&mut jack, ANNA, "drop anna"), None);
    assert_eq!(say(&mut jack, ANNA, "drop jack"), None);
    assert_eq!(say(&mut jack, &format!("{ANNA}/b"), "reject anna").as_deref(), Some("not-acceptable"));
    assert_eq!(say(&mut jack, ANNA, "few"), None, "an answer that is none: as if it were not there");
    let bodies: Vec<_> = anna
        .ping()
        .iter()
        .filter_map(|one| one.find("body", ns::CLIENT).map(|body| body.text_content()))
        .collect();
    assert_eq!(bodies, ["away anna", "drop jack", "few"]);
    let shown = server.ok(&["plugin", "show", "doorman", "--json"]);
    assert!(shown.contains("\"verdict\": 1") || shown.contains("\"verdict\":1"), "{shown}");
}
