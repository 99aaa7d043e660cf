//! The page in a real browser: Chromium driven by `tests/page/`, against a real server; and what is served beside it.

mod plugins;
mod served;

use std::path::PathBuf;
use std::process::Command;

use crate::fixture::{Server, castling, folder};

/// Two brands, one with a name that looks like markup.
const BRANDS: &str = r##"
[[domain]]
name = "chess.example"
brand = { title = "Chess", color = "#7a4" }
[[domain]]
name = "wuchess.example"
brand = { title = "<b>Wu</b> & \"co\"", color = "#47a" }
"##;
/// Who plays, each with a password of their own.
const PEOPLE: &str = "jack@chess.example,jack-chess\nanna@chess.example,anna-chess\n\
                      mallory@chess.example,mallory-chess\njack@wuchess.example,jack-wuchess\ntom@chess.example,secret\n";

fn start(domains: &str) -> Server {
    let dir = folder(domains);
    std::fs::write(dir.path().join("users.csv"), PEOPLE).unwrap();
    let added = castling(dir.path(), &["user", "add", "--from", "users.csv"], "");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    Server::start_in(dir)
}

/// The program that plays a subject of `tests/page/subjects/` in the browser.
fn browser(server: &Server, subject: &str, transport: &str) -> Command {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/page");
    assert!(folder.join("node_modules").is_dir(), "the packages of tests/page are missing: cargo xtask test");
    let mut command = Command::new("node");
    command.arg(folder.join("run.mjs")).args([
        subject,
        &format!("http://{}/", server.address("http")),
        transport,
    ]);
    command
}

/// Plays a subject to its end.
fn play(subject: &str, transport: &str) {
    let server = start(BRANDS);
    let output = browser(&server, subject, transport).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said == format!("ok {subject}\n"), "{said}{errors}");
}

#[test]
fn a_day_over_websocket() {
    play("talk", "websocket");
}

#[test]
fn a_day_over_bosh() {
    play("talk", "bosh");
}

#[test]
fn reloads_over_websocket() {
    play("reload", "websocket");
}

#[test]
fn reloads_over_bosh() {
    play("reload", "bosh");
}

#[test]
fn the_network_goes_and_comes_back_over_websocket() {
    play("cut", "websocket");
}

#[test]
fn the_network_goes_and_comes_back_over_bosh() {
    play("cut", "bosh");
}

#[test]
fn text_stays_text() {
    play("hostile", "websocket");
}

#[test]
fn the_same_name_on_two_brands_is_two_people() {
    play("brands", "websocket");
}

#[test]
fn without_a_mouse() {
    play("keyboard", "websocket");
}

#[test]
fn no_barrier_that_axe_finds() {
    play("access", "websocket");
}
