//! The operator's commands against a running server.

mod accounts;
mod commands;
mod domains;
mod edited;
mod left_out;
mod plugins;
mod process;
mod sessions;
mod storage;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::fixture::Server;
use crate::raw::Raw;

const JACK: &str = "jack@chess.example";
const ANNA: &str = "anna@chess.example";
const OTHER: &str = "jack@wuchess.example";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn bound(server: &Server, jid: &str) -> Raw {
    Raw::bound(server.address("c2s_plain"), jid)
}

/// Writes the configuration anew: `edit` gets the text.
fn rewrite(dir: &Path, edit: impl FnOnce(String) -> String) {
    let file = dir.join("castling.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, edit(text)).unwrap();
}

/// The line of the configuration that begins so, as messages name it.
fn place(dir: &Path, start: &str) -> String {
    let text = fs::read_to_string(dir.join("castling.toml")).unwrap();
    let line = text.lines().position(|line| line.starts_with(start)).unwrap() + 1;
    format!("castling.toml:{line}")
}
