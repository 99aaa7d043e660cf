//! `castling reload`

use std::path::Path;

use admin::Request;
use serde_json::{Value, json};

use super::running;
use crate::failure::Failure;
use crate::output;

/// Has the configuration and the certificates read again; what is new about them is printed.
pub fn run(file: Option<&Path>) -> Result<(), Failure> {
    let done = running(file)?.call(&Request::new("reload", json!({})))?;
    let notes = done.get("notes").and_then(Value::as_array).cloned().unwrap_or_default();
    notes.iter().filter_map(Value::as_str).for_each(output::line);
    Ok(())
}
