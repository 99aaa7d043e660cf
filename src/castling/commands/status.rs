//! `castling status` and `castling stats`

use std::path::Path;

use admin::Request;
use serde_json::{Value, json};

use super::{reply, running};
use crate::api::Status;
use crate::cli::Format;
use crate::failure::Failure;
use crate::output;

/// Prints the server's state.
pub fn status(file: Option<&Path>, format: Format) -> Result<(), Failure> {
    let value = running(file)?.call(&Request::new("status", json!({})))?;
    if format.json {
        output::json(&value);
        return Ok(());
    }
    let status: Status = reply(value)?;
    output::line(&format!("castling {}, process {}, since {}", status.version, status.process, status.since));
    let counts = [("domains", status.domains), ("sessions", status.sessions), ("plugins", status.plugins)];
    counts.iter().for_each(|(what, count)| output::line(&format!("{what:9} {count}")));
    if let Some(seconds) = status.database_away_seconds {
        output::line(&format!("database  away for {seconds} s: what needs it is refused until it is back"));
    }
    status.listen.iter().for_each(|one| output::line(&format!("{:9} {}", one.kind, one.address)));
    Ok(())
}

/// Prints counters by name.
pub fn stats(file: Option<&Path>, format: Format) -> Result<(), Failure> {
    let value = running(file)?.call(&Request::new("stats", json!({})))?;
    if format.json {
        output::json(&value);
        return Ok(());
    }
    flat("", &value).iter().for_each(|(name, value)| output::line(&format!("{name} {value}")));
    Ok(())
}

/// Each leaf value with its path.
fn flat(path: &str, value: &Value) -> Vec<(String, String)> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(map) => map.iter().flat_map(|(name, value)| flat(&below(name), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().flat_map(|(at, value)| flat(&below(&at.to_string()), value)).collect()
        }
        Value::String(text) => vec![(path.to_owned(), text.clone())],
        other => vec![(path.to_owned(), other.to_string())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_have_their_paths() {
        let value = json!({ "c2s": { "sent": 3 }, "list": [true, "x"] });
        let pairs = flat("", &value);
        let lines: Vec<_> = pairs.iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(lines, ["c2s.sent 3", "list.0 true", "list.1 x"]);
    }
}
