//! ejabberd's and Prosody's tables on database servers: what is imported of them is the same as from SQLite.

use std::process::Command;

use tempfile::NamedTempFile;

use super::{brands, files, forget_creation, import, source, sqlite};
use crate::database;
use crate::fixture::{castling, folder};
use crate::main_job::driver::python;

/// The users of a source, as they are exported.
fn exported(config: &str, args: &[&str]) -> Vec<(std::path::PathBuf, String)> {
    let dir = folder(config);
    import(&dir, args);
    import(&dir, &[args, &["--verify"]].concat());
    let to = dir.path().join("out");
    let export = ["export", "xep0227", "--to", to.to_str().unwrap(), "--for", "prosody"];
    assert!(castling(dir.path(), &export, "").status.success());
    let mut files = files(&to);
    // Where the source does not say when an account was made, it was when it was imported.
    for (_, text) in &mut files {
        forget_creation(text);
    }
    files
}

/// The tables of an SQLite file on a database server.
fn on(name: &str, file: &str) -> String {
    let engine = name.to_lowercase();
    let mut made = Command::new(python());
    made.arg("-B").arg(source("to_sql.py")).arg(engine).arg(source(file));
    let made = made.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let dump = NamedTempFile::new().unwrap();
    std::fs::write(dump.path(), made.stdout).unwrap();
    database::loaded(name, dump.path())
}

fn the_same(config: &str, server: &str, file: &str, more: &[&str]) {
    let users =
        |from: &str| exported(config, &[&[server, "--secrets", "keep", "--from", from][..], more].concat());
    let there = users(&sqlite(file));
    assert!(there.len() > 5, "{} users", there.len());
    for name in ["POSTGRES", "MARIADB"] {
        let here = users(&on(name, file));
        for (one, other) in there.iter().zip(&here) {
            assert_eq!(one, other, "{name}");
        }
        assert_eq!(there.len(), here.len(), "{name}");
    }
}

#[test]
#[ignore = "needs both database servers: cargo xtask databases"]
fn ejabberd_with_its_old_schema() {
    the_same(&brands(), "ejabberd", "ejabberd-a-sqlite/chess.example.db", &["--domain", "chess.example"]);
}

#[test]
#[ignore = "needs both database servers: cargo xtask databases"]
fn ejabberd_with_its_new_schema() {
    let config = "[[domain]]\nname = \"a.example\"\n[[domain]]\nname = \"b.example\"\n";
    the_same(config, "ejabberd", "ejabberd-more/new.db", &[]);
}

#[test]
#[ignore = "needs both database servers: cargo xtask databases"]
fn prosody_with_its_sql_storage() {
    the_same(&brands(), "prosody", "prosody-more/prosody.sqlite", &[]);
}
