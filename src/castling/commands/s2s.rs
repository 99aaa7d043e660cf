//! `castling s2s`

use std::path::Path;

use admin::{Client, Request};
use serde_json::{Value, json};
use stream::s2s::{S2sStream, StreamState};

use super::{reply, running};
use crate::accounts::answer;
use crate::api::{OfRemote, Reached};
use crate::cli::S2s;
use crate::failure::Failure;
use crate::output;

/// Executes an `s2s` command on the running server.
pub fn run(file: Option<&Path>, command: S2s) -> Result<(), Failure> {
    let mut server = running(file)?;
    match command {
        S2s::List(format) => list(server.call(&Request::new("s2s.list", json!({})))?, format.json),
        S2s::Close { domain } => {
            let args = answer(&OfRemote { domain, from: None })?;
            let done = server.call(&Request::new("s2s.close", args))?;
            let closed = done.get("closed").and_then(Value::as_u64).unwrap_or_default();
            output::line(&format!("{closed} closed"));
            Ok(())
        }
        S2s::Check { domain, from } => check(&mut server, OfRemote { domain, from }),
    }
}

/// Fails unless each domain here could reach the other.
fn check(server: &mut Client, args: OfRemote) -> Result<(), Failure> {
    let tried: Vec<Reached> = reply(server.call(&Request::new("s2s.check", answer(&args)?))?)?;
    for one in &tried {
        output::line(&format!("{}:", one.from));
        one.steps.iter().for_each(|step| output::line(&format!("  {step}")));
    }
    let failed: Vec<&str> = tried.iter().filter(|one| !one.reached).map(|one| one.from.as_str()).collect();
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("{} cannot be reached from {}", args.domain, failed.join(", ")).into()),
    }
}

fn list(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let list: Vec<S2sStream> = reply(value)?;
    let row = |one: S2sStream| {
        let state = match one.state {
            StreamState::Open => "open",
            StreamState::Opening => "opening",
            StreamState::Failed => "failed",
        };
        vec![
            one.local,
            one.remote,
            one.direction,
            state.to_owned(),
            one.address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
            one.tls.unwrap_or_else(|| "-".to_owned()),
            one.proved_by.unwrap_or_else(|| "-".to_owned()),
            one.waiting.to_string(),
        ]
    };
    let head = ["domain", "other", "direction", "state", "address", "tls", "proved by", "waiting"];
    output::table(&head, &list.into_iter().map(row).collect::<Vec<_>>());
    Ok(())
}
