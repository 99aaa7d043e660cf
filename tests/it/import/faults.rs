//! Servers that are killed while users are imported, a disk that is full, and bytes that no text has.

use std::process::{Child, Command, Stdio};

use super::{brands, import, run_on};
use crate::database;
use crate::fixture::{CASTLING, Server, castling, folder, signal, until};
use crate::main_job::driver::python;

/// Users of the sources.
const USERS: usize = 15_000;

/// A database of jabberd2 with many users and a few contacts of each, which have names so long that no socket has room
/// for all; `numbers` gives `i` from 1 on.
fn tables(first: &str, numbers: &str) -> String {
    format!(
        "{first}
        create table authreg (username varchar(100), realm varchar(100), password varchar(100));
        create table active (\"collection-owner\" varchar(200), \"object-sequence\" bigint, time bigint);
        create table \"roster-items\" (\"collection-owner\" varchar(200), \"object-sequence\" bigint, jid text, name text,
            \"to\" boolean, \"from\" boolean, ask integer);
        create table logout (\"collection-owner\" text, time integer);
        create table \"roster-groups\" (\"collection-owner\" text, jid text, \"group\" text);
        create table vcard (\"collection-owner\" text, fn text);
        create table queue (\"collection-owner\" text, xml text);
        create table private (\"collection-owner\" text, ns text, xml text);
        create table \"privacy-items\" (\"collection-owner\" text, list text, type text, value text, deny boolean,
            \"order\" integer, block integer);
        create table \"privacy-default\" (\"collection-owner\" text, \"default\" text);
        insert into authreg select concat('u', i), 'chess.example', concat('secret', i) from {numbers};
        insert into active select concat('u', i, '@chess.example'), i, 1700000000 from {numbers};
        insert into \"roster-items\" select concat('u', i, '@chess.example'), i, concat('c', i, '@wuchess.example'),
            repeat('x', 900), true, true, 0 from {numbers};
        insert into \"roster-items\" select concat('u', i, '@chess.example'), i + {USERS}, 'gamebot@chess.example',
            null, true, false, 0 from {numbers};"
    )
}

/// It, on the server of that name.
fn source_on(name: &str) -> (crate::outage::database_server::DatabaseServer, String) {
    match name {
        "POSTGRES" => database::site(name, &tables("", &format!("generate_series(1, {USERS}) i"))),
        _ => {
            let numbers = format!("(select seq i from seq_1_to_{USERS}) numbers");
            database::site(name, &tables("set sql_mode = 'ANSI';", &numbers))
        }
    }
}

const ARGS: [&str; 5] = ["import", "jabberd2", "--secrets", "keep", "--from"];

fn importing(server: &Server, from: &str) -> Child {
    let mut import = Command::new(CASTLING);
    import.args(ARGS).arg(from).current_dir(server.dir.path());
    import.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until some users are there, and not yet all; then does something, while the import stands still.
fn under_way(server: &Server, import: &Child, act: impl FnOnce()) {
    until("users are there", || users(server) > 0);
    signal(import.id(), "STOP");
    let there = users(server);
    act();
    signal(import.id(), "CONT");
    assert!(there < USERS, "too late");
}

fn users(server: &Server) -> usize {
    let listed = server.ok(&["user", "list", "chess.example"]);
    listed.lines().filter(|line| line.contains('@')).count()
}

/// What it said when it failed.
fn failed(import: Child) -> String {
    let output = import.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("run the command again"), "{said}");
    said
}

/// Run again, it is whole; and once more changes nothing.
fn whole(server: &Server, from: &str) {
    let args = [&ARGS[..], &[from]].concat();
    server.ok(&args);
    server.ok(&[&args[..], &["--verify"]].concat());
    assert_eq!(users(server), USERS);
}

fn source_is_killed(name: &str) {
    let (mut killed, from) = source_on(name);
    let server = Server::start_with(&brands(), &[]);
    let import = importing(&server, &from);
    under_way(&server, &import, || killed.kill());
    failed(import);
    killed.restart();
    whole(&server, &from);
}

fn target_is_killed(source: &str, target: &str) {
    let (_, from) = source_on(source);
    let (mut killed, url) = database::site(target, "select 1");
    let server = Server::start_with(&format!("{}[storage]\nurl = \"{url}\"\n", brands()), &[]);
    let import = importing(&server, &from);
    under_way(&server, &import, || killed.kill());
    failed(import);
    killed.restart();
    until("the server has its database again", || {
        server.run(&["user", "list", "chess.example"]).status.success()
    });
    whole(&server, &from);
}

#[test]
#[ignore = "kills a PostgreSQL: cargo xtask databases"]
fn the_source_is_killed_on_postgresql() {
    source_is_killed("POSTGRES");
}

#[test]
#[ignore = "kills a MariaDB: cargo xtask databases"]
fn the_source_is_killed_on_mariadb() {
    source_is_killed("MARIADB");
}

#[test]
#[ignore = "kills a PostgreSQL: cargo xtask databases"]
fn the_target_is_killed_on_postgresql() {
    target_is_killed("MARIADB", "POSTGRES");
}

#[test]
#[ignore = "kills a MariaDB: cargo xtask databases"]
fn the_target_is_killed_on_mariadb() {
    target_is_killed("POSTGRES", "MARIADB");
}

/// An SQLite file of jabberd2 with some users, as `bench/jabberd2.py` makes it, and statements on it.
fn made(dir: &std::path::Path, users: usize, statements: &str) -> String {
    let file = dir.join("jabberd2.db");
    let tool = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/jabberd2.py");
    let mut make = Command::new(python());
    make.arg("-B").arg(tool).args([
        "--users",
        &users.to_string(),
        "--hosts",
        "chess.example,wuchess.example",
    ]);
    let made = make.arg("--sqlite").arg(&file).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    run_on(&file, statements)
}

/// In a file system of its own, which is full, then larger.
#[test]
fn the_disk_is_full() {
    let dir = folder(&brands());
    let from = made(dir.path(), 3000, "");
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let script = "set -e
        mount -t tmpfs -o size=4m tmpfs data
        import() { \"$0\" import jabberd2 --secrets keep --from \"$1\" $2; }
        if import \"$1\" 2>full.txt; then echo 'it had room' >&2; exit 9; fi
        mount -o remount,size=400m data
        import \"$1\"
        import \"$1\" --verify";
    let mut run = Command::new("unshare");
    run.args(["--map-root-user", "--mount", "sh", "-c", script, CASTLING, &from]);
    let output = run.current_dir(dir.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = std::fs::read_to_string(dir.path().join("full.txt")).unwrap();
    assert!(said.contains("full") && said.contains("run the command again"), "{said}");
}

/// SQLite and MariaDB keep them in text; no XML does, and no password can be typed so.
#[test]
fn nul_bytes() {
    let dir = folder(&brands());
    let odd = "update \"roster-items\" set name = 'A' || char(0) || 'B';
        update \"roster-groups\" set \"group\" = char(0) || \"group\";
        update vcard set fn = fn || char(0);
        update queue set xml = replace(xml, '<body>', '<body>' || char(0));
        insert into authreg values ('n' || char(0) || 'ul', 'chess.example', 'x');
        update authreg set password = 'a' || char(0) || 'b' where username = (select min(username) from authreg);";
    let from = made(dir.path(), 50, odd);
    let args = ["jabberd2", "--from", &from, "--secrets", "keep", "--report", "r.json"];
    import(&dir, &args);
    import(&dir, &["jabberd2", "--from", &from, "--secrets", "keep", "--verify"]);
    let report = std::fs::read_to_string(dir.path().join("r.json")).unwrap();
    assert!(report.contains("bad-jid"), "{report}");
}

/// A file that was cut lacks users, who are not gone.
#[test]
fn a_source_that_cannot_be_read_to_its_end_removes_nothing() {
    let dir = folder(&brands());
    let whole = super::source("xep0227-a-ejabberd-plain");
    let hosts = std::fs::read_dir(&whole).unwrap().map(|entry| entry.unwrap().path());
    let host = hosts.into_iter().find(|path| path.to_string_lossy().ends_with("_chess_example.xml")).unwrap();
    import(&dir, &["xep0227", "--from", host.to_str().unwrap()]);
    let text = std::fs::read(&host).unwrap();
    std::fs::write(dir.path().join("cut.xml"), &text[..45_000]).unwrap();
    for mode in [&["--dry-run"][..], &[], &["--verify"]] {
        let output = castling(dir.path(), &[&["import", "xep0227", "--from", "cut.xml"], mode].concat(), "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("could not be read: what is missing there was left as it is here"), "{said}");
    }
    import(&dir, &["xep0227", "--from", host.to_str().unwrap(), "--verify"]);
}

/// A user's file that is damaged says nothing of what was in it.
#[test]
fn files_of_prosody_that_are_damaged() {
    let dir = folder(&brands());
    let (from, to) = (super::source("prosody-a-files/data"), dir.path().join("prosody"));
    assert!(Command::new("cp").arg("-r").arg(from).arg(&to).status().unwrap().success());
    let args = ["prosody", "--from", "prosody"];
    import(&dir, &args);
    let host = to.join("chess%2eexample");
    for store in ["roster", "vcard", "private", "privacy"] {
        std::fs::write(host.join(store).join("carol.dat"), "return {").unwrap();
    }
    std::fs::write(host.join("accounts/bob.dat"), "return {").unwrap();
    let said = import(&dir, &args);
    let removed = said.lines().filter_map(|line| line.split_whitespace().nth(5)?.parse::<u64>().ok());
    assert_eq!(removed.sum::<u64>(), 0, "{said}");
}

/// The source, the configuration: a report replaces a report only.
#[test]
fn a_report_overwrites_nothing_else() {
    let dir = folder(&brands());
    let from = made(dir.path(), 20, "");
    let source = std::fs::read(dir.path().join("jabberd2.db")).unwrap();
    for (file, said) in [
        ("jabberd2.db", "exists and is no report"),
        ("castling.toml", "exists and is no report"),
        ("absent/r.json", "cannot write the report"),
    ] {
        let args = ["import", "jabberd2", "--from", &from, "--report", file];
        let output = castling(dir.path(), &args, "");
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{file}");
    }
    assert_eq!(std::fs::read(dir.path().join("jabberd2.db")).unwrap(), source);
    for _ in 0..2 {
        import(&dir, &["jabberd2", "--from", &from, "--report", "r.json", "--dry-run"]);
    }
    import(&dir, &["jabberd2", "--from", &from, "--report", "/dev/null", "--dry-run"]);
}
