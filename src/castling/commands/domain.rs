//! `castling domain`

use std::path::Path;

use serde_json::Value;

use super::reply;
use super::target::Target;
use crate::api::{DomainShown, OfDomain};
use crate::cli::Domain;
use crate::failure::Failure;
use crate::output;

/// Executes a `domain` command.
pub fn run(file: Option<&Path>, command: Domain) -> Result<(), Failure> {
    let (word, domain, purge) = match command {
        Domain::List(format) => {
            let list = Target::look(file)?.call("domain.list", &Value::Null)?;
            return show(list, format.json);
        }
        Domain::Add { domain } => ("add", domain, false),
        Domain::Remove { domain, purge } => ("remove", domain, purge),
        Domain::Enable { domain } => ("enable", domain, false),
        Domain::Disable { domain } => ("disable", domain, false),
    };
    let mut target = Target::find(file)?;
    target.call(&format!("domain.{word}"), &OfDomain { domain, purge })?;
    target.close()
}

fn show(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let list: Vec<DomainShown> = reply(value)?;
    let row = |one: &DomainShown| {
        let plugins = one.plugins.iter().map(|plugin| format!("{} ({})", plugin.name, plugin.enabled_by));
        let state = if one.enabled { "enabled" } else { "disabled" };
        vec![
            one.domain.clone(),
            one.declared_by.clone(),
            format!("{state} ({})", one.enabled_by),
            plugins.collect::<Vec<_>>().join(", "),
        ]
    };
    output::table(&["domain", "declared by", "state", "plugins"], &list.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
