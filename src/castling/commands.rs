//! The commands, one per file.

mod backup;
mod check;
mod component;
mod domain;
mod export;
mod import;
mod plugin;
mod prune;
mod reload;
mod s2s;
mod serve;
mod session;
mod status;
mod storage;
pub mod target;
mod user;

use std::path::Path;

use admin::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::{Cli, Command};
use crate::config::{Loaded, load};
use crate::failure::Failure;

/// Executes a command line.
///
/// # Errors
/// The command was refused or failed.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Serve => serve::run(file),
        Command::Check => check::run(file),
        Command::User(user) => user::run(file, user),
        Command::Domain(domain) => domain::run(file, domain),
        Command::Plugin(plugin) => plugin::run(file, plugin),
        Command::Component(component) => component::run(file, component),
        Command::S2s(s2s) => s2s::run(file, s2s),
        Command::Session(session) => session::run(file, session),
        Command::Status(format) => status::status(file, format),
        Command::Stats(format) => status::stats(file, format),
        Command::Reload => reload::run(file),
        Command::Storage(storage) => storage::run(file, storage),
        Command::Import(args) => import::run(file, *args),
        Command::Export(format) => export::run(file, format),
        Command::Backup { to } => backup::run(file, &to),
        Command::CompilePlugin { from, to } => wasm::compile_and_exit(&from, &to),
    }
}

/// What commands that wait for something run on.
fn tokio() -> Result<tokio::runtime::Runtime, Failure> {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Ok(tokio.map_err(|error| format!("cannot start: {error}"))?)
}

/// The configuration, if the server would start with it.
fn usable(loaded: Loaded) -> Result<Loaded, Failure> {
    if loaded.problems.fatal() { Err(loaded.problems.into()) } else { Ok(loaded) }
}

/// Connects to the running server. Its configuration may be broken meanwhile: only the data directory is
/// taken from it.
fn running(file: Option<&Path>) -> Result<Client, Failure> {
    let data_dir = load(file)?.config.data_dir;
    connect(&data_dir)?.ok_or_else(|| Failure::no_server(&data_dir))
}

fn connect(data_dir: &Path) -> Result<Option<Client>, Failure> {
    Client::connect(data_dir).map_err(|error| {
        let place = data_dir.display();
        let why = format!("cannot connect to the server with the data directory {place}: {error}");
        Failure::Message(format!("{why} — run as the server's user"))
    })
}

/// Parses a reply into the command's type.
fn reply<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| {
        let why = format!("cannot read the server's reply: {error}");
        Failure::Message(format!("{why} — use the castling binary of the same version as the server"))
    })
}
