//! Accounts in the site's own table: the plugin auth-sql, with the example of the documentation as it stands there.

mod statements;

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use xmpp::ns;

use crate::fixture::{Server, castling, folder, plugin, until};
use crate::raw::{Raw, condition, salt};
use client::Scram;

/// The story's table: keyed by the full bare JID, with members of other servers in it.
const TABLE: &str = "create table member (username text primary key, password text, locked integer not null default 0);
    insert into member (username, password) values ('Jack@Chess.Example', 'e2e4'), ('anna@chess.example', 'd2d4'),
    ('meta@gmail.example', 'g1f3'), ('none@chess.example', null), ('jack@wuchess.example', 'other');
    insert into member values ('lock@chess.example', 'e2e4', 1)";

const CREDENTIALS: &str = "select password, locked from member where lower(username) = :jid";

fn config(queries: &str, format: &str, auth: &str) -> String {
    format!(
        "[datasources.members]\nurl = \"sqlite:members.db\"\n[datasources.members.queries]\n{queries}\n\
         [plugins.auth-sql]\nfile = {:?}\nconfig = {{ source = \"members\", format = \"{format}\" }}\n\
         grants = [\"sql:members/*\"]\n\
         [[domain]]\nname = \"chess.example\"\nauth = {auth}\n[[domain]]\nname = \"wuchess.example\"\nauth = {auth}\n",
        plugin("auth-sql")
    )
}

fn query(name: &str, text: &str) -> String {
    format!("{name} = {text:?}\n")
}

fn sqlite(dir: &Path, sql: &str) {
    let done = Command::new("sqlite3").arg(dir.join("members.db")).arg(sql).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn site(config: &str) -> TempDir {
    let dir = folder(config);
    sqlite(dir.path(), TABLE);
    dir
}

fn start() -> Server {
    Server::start_in(site(&config(&query("credentials", CREDENTIALS), "plain", "[\"auth-sql\"]")))
}

/// SCRAM, without TLS.
fn scram(server: &Server, domain: &str, local: &str, password: &str) -> Result<Raw, String> {
    let mut raw = Raw::open(server.address("c2s_plain"), domain);
    raw.authenticate(local, password).map(|()| raw)
}

/// PLAIN, with TLS.
fn plain(server: &Server, domain: &str, local: &str, password: &str) -> Result<(), String> {
    let mut raw = Raw::open(server.address("c2s"), domain).starttls(None);
    raw.restart();
    let said = raw.plain(local, password);
    if said.is("success", ns::SASL) { Ok(()) } else { Err(condition(&said)) }
}

fn refused(condition: &str) -> Result<(), String> {
    Err(condition.to_owned())
}

#[test]
fn members_log_in_and_those_of_other_servers_do_not() {
    let server = start();
    for (domain, local, password, expected) in [
        ("chess.example", "jack", "e2e4", Ok(())),
        ("chess.example", "JACK", "e2e4", Ok(())),
        ("wuchess.example", "jack", "other", Ok(())),
        ("wuchess.example", "jack", "e2e4", refused("not-authorized")),
        ("chess.example", "jack", "E2E4", refused("not-authorized")),
        ("chess.example", "nobody", "e2e4", refused("not-authorized")),
        ("chess.example", "none", "null", refused("not-authorized")),
        ("chess.example", "lock", "e2e4", refused("account-disabled")),
        ("chess.example", "lock", "wrong", refused("not-authorized")),
        ("chess.example", "meta", "g1f3", refused("not-authorized")),
        ("chess.example", "meta@gmail.example", "g1f3", refused("not-authorized")),
        ("chess.example", "meta\\40gmail.example", "g1f3", refused("not-authorized")),
        ("wuchess.example", "anna", "d2d4", refused("not-authorized")),
    ] {
        assert_eq!(plain(&server, domain, local, password), expected, "{local}@{domain} {password}");
        // The client of these tests does not escape names.
        if !local.contains(['@', '\\']) {
            let scram = scram(&server, domain, local, password).map(drop);
            assert_eq!(scram, expected, "{local}@{domain} {password} by SCRAM");
        }
    }
    let stats = server.stats();
    assert!(stats.to_string().contains("members"), "{stats}");
}

#[test]
fn a_challenge_tells_nobody_who_is_a_member() {
    let server = start();
    let challenged = |local: &str| {
        let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
        let challenge = raw.begin(&Scram::sha256(local, "x"));
        let text = String::from_utf8_lossy(challenge.text_content().as_bytes()).into_owned();
        (salt(&challenge), text.len())
    };
    for local in ["jack", "nobody"] {
        assert_eq!(challenged(local), challenged(local), "{local}");
    }
    assert_ne!(challenged("jack").0, challenged("nobody").0);
    assert_eq!(challenged("jack").0.len(), challenged("nobody").0.len());
}

#[test]
fn names_are_values_and_never_sql() {
    let server = start();
    let long = "a".repeat(1023);
    for local in [
        "jack' or '1'='1",
        "jack\"--",
        "%",
        "_ack",
        "jack%",
        "a;drop table member",
        ":jid",
        "?1",
        "$1",
        "jack\\",
        "jack' union select 'x', 0 --",
        long.as_str(),
    ] {
        assert_eq!(plain(&server, "chess.example", local, "e2e4"), refused("not-authorized"), "{local}");
    }
    // SASLprep (RFC 4013) knows no such names.
    for local in ["\u{202e}kcaj", "jack\u{200f}", "jack\0"] {
        assert_eq!(plain(&server, "chess.example", local, "e2e4"), refused("malformed-request"), "{local:?}");
    }
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), Ok(()));
    assert!(!server.log().contains("e2e4"), "no password reaches the log");
}

#[test]
fn hashes_are_verified_by_plain_and_offer_no_scram() {
    let dir = site(&config(&query("credentials", CREDENTIALS), "bcrypt", "[\"auth-sql\"]"));
    // bcrypt of "e2e4", cost 4.
    let hash = "$2b$04$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK";
    sqlite(dir.path(), &format!("update member set password = '{hash}' where username like 'Jack@Chess%'"));
    let server = Server::start_in(dir);
    assert_eq!(plain(&server, "chess.example", "jack", "pässword 1"), Ok(()));
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), refused("not-authorized"));
    assert_eq!(plain(&server, "chess.example", "nobody", "e2e4"), refused("not-authorized"));
    assert_eq!(
        plain(&server, "chess.example", "anna", "d2d4"),
        refused("temporary-auth-failure"),
        "what is stored is no bcrypt hash"
    );
    assert_eq!(scram(&server, "chess.example", "jack", "pässword 1").map(drop), refused("invalid-mechanism"));
}

#[test]
fn a_source_that_is_away_is_no_wrong_password_and_sessions_stay() {
    let server = start();
    let mut anna = scram(&server, "chess.example", "anna", "d2d4").unwrap();
    anna.bind("here").unwrap();
    let file = server.dir.path().join("members.db");
    std::fs::rename(&file, server.dir.path().join("away")).unwrap();
    for (local, password) in [("jack", "e2e4"), ("jack", "wrong"), ("nobody", "x")] {
        assert_eq!(
            plain(&server, "chess.example", local, password),
            refused("temporary-auth-failure"),
            "{local}"
        );
    }
    assert!(anna.ping().is_empty(), "who is logged in stays");
    std::fs::rename(server.dir.path().join("away"), &file).unwrap();
    until("it is back", || plain(&server, "chess.example", "jack", "e2e4") == Ok(()));
}

#[test]
fn providers_are_asked_in_order() {
    let dir = site(&config(&query("credentials", CREDENTIALS), "plain", "[\"auth-sql\", \"internal\"]"));
    crate::fixture::add_users(dir.path(), &["jack@chess.example", "own@chess.example"]);
    let server = Server::start_in(dir);
    assert_eq!(
        plain(&server, "chess.example", "own", "secret"),
        Ok(()),
        "unknown to the first, so the next is asked"
    );
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), Ok(()));
    assert_eq!(
        plain(&server, "chess.example", "jack", "secret"),
        refused("not-authorized"),
        "a wrong password is final"
    );
    assert_eq!(plain(&server, "chess.example", "lock", "e2e4"), refused("account-disabled"));
    assert_eq!(plain(&server, "chess.example", "nobody", "secret"), refused("not-authorized"));
}

#[test]
fn a_provider_stays_as_long_as_auth_names_it() {
    let server = start();
    for args in [
        &["plugin", "disable", "auth-sql"][..],
        &["plugin", "disable", "auth-sql", "--domain", "chess.example"],
        &["plugin", "remove", "auth-sql"],
    ] {
        let said = server.refused(args);
        assert!(said.contains("castling.toml:"), "{said}");
    }
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), Ok(()));
    server.ok(&["plugin", "reload", "auth-sql"]);
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), Ok(()));
}

#[test]
fn no_account_is_made_where_nobody_could_log_in_with_it() {
    let dir = site(&config(&query("credentials", CREDENTIALS), "plain", "[\"auth-sql\"]"));
    let made = castling(dir.path(), &["user", "add", "own@chess.example", "--password-stdin"], "secret\n");
    let said = String::from_utf8_lossy(&made.stderr);
    assert_eq!(made.status.code(), Some(1), "{said}");
    assert!(said.contains("accounts of chess.example are kept by auth-sql"), "{said}");
}

#[test]
fn a_plugin_that_is_missing_is_no_wrong_password() {
    let text = config(&query("credentials", CREDENTIALS), "plain", "[\"auth-sql\"]");
    let dir = folder(&text.replace("auth-sql.wasm", "no-such.wasm"));
    sqlite(dir.path(), TABLE);
    let server = Server::start_in(dir);
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), refused("temporary-auth-failure"));
    assert_eq!(scram(&server, "chess.example", "jack", "e2e4").map(drop), refused("temporary-auth-failure"));
}

#[test]
fn a_message_waits_for_a_member_who_has_never_logged_in() {
    let server = start();
    let mut jack = scram(&server, "chess.example", "jack", "e2e4").unwrap();
    jack.bind("here").unwrap();
    jack.send("<message to='anna@chess.example' type='chat'><body>your move</body></message>");
    jack.send("<message to='nobody@chess.example' type='chat' id='n'><body>x</body></message>");
    let bounced = jack.ping();
    assert_eq!(bounced.len(), 1, "only to the one who is no member");
    let mut anna = scram(&server, "chess.example", "anna", "d2d4").unwrap();
    anna.bind("there").unwrap();
    anna.send("<presence/>");
    let message = std::iter::repeat_with(|| anna.stanza()).find(|one| one.name() == "message").unwrap();
    assert_eq!(message.find("body", ns::CLIENT).unwrap().text_content(), "your move");
}

#[test]
fn mistakes_are_told_with_their_line() {
    let dir = site(&config(&query("credentials", CREDENTIALS), "plain", "[\"sunshine\"]"));
    let output = castling(dir.path(), &["check"], "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("plugin \"sunshine\" is not declared"), "{error}");
    let text = config(&query("credentials", CREDENTIALS), "rot13", "[\"auth-sql\", \"auth-sql\"]");
    let dir = site(&text);
    let output = castling(dir.path(), &["check"], "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("auth-sql is listed twice") && error.contains("format"), "{error}");
}

/// Also before anybody has logged in since the start: then somebody who did before serves as the example.
#[test]
fn a_challenge_has_the_iterations_of_the_table() {
    // Keys of this password.
    let password = "pässword 1";
    let stored = "SCRAM-SHA-256$1000:c2FsdHlzYWx0$Mhn+z4JOkqxlSmrcLCyj936cljpxjnBrx/nkW2ME37Q=:\
                  oHSZ/0bE/9le94iFBpCS8bWtbPFjLoHThIe3nD75FLs=";
    let text = config(&query("credentials", CREDENTIALS), "scram", "[\"auth-sql\"]")
        .replace("format = \"scram\"", "format = \"scram\", scram = [\"sha-256\"]");
    let dir = site(&text);
    sqlite(dir.path(), &format!("update member set password = '{stored}'"));
    let challenge = |server: &Server, local: &str| {
        let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
        let challenge = raw.begin(&Scram::sha256(local, "x"));
        let text = client::decode(&challenge.text_content()).unwrap();
        let iterations = text.split(',').find_map(|field| field.strip_prefix("i=")).unwrap();
        (iterations.to_owned(), salt(&challenge).len())
    };
    let server = Server::start_in(dir);
    let jack = challenge(&server, "jack");
    assert_eq!(jack.0, "1000");
    assert_eq!(challenge(&server, "nobody"), jack);
    drop(scram(&server, "chess.example", "jack", password).unwrap());
    let (_, dir) = server.stop();
    let server = Server::start_in(dir);
    assert_eq!(challenge(&server, "nobody"), jack);
}

#[test]
fn an_account_of_the_site_is_not_given_up_by_its_client() {
    let text = config(&query("credentials", CREDENTIALS), "plain", "[\"auth-sql\"]")
        .replace("name = \"chess.example\"\n", "name = \"chess.example\"\nmodules.register = true\n");
    let server = Server::start_in(site(&text));
    let mut jack = Raw::open(server.address("c2s"), "chess.example").starttls(None);
    let features = jack.restart();
    assert!(features.find("register", ns::REGISTER_FEATURE).is_none(), "{}", features.to_xml(""));
    assert!(jack.plain("jack", "e2e4").is("success", ns::SASL));
    jack.restart();
    jack.bind("here").unwrap();
    jack.send(&format!("<iq type='set' id='r'><query xmlns='{}'><remove/></query></iq>", ns::REGISTER));
    assert!(jack.stanza().to_xml("").contains("not-allowed"));
    assert!(server.ok(&["user", "list", "chess.example"]).contains("jack@chess.example"));
}

#[test]
fn a_table_that_is_empty_by_mistake_costs_nobody_their_data() {
    let server = start();
    let members: String = (0..12).map(|n| format!("('m{n}@chess.example', 'x', 0),")).collect();
    sqlite(server.dir.path(), &format!("insert into member values {}", members.trim_end_matches(',')));
    for n in 0..12 {
        assert_eq!(plain(&server, "chess.example", &format!("m{n}"), "x"), Ok(()));
    }
    sqlite(server.dir.path(), "delete from member");
    let prune = ["user", "prune", "--domain", "chess.example"];
    let said = server.refused(&prune);
    assert!(said.contains("12 of 12 adopted accounts") && said.contains("--force"), "{said}");
    assert!(server.ok(&["user", "list", "chess.example"]).contains("m11@chess.example"));
    server.ok(&[&prune[..], &["--force"]].concat());
    assert!(!server.ok(&["user", "list", "chess.example"]).contains("m11@chess.example"));
}
