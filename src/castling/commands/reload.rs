//! `castling reload`

use std::path::Path;

use admin::Request;
use serde_json::{Value, json};

use super::running;
use crate::failure::Failure;
use crate::output;

/// Reloads the configuration and the certificates, and prints what the operator should know.
pub fn run(file: Option<&Path>) -> Result<(), Failure> {
    let done = running(file)?.call(&Request::new("reload", json!({})))?;
    let notes = done.get("notes").and_then(Value::as_array).cloned().unwrap_or_default();
    notes.iter().filter_map(Value::as_str).for_each(output::line);
    Ok(())
}
