//! One server for a data directory and its ports; exit codes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use tempfile::TempDir;

use super::{JACK, bound};
use crate::fixture::{BRANDS, Server, add_users, castling, folder, until};
use crate::raw::Raw;

/// A configuration with one fixed port, which was free a moment ago.
fn fixed() -> (TempDir, TcpListener) {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = folder(BRANDS);
    super::rewrite(dir.path(), |text| {
        text.replacen("c2s = [\"127.0.0.1:0\"]", &format!("c2s = [\"{}\"]", held.local_addr().unwrap()), 1)
    });
    (dir, held)
}

#[test]
fn the_socket_is_the_operators_alone() {
    let server = Server::start(BRANDS);
    let data = server.dir.path().join("data");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data.join("admin.sock")), 0o600);
    assert_eq!(mode(data), 0o700);
}

#[test]
fn one_server_for_a_data_directory() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let said = server.refused(&["serve"]);
    assert!(said.contains(&format!("process {} is using the data directory", server.pid())), "{said}");
    bound(&server, "jack@chess.example/a").ping();
    // what a killed server leaves behind is in nobody's way
    let server = Server::start_in(server.kill());
    bound(&server, "jack@chess.example/a").ping();
    let (code, dir) = server.stop();
    assert_eq!(code, Some(0));
    assert!(!dir.path().join("data/admin.sock").exists());
}

#[test]
fn check_knows_the_running_servers_ports() {
    let (dir, held) = fixed();
    let address = held.local_addr().unwrap();
    for command in ["check", "serve"] {
        let output = castling(dir.path(), &[command], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let place = super::place(dir.path(), "c2s =");
        let expected = format!(
            "{place}: cannot listen on {address}: address already in use — stop the other program or choose another port"
        );
        assert!(said.contains(&expected), "{said}");
    }
    drop(held);
    let server = Server::start_in(dir);
    let said = server.ok(&["check"]);
    assert!(said.contains(": OK, "), "{said}");
    let other = folder(BRANDS);
    super::rewrite(other.path(), |text| {
        text.replacen("c2s = [\"127.0.0.1:0\"]", &format!("c2s = [\"{address}\"]"), 1)
    });
    let output = castling(other.path(), &["check"], "");
    assert_eq!(output.status.code(), Some(1), "another data directory: another server's port");
}

/// What keeps a server from starting is an error of `check` too.
#[test]
fn check_looks_at_the_data_directory_and_the_database() {
    let said = |dir: &TempDir, command: &str| {
        let output = castling(dir.path(), &[command], "");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let dir = folder(BRANDS);
    assert_eq!(said(&dir, "check").0, Some(0));
    assert!(!dir.path().join("data").exists(), "nothing is left behind");
    fs::create_dir(dir.path().join("data")).unwrap();
    let database = dir.path().join("data/castling.db");
    fs::write(&database, "no database, and long enough that it cannot be the beginning of one".repeat(100))
        .unwrap();
    for command in ["check", "serve"] {
        let (code, said) = said(&dir, command);
        assert!(code == Some(1) && said.contains("not a castling database, or damaged"), "{command}: {said}");
    }
    fs::remove_file(&database).unwrap();
    let (code, dir) = Server::start_in(dir).stop();
    assert_eq!((code, said(&dir, "check").0), (Some(0), Some(0)), "one of ours");
    super::rewrite(dir.path(), |text| {
        text.replace("data_dir = \"data\"", "data_dir = \"/proc/castling/data\"")
    });
    for command in ["check", "serve"] {
        let (code, said) = said(&dir, command);
        assert!(
            code == Some(1) && said.contains("the data directory /proc/castling/data"),
            "{command}: {said}"
        );
    }
}

#[test]
fn exit_codes() {
    let server = Server::start(BRANDS);
    let code = |args: &[&str]| server.run(args).status.code();
    assert_eq!(code(&["status"]), Some(0));
    assert_eq!(code(&["user", "show", "nobody@chess.example"]), Some(1));
    assert_eq!(code(&["user", "list", "no.example"]), Some(1));
    for wrong in [&["user"][..], &["plugin", "enable"], &["status", "--yaml"], &["domain", "add"], &["move"]]
    {
        assert_eq!(code(wrong), Some(2), "{wrong:?}");
    }
    let dir = server.kill();
    for without in [&["status"][..], &["reload"], &["session", "list"], &["stats"]] {
        let output = castling(dir.path(), without, "");
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("no server is running") && said.contains("castling serve"), "{said}");
    }
}

/// The server works on, and counts the lines that are lost.
fn loses_its_log(server: &Server) {
    bound(server, "jack@chess.example/a").ping();
    until("lines of the log are lost", || {
        for _ in 0..500 {
            let mut wrong = Raw::connect(server.address("c2s_plain"), "chess.example");
            wrong.send("<wrong>"); // a line of the log
            while wrong.try_next().is_some() {}
        }
        let stats = server.stats();
        bound(server, "jack@chess.example/b").ping();
        stats["log_lost"].as_u64().unwrap() > 0
    });
    bound(server, "jack@chess.example/c").ping();
}

fn talkative() -> TempDir {
    let dir = folder(&format!("[log]\nlevel = \"trace\"\n{BRANDS}"));
    add_users(dir.path(), &[JACK]);
    dir
}

#[test]
fn a_log_on_a_full_disk_stops_nobody() {
    let dir = talkative();
    let log = dir.path().join("stderr");
    symlink("/dev/full", &log).unwrap();
    let server = Server::start_in(dir);
    fs::remove_file(log).unwrap(); // it is endless to whoever reads it
    loses_its_log(&server);
    assert_eq!(server.stop().0, Some(0));
}

/// A server whose log goes into a pipe, and the pipe's other end.
fn piped() -> (Server, fs::File) {
    let dir = talkative();
    let log = dir.path().join("stderr");
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    let reader = std::thread::spawn({
        let log = log.clone();
        move || fs::File::open(log).unwrap()
    });
    let server = Server::start_in(dir);
    fs::remove_file(log).unwrap();
    (server, reader.join().unwrap())
}

#[test]
fn a_log_that_nobody_reads_any_more_stops_nobody() {
    let (server, pipe) = piped();
    drop(pipe);
    loses_its_log(&server);
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_log_whose_reader_stands_still_stops_nobody() {
    let (server, pipe) = piped();
    loses_its_log(&server);
    assert_eq!(server.stop().0, Some(0));
    drop(pipe);
}
