//! Data of real servers, read back by a real client: slixmpp logs in as each user with the old password.

use std::process::Command;

use tempfile::TempDir;

use super::{brands, import, source, sqlite};
use crate::database;
use crate::fixture::{Server, folder};
use crate::main_job::driver::script;

/// Starts a server on what was imported, and has all users read what they have.
fn read_back(dir: TempDir, server: &str, truth: &str, without: &str) {
    let running = Server::start_in(dir);
    let port = running.address("c2s").port().to_string();
    let mut reading = script("read_back.py");
    reading.args(["--starttls", &port, "--source", server, "--without", without]);
    let output = reading.arg("--truth").arg(source(truth).join("truth.json")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        running.log()
    );
    assert!(said.starts_with("ok 2"), "{said}");
}

#[test]
fn jabberd2_with_passwords_in_the_clear() {
    for secrets in ["derive", "keep"] {
        let dir = folder(&brands());
        let from = sqlite("jabberd2-a-sqlite/jabberd2.db");
        import(&dir, &["jabberd2", "--from", &from, "--secrets", secrets]);
        read_back(dir, "jabberd2", "jabberd2-a-sqlite", "");
    }
}

#[test]
fn ejabberd_with_scram_keys() {
    let dir = folder(&brands());
    for domain in ["chess.example", "wuchess.example"] {
        import(
            &dir,
            &["ejabberd", "--from", &sqlite(&format!("ejabberd-a-sqlite/{domain}.db")), "--domain", domain],
        );
    }
    read_back(dir, "ejabberd", "ejabberd-a-sqlite", "");
}

#[test]
fn exports_of_ejabberd() {
    for (export, truth) in
        [("xep0227-a-ejabberd-plain", "ejabberd-a-mnesia"), ("xep0227-a-ejabberd-scram", "ejabberd-a-sqlite")]
    {
        let dir = folder(&brands());
        import(&dir, &["xep0227", "--from", source(export).to_str().unwrap()]);
        read_back(dir, "ejabberd", truth, "");
    }
}

#[test]
fn prosody_in_files_and_its_migrators_export() {
    let dir = folder(&brands());
    import(&dir, &["prosody", "--from", source("prosody-a-files/data").to_str().unwrap()]);
    read_back(dir, "prosody", "prosody-a-files", "");
    let dir = folder(&brands());
    import(&dir, &["xep0227", "--from", source("xep0227-a-prosody").to_str().unwrap()]);
    read_back(dir, "prosody", "prosody-a-files", "privacy,offline");
}

#[test]
#[ignore = "loads a dump into a PostgreSQL: cargo xtask databases"]
fn jabberd2_on_postgresql_with_a1hash() {
    let url = database::loaded("POSTGRES", &source("jabberd2-a-pgsql/jabberd2.pg.sql"));
    let dir = folder(&brands());
    import(&dir, &["jabberd2", "--from", &url]);
    import(&dir, &["jabberd2", "--from", &url, "--verify"]);
    read_back(dir, "jabberd2", "jabberd2-a-pgsql", "");
}

#[test]
#[ignore = "loads a dump into a MariaDB: cargo xtask databases"]
fn jabberd2_on_mariadb_with_bcrypt() {
    let url = database::loaded("MARIADB", &source("jabberd2-a-mysql/jabberd2.mysql.sql"));
    let dir = folder(&brands());
    let said = import(&dir, &["jabberd2", "--from", &url]);
    assert!(said.contains("27 are hashes that say how they were made"), "{said}");
    assert!(
        said.contains("chess.example: 14 accounts have their password as other software kept it"),
        "{said}"
    );
    import(&dir, &["jabberd2", "--from", &url, "--verify"]);
    read_back(dir, "jabberd2", "jabberd2-a-mysql", "");
    // What jabberd2's own tool takes out of it, with the hashes in the attribute `password`.
    let dir = folder(&brands());
    import(&dir, &["xep0227", "--from", source("xep0227-a-jabberd2tool").to_str().unwrap()]);
}

/// Tables as they were made before there was a character set: UTF-8 that the server takes for Latin-1.
#[test]
#[ignore = "needs a MariaDB: cargo xtask databases"]
fn jabberd2_in_latin1() {
    let text = std::fs::read_to_string(source("jabberd2-a-mysql/jabberd2.mysql.sql")).unwrap();
    let old = text.replace("CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci", "CHARSET=latin1");
    let old = old.replace("SET NAMES utf8mb4", "SET NAMES latin1");
    // A vCard's columns are short enough in Latin-1 to stand in the row, which then is too long.
    let old = format!("SET innodb_strict_mode = OFF;\n{old}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), old).unwrap();
    let url = database::loaded("MARIADB", file.path());
    let dir = folder(&brands());
    let said = import(&dir, &["jabberd2", "--from", &url]);
    assert!(said.contains("roster-items.name: ") && said.contains("encoded in UTF-8 twice"), "{said}");
    read_back(dir, "jabberd2", "jabberd2-a-mysql", "");
}

/// The test's own check that its clients can tell: a wrong truth is found.
#[test]
fn a_difference_is_found() {
    let dir = folder(&brands());
    import(
        &dir,
        &["jabberd2", "--from", &sqlite("jabberd2-a-sqlite/jabberd2.db"), "--kind", "account,private"],
    );
    let running = Server::start_in(dir);
    let port = running.address("c2s").port().to_string();
    let mut reading: Command = script("read_back.py");
    // What was not imported never comes.
    reading.args(["--starttls", &port, "--source", "jabberd2", "--patience", "5", "--truth"]);
    let output = reading.arg(source("jabberd2-a-sqlite/truth.json")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for what in
        ["alice@chess.example: contact bob@chess.example", "bob@wuchess.example: privacy lists", "messages"]
    {
        assert!(said.contains(what), "{said}");
    }
}
