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

/// Prints counters by name, then the lists as tables: statements by the time they took, and what was dropped by whom.
pub fn stats(file: Option<&Path>, format: Format) -> Result<(), Failure> {
    let value = running(file)?.call(&Request::new("stats", json!({})))?;
    if format.json {
        output::json(&value);
        return Ok(());
    }
    let (statements, dropped) = (rows(&value, "statements"), rows(&value, "dropped"));
    let mut rest = value;
    for list in ["statements", "dropped"] {
        rest.as_object_mut().map(|all| all.remove(list));
    }
    flat("", &rest).iter().for_each(|(name, value)| output::line(&format!("{name} {value}")));
    if !dropped.is_empty() {
        output::line("");
        output::table(&["dropped by", "stage", "count"], &dropped.iter().map(drop_row).collect::<Vec<_>>());
    }
    if !statements.is_empty() {
        output::line("");
        output::table(
            &["statement", "calls", "failures", "rows", "total ms", "mean us", "max us"],
            &by_time(statements),
        );
    }
    Ok(())
}

fn rows(value: &Value, list: &str) -> Vec<Value> {
    value[list].as_array().cloned().unwrap_or_default()
}

fn drop_row(row: &Value) -> Vec<String> {
    ["by", "stage", "count"].map(|key| row[key].to_string().trim_matches('"').to_owned()).to_vec()
}

/// The statement on which most time was spent first.
fn by_time(mut statements: Vec<Value>) -> Vec<Vec<String>> {
    let number = |row: &Value, key: &str| row[key].as_u64().unwrap_or_default();
    statements.sort_by_key(|row| std::cmp::Reverse(number(row, "total_us")));
    let shown = |row: &Value| {
        let (total, calls) = (number(row, "total_us"), number(row, "calls"));
        let mut cells = vec![row["name"].as_str().unwrap_or_default().to_owned()];
        cells.extend(["calls", "failures", "rows"].map(|key| number(row, key).to_string()));
        let mean = total.checked_div(calls).unwrap_or_default();
        cells.extend([total / 1000, mean, number(row, "max_us")].map(|number| number.to_string()));
        cells
    };
    statements.iter().map(shown).collect()
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
    fn statements_are_sorted_by_time() {
        let row = |name: &str, total: u64| json!({ "name": name, "calls": 4, "failures": 1, "rows": 9, "total_us": total, "max_us": 70 });
        let table = by_time(vec![row("a", 10), row("b", 8000), row("c", 200)]);
        assert_eq!(table.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["b", "c", "a"]);
        assert_eq!(table[0], ["b", "4", "1", "9", "8", "2000", "70"]);
    }

    #[test]
    fn leaves_have_their_paths() {
        let value = json!({ "c2s": { "sent": 3 }, "list": [true, "x"] });
        let pairs = flat("", &value);
        let lines: Vec<_> = pairs.iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(lines, ["c2s.sent 3", "list.0 true", "list.1 x"]);
    }
}
