//! `castling component`

use std::path::Path;

use serde_json::Value;

use super::reply;
use super::target::Target;
use crate::api::{AddComponent, ComponentShown, OfComponent};
use crate::cli::Component;
use crate::failure::Failure;
use crate::{output, password};

/// Executes a `component` command.
pub fn run(file: Option<&Path>, command: Component) -> Result<(), Failure> {
    match command {
        Component::List(format) => {
            show(Target::look(file)?.call("component.list", &Value::Null)?, format.json)
        }
        Component::Add { name, secret_stdin, domains, queue } => {
            let mut target = Target::find(file)?;
            let secret = if secret_stdin { Some(password::secret()?) } else { None };
            let is_made = secret.is_none();
            let made = target.call("component.add", &AddComponent { name, secret, domains, queue })?;
            if let Some(secret) = made.get("secret").and_then(Value::as_str).filter(|_| is_made) {
                output::line(&format!("secret: {secret}"));
            }
            target.close()
        }
        Component::Remove { name } => {
            let mut target = Target::find(file)?;
            target.call("component.remove", &OfComponent { name })?;
            target.close()
        }
    }
}

fn show(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let list: Vec<ComponentShown> = reply(value)?;
    let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let row = |one: &ComponentShown| {
        let domains = if one.domains.is_empty() { "all".to_owned() } else { one.domains.join(", ") };
        vec![
            one.name.clone(),
            one.declared_by.clone(),
            domains,
            one.away.clone(),
            number(one.connections),
            number(one.waiting),
        ]
    };
    let head = ["component", "declared by", "domains", "away", "connections", "waiting"];
    output::table(&head, &list.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
