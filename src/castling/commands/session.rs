//! `castling session`

use std::path::Path;

use admin::Request;
use serde_json::{Value, json};

use super::{reply, running};
use crate::accounts::answer;
use crate::api::{OfJid, SessionShown};
use crate::cli::Session;
use crate::failure::Failure;
use crate::output;

/// Executes a `session` command on the running server.
pub fn run(file: Option<&Path>, command: Session) -> Result<(), Failure> {
    let mut server = running(file)?;
    match command {
        Session::List(format) => list(server.call(&Request::new("session.list", json!({})))?, format.json),
        Session::Kick { jid } => {
            let done = server.call(&Request::new("session.kick", answer(&OfJid { jid })?))?;
            let closed = done.get("closed").and_then(Value::as_u64).unwrap_or_default();
            output::line(&format!("{closed} closed"));
            Ok(())
        }
    }
}

fn list(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let list: Vec<SessionShown> = reply(value)?;
    let row = |one: SessionShown| {
        let tls = one.tls.unwrap_or_else(|| "none".into());
        vec![one.jid, one.transport, tls, one.address, one.since, one.state]
    };
    let rows: Vec<_> = list.into_iter().map(row).collect();
    output::table(&["jid", "transport", "tls", "address", "since", "state"], &rows);
    Ok(())
}
