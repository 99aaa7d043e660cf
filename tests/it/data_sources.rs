//! Foreign databases: what `check`, `storage check`, `reload` and a start make of them. The server's own database stands
//! in for a foreign one.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::database;
use crate::fixture::{Server, add_users, castling, folder};

const DOMAIN: &str = "[[domain]]\nname = \"chess.example\"\n";
const USERS: [&str; 1] = ["jack@chess.example"];

/// The URL of the server's own database, relative to the configuration.
fn own(dir: &Path) -> String {
    database::url_in(dir).unwrap_or_else(|| "sqlite:data/castling.db".to_owned())
}

/// A source with these statements.
fn source(url: &str, queries: &[(&str, &str)]) -> String {
    let queries: String = queries.iter().map(|(name, text)| format!("{name} = {text:?}\n")).collect();
    format!(
        "[datasources.members]\nurl = {url:?}\nconnect_seconds = 1\n[datasources.members.queries]\n{queries}"
    )
}

/// Appends to a folder's configuration; returns the number of the first new line.
fn append(dir: &Path, more: &str) -> usize {
    let file = dir.join("castling.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}{more}")).unwrap();
    text.lines().count() + 1
}

fn words(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_a_statement_does_wrong_is_reported_with_its_line() {
    let dir = folder(DOMAIN);
    add_users(dir.path(), &USERS);
    let queries = [
        ("good", "select domain from account where local = :local"),
        ("column", "select pasword from account where local = :local"),
        ("table", "select local from accounts"),
    ];
    let line = append(dir.path(), &source(&own(dir.path()), &queries));
    let output = castling(dir.path(), &["check"], "");
    let (_, error) = words(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    let of = |line: usize| {
        let place = format!("castling.toml:{line}: ");
        error.lines().filter(|text| text.starts_with(&place)).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(of(line + 4), "", "{error}");
    assert!(of(line + 5).contains("statement column: ") && of(line + 5).contains("pasword"), "{error}");
    assert!(of(line + 5).contains(" — correct the name of the column"), "{error}");
    assert!(
        of(line + 6).contains("accounts") && of(line + 6).contains(" — correct the name of the table"),
        "{error}"
    );
    let output = castling(dir.path(), &["storage", "check"], "");
    let (said, error) = words(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(said.lines().any(|line| line.starts_with("members/good ") && line.contains("local")), "{said}");
    assert!(error.contains("statement column: ") && error.contains("statement table: "), "{error}");
}

#[test]
fn a_source_that_is_down_is_a_warning_and_the_server_starts() {
    let down = source("postgres://u:secret@127.0.0.1:1/members", &[("one", "select 1 as one")]);
    let server = Server::start_with(&format!("{down}{DOMAIN}"), &USERS);
    let stats = server.stats();
    let members = &stats["datasources"]["members"];
    assert_eq!((members["state"].as_str(), members["connected"].as_u64()), (Some("closed"), Some(0)));
    assert!(server.ok(&["stats"]).contains("datasources.members.state closed\n"));
    let output = server.run(&["check"]);
    let (said, error) = words(&output);
    assert!(output.status.success(), "{error}");
    let warning = error.lines().find(|line| line.contains("data source members")).unwrap();
    assert!(warning.contains(": warning: data source members: the database is unreachable: "), "{warning}");
    assert!(warning.contains("the server starts without it"), "{warning}");
    assert!(said.contains("OK, "), "{said}");
    assert!(!error.contains("secret") && !server.log().contains("secret"), "{error}");
}

#[test]
fn sources_are_added_changed_and_removed_by_a_reload() {
    let server = Server::start_with(DOMAIN, &USERS);
    let file = server.dir.path().join("castling.toml");
    let before = fs::read_to_string(&file).unwrap();
    let names = |server: &Server| {
        server.stats()["datasources"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&server), [""; 0]);
    let queries = [("one", "select domain from account where local = :local")];
    let with = |url: &str| format!("{before}{}", source(url, &queries));
    fs::write(&file, with(&own(server.dir.path()))).unwrap();
    server.ok(&["reload"]);
    assert_eq!(names(&server), ["members"]);
    fs::write(&file, with("sqlite:other.db").replace("members", "others")).unwrap();
    server.ok(&["reload"]);
    assert_eq!(names(&server), ["others"]);
    let mistaken = with("sqlite:other.db").replace(" where", "; select 1 where");
    fs::write(&file, mistaken).unwrap();
    let refused = server.refused(&["reload"]);
    assert!(refused.contains("statement one: it contains several statements"), "{refused}");
    assert_eq!(names(&server), ["others"], "the configuration in force is unchanged");
    fs::write(&file, &before).unwrap();
    server.ok(&["reload"]);
    assert_eq!(names(&server), [""; 0]);
}

#[test]
fn a_storage_check_shows_what_statements_take_and_return() {
    let dir = folder(DOMAIN);
    add_users(dir.path(), &USERS);
    let query = ("by-id", "select domain, local from account where id = :id");
    append(dir.path(), &source(&own(dir.path()), &[query]));
    let output = castling(dir.path(), &["storage", "check"], "");
    let (said, error) = words(&output);
    assert!(output.status.success(), "{error}");
    let row = said.lines().find(|line| line.starts_with("members/by-id ")).unwrap();
    assert!(row.contains(" id") && row.contains("domain (") && row.contains("local ("), "{said}");
    assert!(said.contains("OK, "), "{said}");
}
