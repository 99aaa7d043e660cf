//! Three brands whose members stand in tables of their own, in PostgreSQL, MariaDB and SQLite, and real clients that are
//! connected while a database is away.

use std::process::Command;

use serde_json::json;

use super::stage::{Over, Stage, log_in};
use crate::database::site;
use crate::fixture::{Server, castling, folder, plugin, until};
use crate::outage::database_server::DatabaseServer;

const DOMAINS: [&str; 3] = ["chess.example", "wuchess.example", "go.example"];
const JACK: &str = "jack@chess.example";
const OTHER: &str = "jack@wuchess.example";
const CLEO: &str = "cleo@go.example";

/// Somebody who has an account elsewhere is in each table.
const MEMBERS: &str = "create table member (username varchar(500) primary key, password varchar(500));
    insert into member values ('meta@gmail.example', 'g1f3');";
const POSTGRES: &str = "create index member_name on member (lower(username));
    insert into member values ('Jack@Chess.Example', 'jack-chess'), ('late@chess.example', 'late-chess');";
const MARIADB: &str = "insert into member values ('jack@wuchess.example', md5('jack-wuchess')),
    ('late@wuchess.example', md5('late-wuchess'));";
const SQLITE: &str = "create index member_name on member (lower(username));
    insert into member values ('cleo@go.example', 'cleo-go');";

fn source(name: &str, url: &str, column: &str) -> String {
    format!(
        "[datasources.{name}]\nurl = {url:?}\nconnect_seconds = 2\n[datasources.{name}.queries]\n\
         credentials = \"select password from member where {column} = :jid\"\n"
    )
}

fn brand(domain: &str, source: &str, format: &str) -> String {
    format!(
        "[[domain]]\nname = \"{domain}\"\nauth = [\"auth-sql\"]\n\
         config.auth-sql = {{ source = \"{source}\", format = \"{format}\" }}\n"
    )
}

fn start(postgres: &str, mariadb: &str) -> Stage {
    let sources = source("one", postgres, "lower(username)")
        + &source("two", mariadb, "username")
        + &source("three", "sqlite:members.db", "lower(username)");
    let brands = brand(DOMAINS[0], "one", "plain")
        + &brand(DOMAINS[1], "two", "md5-hex")
        + &brand(DOMAINS[2], "three", "plain");
    let file = plugin("auth-sql");
    let grants = "grants = [\"sql:one/*\", \"sql:two/*\", \"sql:three/*\"]\n";
    let dir = folder(&format!("{sources}[plugins.auth-sql]\nfile = {file:?}\n{grants}{brands}"));
    let mut made = Command::new("sqlite3");
    made.arg(dir.path().join("members.db")).arg(format!("{MEMBERS}{SQLITE}"));
    assert!(made.status().unwrap().success());
    let checked = castling(dir.path(), &["check"], "");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    Stage::on(Server::start_in(dir), &DOMAINS)
}

/// Logs in with a password, and comes online.
fn online(stage: &mut Stage, name: &str, jid: &str, password: &str, over: Over) {
    let order = order(stage, name, jid, password, over);
    stage.clients.obey(&order);
    stage.tell(name, "online");
}

fn order(stage: &Stage, name: &str, jid: &str, password: &str, over: Over) -> serde_json::Value {
    let mut order = log_in(&stage.server, name, jid, over, false);
    order["password"] = json!(password);
    order
}

fn refused(stage: &mut Stage, jid: &str, password: &str, over: Over) -> String {
    let order = order(stage, "refused", jid, password, over);
    stage.clients.fails(&order)
}

/// A word that arrives.
fn talk(stage: &mut Stage, from: (&str, &str), to: (&str, &str), body: &str) {
    stage.say(from.0, to.1, body);
    stage.clients.event(body, |e| e["at"] == to.0 && e["body"] == body);
}

#[test]
#[ignore = "needs PostgreSQL and MariaDB: cargo xtask databases"]
fn members_of_three_brands() {
    let (mut postgres, first) = site("POSTGRES", &format!("{MEMBERS}{POSTGRES}"));
    let (mut mariadb, second) = site("MARIADB", &format!("{MEMBERS}{MARIADB}"));
    let mut stage = start(&first, &second);
    online(&mut stage, "jack", &format!("{JACK}/desk"), "jack-chess", Over::StartTls);
    online(&mut stage, "other", &format!("{OTHER}/page"), "jack-wuchess", Over::StropheHttps);
    online(&mut stage, "cleo", &format!("{CLEO}/page"), "cleo-go", Over::XmppWss);
    all_talk(&mut stage, "before");
    for (jid, password) in [(JACK, "jack-wuchess"), (OTHER, "jack-chess"), ("meta@go.example", "g1f3")] {
        let why = refused(&mut stage, &format!("{jid}/wrong"), password, Over::StropheWss);
        assert!(why.contains("AUTHFAIL") || why.contains("not-authorized"), "{jid}: {why}");
    }
    away(&mut stage, &mut postgres, "chess");
    away(&mut stage, &mut mariadb, "wuchess");
    for name in ["jack", "other", "cleo"] {
        assert!(stage.clients.losses(name).is_empty(), "{name} stayed: {:?}", stage.clients.losses(name));
    }
    let listed = stage.server.ok(&["user", "list", DOMAINS[0]]);
    assert!(listed.contains("auth-sql") && listed.contains(JACK), "{listed}");
}

fn all_talk(stage: &mut Stage, when: &str) {
    let players = [("jack", JACK), ("other", OTHER), ("cleo", CLEO)];
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        let body = format!("{when} from {}", players[from].0);
        talk(stage, players[from], players[to], &body);
    }
}

/// The database of one brand is killed and started again. Who is there stays and talks, and so does who logs in on the
/// other brands; members of this one are told to try again, and can once it is back. Somebody who has never logged in finds what was
/// written to them.
fn away(stage: &mut Stage, database: &mut DatabaseServer, brand: &str) {
    let late = format!("late@{brand}.example");
    database.kill();
    all_talk(stage, &format!("without {brand}"));
    let why = refused(stage, &format!("jack@{brand}.example/late"), &format!("jack-{brand}"), Over::XmppWss);
    assert!(why.contains("temporary-auth-failure"), "{why}");
    online(
        stage,
        &format!("cleo without {brand}"),
        &format!("{CLEO}/again-{brand}"),
        "cleo-go",
        Over::XmppWss,
    );
    stage.say("cleo", &late, "is it lost?");
    stage
        .clients
        .event("the bounce", |e| e["at"] == "cleo" && e["from"] == late.as_str() && e["type"] == "error");
    database.restart();
    let jack = format!("jack@{brand}.example/late");
    let back = order(stage, &format!("back {brand}"), &jack, &format!("jack-{brand}"), Over::StropheWss);
    until("the source is used again", || stage.clients.tries(&back).is_ok());
    stage.say("cleo", &late, "welcome");
    online(stage, &late, &format!("{late}/page"), &format!("late-{brand}"), Over::StropheHttps);
    let first = stage
        .clients
        .event("what was written before", |e| e["at"] == late.as_str() && e["body"] == "welcome");
    assert_eq!(first["delayed"], true);
}
