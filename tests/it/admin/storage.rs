//! The database is checked, copied to another one and backed up.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::database;
use crate::fixture::{BRANDS, Server, castling};
use crate::kill::stored;
use crate::raw::Raw;

const USERS: [&str; 2] = ["jack@chess.example", "mary@chess.example"];

/// A server with a stored message for mary.
fn server() -> Server {
    let server = Server::start_with(BRANDS, &USERS);
    write(&server, "first");
    server
}

fn write(server: &Server, text: &str) {
    let mut jack = Raw::bound(server.address("c2s_plain"), "jack@chess.example/a");
    jack.manage();
    jack.send(&format!("<message to='mary@chess.example' type='chat'><body>{text}</body></message>"));
    jack.settle(1);
}

fn read(server: &Server) -> Vec<String> {
    stored(&mut Raw::bound(server.address("c2s_plain"), "mary@chess.example/a"))
}

#[test]
fn a_database_is_checked_while_its_server_runs() {
    let server = server();
    let said = server.ok(&["storage", "check"]);
    assert!(said.contains("OK, ") && said.contains("each uses an index"), "{said}");
    let accounts = said.lines().find(|line| line.starts_with("account ")).unwrap();
    assert!(accounts.ends_with(" 2"), "{said}");
}

#[test]
fn a_server_is_moved_to_another_database() {
    let server = server();
    let from = database::url_in(server.dir.path()).unwrap_or_else(|| "sqlite:castling.db".to_owned());
    let refused = server.refused(&["storage", "copy", "--from", &from, "--to", "sqlite:other.db"]);
    assert!(refused.contains("stop it first"), "{refused}");
    let (_, dir) = server.stop();
    let copy = |to: &str| castling(dir.path(), &["storage", "copy", "--from", &from, "--to", to], "");
    let copied = copy("sqlite:other.db");
    let (out, err) = (String::from_utf8(copied.stdout).unwrap(), String::from_utf8(copied.stderr).unwrap());
    assert!(copied.status.success(), "{err}");
    assert!(out.contains("OK, both databases contain the same"), "{out}");
    assert!(err.contains("compared 2 of 2 accounts"), "{err}");
    let again = copy("sqlite:other.db");
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("the database to copy to is not empty"));
    assert_eq!(copy(&from).status.code(), Some(1));
    for wrong in ["oracle://u:secret@h/d", "sqlite:"] {
        let error = String::from_utf8(copy(wrong).stderr).unwrap();
        assert!(error.contains("--to: unsupported storage URL") && !error.contains("secret"), "{error}");
    }

    let file = dir.path().join("castling.toml");
    let text = fs::read_to_string(&file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("url = ") && *line != "[storage]");
    let text = lines.collect::<Vec<_>>().join("\n");
    fs::write(&file, text.replace("[listen]\n", "[storage]\nurl = \"sqlite:other.db\"\n[listen]\n")).unwrap();
    let server = Server::start_in(dir);
    assert_eq!(read(&server), ["first"]);
}

#[test]
fn a_backup_of_a_running_server_is_restored() {
    let server = server();
    if database::is_server() {
        let refused = server.refused(&["backup", "--to", "backup.db"]);
        assert!(refused.contains("docs/operators/databases.md"), "{refused}");
        return;
    }
    let said = server.ok(&["backup", "--to", "backup.db"]);
    assert!(said.starts_with("backup.db: OK, "), "{said}");
    let backup = server.dir.path().join("backup.db");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let refused = server.refused(&["backup", "--to", "backup.db"]);
    assert!(refused.contains("exists already"), "{refused}");
    let refused = server.refused(&["backup", "--to", "nowhere/backup.db"]);
    assert!(refused.contains("cannot write the file"), "{refused}");
    write(&server, "second");

    let dir = server.kill();
    for file in ["castling.db-wal", "castling.db-shm"] {
        fs::remove_file(dir.path().join("data").join(file)).unwrap();
    }
    fs::copy(&backup, dir.path().join("data/castling.db")).unwrap();
    let server = Server::start_in(dir);
    assert_eq!(read(&server), ["first"]);
}
