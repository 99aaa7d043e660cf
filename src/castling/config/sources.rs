//! Foreign databases of a configuration: their statements, and the grants that name them.

use std::time::Duration;

use settings::{Complaint, item, join};
use storage::source::{SourceOptions, SourcePassword};

use super::origin::Origin;
use super::overlay;
use super::problem::{Problems, Severity};
use super::types::{Config, Datasource};

/// What each source is made of.
pub fn options(config: &Config) -> Vec<SourceOptions> {
    config.datasources.iter().map(|(name, source)| one(name, source)).collect()
}

fn one(name: &str, source: &Datasource) -> SourceOptions {
    let password = match (&source.password_file, &source.password_env) {
        (Some(file), _) => SourcePassword::File(file.clone()),
        (None, Some(name)) => SourcePassword::Environment(name.clone()),
        (None, None) => SourcePassword::Url,
    };
    SourceOptions {
        password,
        queries: source.queries.clone(),
        write: source.write,
        connections: source.connections,
        connect: Duration::from_secs(source.connect_seconds),
        statement: Duration::from_secs(source.statement_seconds),
        wait: Duration::from_secs(source.wait_seconds),
        rows: source.rows,
        bytes: source.bytes,
        ..SourceOptions::new(name, source.url.0.clone(), &source.base)
    }
}

/// Checks what depends only on the file.
pub(super) fn check(config: &Config, problems: &mut Problems) {
    for (name, source) in &config.datasources {
        let path = join("datasources", name);
        if source.password_file.is_some() && source.password_env.is_some() {
            let message = "password_file and password_env are both set; the file is used";
            problems.warning(&join(&path, "password_env"), Complaint::new(message, "remove one of them"));
        }
        for (query, error) in one(name, source).faults() {
            // One that is empty has been reported.
            if source.queries.get(&query).is_some_and(|text| !text.trim().is_empty()) {
                let complaint = Complaint::new(format!("statement {query}: {error}"), error.remedy());
                problems.error(&join(&join(&path, "queries"), &query), complaint);
            }
        }
    }
    grants(config, problems);
}

/// `sql:SOURCE/STATEMENT`
fn grants(config: &Config, problems: &mut Problems) {
    for (name, plugin) in &config.plugins {
        for (index, grant) in plugin.grants.iter().enumerate() {
            let Some(complaint) = unknown(config, grant) else { continue };
            let path = item(&join(&join("plugins", name), "grants"), index);
            match plugin.origin {
                Origin::File => problems.error(&path, complaint),
                // What a command granted must not keep the server from starting when the file changes.
                Origin::Command => {
                    problems.elsewhere(&config.data_dir.join(overlay::FILE), Severity::Warning, complaint);
                }
            }
        }
    }
}

fn unknown(config: &Config, grant: &str) -> Option<Complaint> {
    let (right, scope) = grant.split_once(':')?;
    if right.split('.').next() != Some("sql") {
        return None;
    }
    let (name, query) = scope.split_once('/').map_or((scope, None), |(name, query)| (name, Some(query)));
    let Some(source) = config.datasources.get(name) else {
        let message = format!("grant {grant:?}: there is no data source {name:?}");
        return Some(Complaint::new(message, format!("declare [datasources.{name}], or correct the grant")));
    };
    let query = query.filter(|query| *query != "*" && !source.queries.contains_key(*query))?;
    let message = format!("grant {grant:?}: the data source {name} has no statement {query:?}");
    let known: Vec<&str> = source.queries.keys().map(String::as_str).collect();
    let remedy = match known.is_empty() {
        true => format!("add it to [datasources.{name}.queries]"),
        false => format!("add it to [datasources.{name}.queries], or use one of: {}", known.join(", ")),
    };
    Some(Complaint::new(message, remedy))
}
