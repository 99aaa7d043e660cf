//! `castling component`

use super::{config, connected};
use crate::fixture::{Server, castling, folder};
use crate::stream::bound;

#[test]
fn components_are_added_and_removed_while_people_are_connected() {
    let server = Server::start_with(&config(""), &["anna@chess.example"]);
    let mut anna = bound(&server, "anna@chess.example/a");
    let made = server.ok(&["component", "add", "Arena.Example"]);
    let secret = made.trim().strip_prefix("secret: ").unwrap().to_owned();
    let mut arena = connected(&server, "arena.example", &secret);
    anna.send("<message to='arena.example' id='1'><body>hi</body></message>");
    assert_eq!(arena.next().get("id"), Some("1"));
    let list = server.ok(&["component", "list"]);
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["bot.chess.example", "file", "chess.example", "bounce", "0", "0"]);
    assert_eq!(rows[2], ["arena.example", "command", "all", "bounce", "1", "0"]);
    server.ok(&["component", "remove", "arena.example"]);
    assert_eq!(arena.stream_error(), "host-gone");
    assert!(anna.ping().is_empty(), "nobody else is disconnected");
}

#[test]
fn what_is_refused_says_why() {
    let server = Server::start(&config(""));
    for (args, expected) in [
        (&["component", "add", "chess.example"][..], "chess.example is a domain of this server"),
        (
            &["component", "add", "bot.chess.example"],
            "bot.chess.example has already been declared in castling.toml:",
        ),
        (&["component", "add", "bad name"], "is not a valid domain name"),
        (
            &["component", "add", "x.example", "--domain", "other.example"],
            "domain other.example does not exist",
        ),
        (&["component", "remove", "bot.chess.example"], "remove it there and run castling reload"),
        (&["component", "remove", "x.example"], "component x.example does not exist"),
        (&["domain", "add", "bot.chess.example"], "bot.chess.example is an external component"),
    ] {
        let said = server.refused(args);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn without_a_server_too() {
    let dir = folder(&config(""));
    let run = |args: &[&str], input: &str| {
        let output = castling(dir.path(), args, input);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    };
    let args =
        ["component", "add", "arena.example", "--secret-stdin", "--domain", "chess.example", "--queue"];
    assert_eq!(run(&args, "knight\n"), "", "a secret that was given is not shown");
    let list = run(&["component", "list"], "");
    let row: Vec<&str> = list.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(row, ["arena.example", "command", "chess.example", "queue", "-", "-"]);
    let mode =
        std::os::unix::fs::MetadataExt::mode(&dir.path().join("data/overlay.json").metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600, "it has the secret");
    let server = Server::start_in(dir);
    connected(&server, "arena.example", "knight");
}
