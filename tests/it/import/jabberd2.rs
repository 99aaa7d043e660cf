//! Databases of jabberd2 as sites have made them: old tables, prefixes, realms, domains that differ by case.

use std::process::Command;

use tempfile::TempDir;
use xmpp::ns;

use super::{brands, import, run_on};
use crate::fixture::{Server, castling, folder};
use crate::main_job::driver::python;
use crate::raw::Raw;
use crate::stream::bound;

/// Tables of jabberd 2.0, without what later versions added.
const TABLES: &str = "create table authreg (username text, realm text, password text, token text, sequence integer, hash text);
    create table active (\"collection-owner\" text, \"object-sequence\" integer primary key, time integer);
    create table \"roster-items\" (\"collection-owner\" text, \"object-sequence\" integer primary key, jid text, name text,
        \"to\" bool, \"from\" bool, ask integer);
    create table vcard (\"collection-owner\" text, \"object-sequence\" integer primary key, fn text, email text);
    create table logout (\"collection-owner\" text, time integer);
    create table \"roster-groups\" (\"collection-owner\" text, jid text, \"group\" text);
    create table queue (\"collection-owner\" text, xml text);
    create table private (\"collection-owner\" text, ns text, xml text);
    create table \"privacy-items\" (\"collection-owner\" text, list text, type text, value text, deny bool, \"order\" integer,
        block integer);
    create table \"privacy-default\" (\"collection-owner\" text, \"default\" text);";

/// An SQLite file of these statements; its URL.
fn database(dir: &TempDir, statements: &str) -> String {
    run_on(&dir.path().join("jabberd2.db"), statements)
}

/// A burst of the server's own making is not the reader's fault.
#[test]
fn a_large_roster_is_pushed_to_who_is_online() {
    let server = Server::start_with(&brands(), &["jack@chess.example"]);
    let mut jack = bound(&server, "jack@chess.example/here");
    jack.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    assert_eq!(jack.stanza().get("id"), Some("roster"));
    let rows = "insert into authreg (username, realm, password) values ('jack', 'chess.example', 'x');
        insert into active values ('jack@chess.example', 1, 1);
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000)
            insert into \"roster-items\" select 'jack@chess.example', i, 'c' || i || '@remote.example', 'C', 1, 1, 0 from n;";
    let from = database(&server.dir, &format!("{TABLES}{rows}"));
    server.ok(&["import", "jabberd2", "--from", &from]);
    let pushes = (0..20_000).filter(|_| jack.stanza().find("query", ns::ROSTER).is_some()).count();
    assert_eq!(pushes, 20_000);
    jack.ping();
}

fn logs_in(server: &Server, domain: &str, local: &str, password: &str) -> bool {
    let mut raw = Raw::open(server.address("c2s"), domain).starttls(None);
    raw.restart();
    raw.plain(local, password).is("success", ns::SASL)
}

fn refused(dir: &TempDir, args: &[&str]) -> String {
    let output = castling(dir.path(), &[&["import"], args].concat(), "");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn tables_of_the_first_version() {
    let dir = folder(&brands());
    let rows = "insert into authreg (username, realm, password) values ('jack', 'chess.example', 'e2e4');
        insert into active values ('jack@chess.example', 1, 1100000000);
        insert into \"roster-items\" values ('jack@chess.example', 1, 'anna@chess.example', 'Anna', 1, 1, 0);
        insert into vcard values ('jack@chess.example', 1, 'Jack', 'jack@example.org');";
    let from = database(&dir, &format!("{TABLES}{rows}"));
    import(&dir, &["jabberd2", "--from", &from]);
    import(&dir, &["jabberd2", "--from", &from, "--verify"]);
    let shown = castling(dir.path(), &["user", "show", "jack@chess.example", "--json"], "");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("\"created\": \"2004-11-09T"), "{shown}");
    let server = Server::start_in(dir);
    assert!(logs_in(&server, "chess.example", "jack", "e2e4"));
}

#[test]
fn tables_with_a_prefix() {
    let dir = folder(&brands());
    let tables = TABLES.replace("create table \"", "create table \"sm_");
    let tables = ["active", "vcard", "logout", "queue", "private"]
        .into_iter()
        .fold(tables, |tables, name| tables.replace(&format!("table {name} "), &format!("table sm_{name} ")));
    let rows = "insert into authreg (username, realm, password) values ('jack', 'chess.example', 'e2e4');
        insert into sm_active values ('jack@chess.example', 1, 1100000000);
        insert into \"sm_roster-items\" values ('jack@chess.example', 1, 'anna@chess.example', 'Anna', 1, 1, 0);";
    let from = database(&dir, &format!("{tables}{rows}"));
    let said = import(&dir, &["jabberd2", "--from", &from, "--prefix", "sm_"]);
    let roster = said.lines().find(|line| line.starts_with("chess.example") && line.contains("roster"));
    assert!(roster.is_some_and(|line| line.split_whitespace().any(|word| word == "1")), "{said}");
    // Without it, nobody would seem to have anything, and all would be removed here.
    let said = refused(&dir, &["jabberd2", "--from", &from]);
    assert!(
        said.contains("has no table active, logout, roster-items") && said.contains("--prefix"),
        "{said}"
    );
    import(&dir, &["jabberd2", "--from", &from, "--prefix", "sm_", "--verify"]);
    let said = refused(&dir, &["jabberd2", "--from", &from, "--prefix", "other_"]);
    assert!(said.contains("has no table other_active"), "{said}");
    let said = refused(&dir, &["prosody", "--from", &from, "--prefix", "sm_"]);
    assert!(said.contains("--realm and --prefix are for jabberd2 only"), "{said}");
}

#[test]
fn a_column_that_is_missing() {
    let dir = folder(&brands());
    let from = database(&dir, &TABLES.replace("realm text, password text", "realm text, pass text"));
    let said = refused(&dir, &["jabberd2", "--from", &from]);
    assert!(said.contains("the table authreg has no column password"), "{said}");
}

/// The same name in a realm that two domains share is two people with one password, which MD5 keeps with the realm's name.
#[test]
fn a_realm_of_two_domains() {
    let dir = folder(&brands());
    // MD5 of `jack:CHESS:e2e4` and `anna:CHESS:d2d4`.
    let rows = format!(
        "insert into authreg (username, realm, password) values ('jack', 'CHESS', '{}'), ('anna', 'CHESS', '{}');
        insert into active values ('jack@chess.example', 1, 1), ('jack@wuchess.example', 2, 1), ('anna@wuchess.example', 3, 1);",
        md5("jack:CHESS:e2e4"),
        md5("anna:CHESS:d2d4"),
    );
    let from = database(&dir, &format!("{TABLES}{rows}"));
    let said = import(&dir, &["jabberd2", "--from", &from]);
    assert!(said.contains("the realm \"CHESS\" is that of chess.example, wuchess.example"), "{said}");
    let server = Server::start_in(dir);
    for domain in ["chess.example", "wuchess.example"] {
        assert!(logs_in(&server, domain, "jack", "e2e4"), "{domain}");
        assert!(!logs_in(&server, domain, "jack", "d2d4"), "{domain}");
    }
    assert!(logs_in(&server, "wuchess.example", "anna", "d2d4"));
}

fn md5(text: &str) -> String {
    let mut hash = Command::new(python());
    hash.args(["-c", "import hashlib, sys; print(hashlib.md5(sys.argv[1].encode()).hexdigest())", text]);
    String::from_utf8(hash.output().unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn domains_that_differ_by_case() {
    let dir = folder(&brands());
    let rows = "insert into authreg (username, realm, password) values
            ('jack', 'chess.example', 'right'), ('jack', 'Chess.Example', 'wrong'), ('anna', 'CHESS.EXAMPLE', 'd2d4');
        insert into active values
            ('jack@chess.example', 1, 1), ('jack@Chess.Example', 2, 1), ('anna@CHESS.EXAMPLE', 3, 1);
        insert into \"roster-items\" values ('jack@chess.example', 1, 'anna@chess.example', 'Anna', 1, 1, 0),
            ('jack@Chess.Example', 2, 'ANNA@chess.example', 'ANNA', 1, 1, 0);";
    let from = database(&dir, &format!("{TABLES}{rows}"));
    let args = ["jabberd2", "--from", &from, "--report", "r.json"];
    import(&dir, &args);
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(dir.path().join("r.json")).unwrap()).unwrap();
    let counts = &report["counts"]["chess.example"];
    assert_eq!(counts["account"]["skipped"]["duplicate"], 1, "{counts}");
    assert_eq!(counts["roster"]["skipped"]["same-but-for-case"], 1, "{counts}");
    assert_eq!(report["counts"].as_object().unwrap().len(), 1, "{report}");
    let server = Server::start_in(dir);
    assert!(
        logs_in(&server, "chess.example", "jack", "right")
            && logs_in(&server, "chess.example", "anna", "d2d4")
    );
    assert!(!logs_in(&server, "chess.example", "jack", "wrong"));
}
