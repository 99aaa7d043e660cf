//! `castling import` and `castling export`, and what the imported users' real clients read.

mod faults;
mod jabberd2;
mod live;
mod peers;
mod real;
mod servers;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::fixture::{Server, castling, folder, plugin};
use crate::main_job::driver::python;

/// The data of real servers.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/migration").join(name)
}

/// Both brands, with the protocol of privacy lists.
fn brands() -> String {
    let brand = |name| format!("[[domain]]\nname = \"{name}\"\nplugins = [\"privacy\"]\n");
    format!(
        "[limits]\nlogins_per_minute = 1000\n[plugins.privacy]\nfile = {:?}\n\
         grants = [\"screening\", \"sessions.of-account\", \"sessions.push\"]\n{}{}",
        plugin("privacy"),
        brand("chess.example"),
        brand("wuchess.example"),
    )
}

fn sqlite(name: &str) -> String {
    format!("sqlite:{}", source(name).display())
}

/// Runs statements on an SQLite file, which is made if it does not exist; its URL.
fn run_on(file: &Path, statements: &str) -> String {
    let mut run = Command::new(python());
    run.args(["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"]);
    assert!(run.arg(file).arg(statements).status().unwrap().success());
    format!("sqlite:{}", file.display())
}

/// Takes out of an exported user when the account was made; whether it was in there.
fn forget_creation(text: &mut String) -> bool {
    let start = " created='";
    let Some(at) = text.find(start) else { return false };
    let value = at + start.len();
    let end = value + text[value..].find('\'').unwrap();
    text.replace_range(at..=end, "");
    true
}

/// Imports without a server; what was printed.
fn import(dir: &TempDir, args: &[&str]) -> String {
    let output = castling(dir.path(), &[&["import"], args].concat(), "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "castling import {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_report_accounts_for_every_record() {
    let dir = folder(&brands());
    let (file, from) = (dir.path().join("r.json"), sqlite("jabberd2-a-sqlite/jabberd2.db"));
    import(&dir, &["jabberd2", "--from", &from, "--report", file.to_str().unwrap()]);
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(
        (&report["complete"], &report["server"], &report["mode"]),
        (&true.into(), &"jabberd2".into(), &"write".into())
    );
    let sum = |counts: &serde_json::Value| {
        let skipped: u64 =
            counts["skipped"].as_object().unwrap().values().filter_map(|rows| rows.as_u64()).sum();
        counts["created"].as_u64().unwrap() + counts["changed"].as_u64().unwrap() + skipped
    };
    let domains = report["counts"].as_object().unwrap();
    assert_eq!(domains["chess.example"]["roster"]["read"], 109);
    for counts in domains.values().flat_map(|kinds| kinds.as_object().unwrap().values()) {
        assert_eq!(counts["read"], sum(counts), "{counts}");
    }
}

#[test]
fn mistakes_have_a_remedy() {
    let dir = folder(&brands());
    let from = sqlite("jabberd2-a-sqlite/jabberd2.db");
    let old = sqlite("ejabberd-a-sqlite/chess.example.db");
    for (args, said) in [
        (
            &["jabberd2", "--from", "jabberd2.db"][..],
            "--from jabberd2.db is not the URL of a database — write sqlite:FILE",
        ),
        (&["jabberd2", "--from", "sqlite:absent.db"], "absent.db"),
        (&["jabberd2", "--from", &old], "this is not a database of jabberd2"),
        (&["ejabberd", "--from", &from], "ejabberd"),
        (&["ejabberd", "--from", &old], "name it with --domain"),
        (
            &["jabberd2", "--from", &from, "--domain", "other.example"],
            "other.example is not a domain both of the source",
        ),
        (&["jabberd2", "--from", &from, "--realm", "x=chess.example"], "no account has the realm \"x\""),
        (&["prosody", "--from", "absent"], "absent"),
        (&["xep0227", "--from", "absent"], "absent"),
    ] {
        let output = castling(dir.path(), &[&["import"], args].concat(), "");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.contains(said), "{args:?}: {error}");
    }
}

#[test]
fn an_export_imports_to_the_same_users() {
    let dir = folder(&brands());
    import(&dir, &["jabberd2", "--from", &sqlite("jabberd2-a-sqlite/jabberd2.db")]);
    let out = dir.path().join("out");
    let export = |to: &Path| castling(dir.path(), &["export", "xep0227", "--to", to.to_str().unwrap()], "");
    assert!(export(&out).status.success());
    let again = export(&out);
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"), "an export overwrites nothing");
    let other = folder(&brands());
    import(&other, &["xep0227", "--from", out.to_str().unwrap()]);
    import(&other, &["xep0227", "--from", out.to_str().unwrap(), "--verify"]);
    import(&other, &["jabberd2", "--from", &sqlite("jabberd2-a-sqlite/jabberd2.db"), "--verify"]);
    let back = other.path().join("out");
    assert!(
        castling(other.path(), &["export", "xep0227", "--to", back.to_str().unwrap()], "").status.success()
    );
    assert_eq!(files(&out), files(&back));
    let each = other.path().join("each");
    let args = ["export", "xep0227", "--to", each.to_str().unwrap(), "--for", "prosody"];
    assert!(castling(other.path(), &args, "").status.success());
    import(&other, &["xep0227", "--from", each.to_str().unwrap(), "--verify"]);
    assert!(files(&each).iter().any(|(name, _)| name == Path::new("alice@wuchess.example.xml")));
    let one = other.path().join("one");
    let args = ["export", "xep0227", "--to", one.to_str().unwrap(), "--user", "alice@wuchess.example"];
    assert!(castling(other.path(), &args, "").status.success());
    assert_eq!(files(&one).len(), 2);
}

/// All files below a folder, which are the owner's alone, by name.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(folder).unwrap().to_owned(), text));
        }
    }
    found.sort();
    found
}

#[test]
fn a_running_server_exports() {
    let server = Server::start_with(&brands(), &["jack@chess.example"]);
    let to = server.dir.path().join("out");
    server.ok(&["export", "xep0227", "--to", to.to_str().unwrap(), "--domain", "chess.example"]);
    let names: Vec<_> = files(&to).into_iter().map(|(name, _)| name.display().to_string()).collect();
    assert_eq!(names, ["hosts/chess.example.xml", "server-data.xml"]);
}
