//! A look at plugins that have accounts: whether the statements that they need are there, and have what they need.

use std::sync::Arc;

use runtime::{Runtime, SystemClock};
use settings::{Complaint, join};
use storage::source::{Query, Report, Source};
use wasm::{Described, LoadError, Occasion, Platform};

use crate::config::{Config, Plugin, Problems, looking, sources};
use crate::plugins;
use crate::sources::Looked;

/// The parameter of a new password.
const PASSWORD: &str = "password";
/// One that many accounts share.
const DOMAIN: &str = "domain";

/// Runs each plugin that some domain's `auth` names, as far as it says where accounts are; checks what it says.
pub fn check(config: &Config, looked: &[Looked], problems: &mut Problems) {
    let is_named = |name: &str| config.domains.iter().any(|domain| domain.auth.iter().any(|one| one == name));
    let named: Vec<_> = config.plugins.iter().filter(|(name, _)| is_named(name)).collect();
    if named.is_empty() {
        return;
    }
    let Ok(platform) = Platform::aside(looking(config), Runtime::system()) else { return };
    for (name, plugin) in named {
        match described(&platform, config, name, plugin) {
            Ok(all) => all.iter().for_each(|one| fits(config, name, one, looked, problems)),
            Err(error) => {
                let message = format!("plugin {name}: {error}");
                let own = config.domains.iter().find(|domain| Some(&*domain.name) == error.domain());
                let path = match own.filter(|domain| domain.config.contains_key(name)) {
                    Some(domain) => join(&join(&domain.path, "config"), name),
                    None => join(&join("plugins", name), "config"),
                };
                problems.error(&path, Complaint::new(message, error.remedy()));
            }
        }
    }
}

/// What it says of all its domains, each once.
fn described(
    platform: &Arc<Platform>,
    config: &Config,
    name: &str,
    plugin: &Plugin,
) -> Result<Vec<Described>, LoadError> {
    let options = plugins::options(config, name, plugin);
    let loaded = platform.load(name, &plugin.file)?;
    let deployment = platform.deploy(&loaded, &options, Occasion::Start)?;
    let mut all: Vec<Described> = Vec::new();
    for one in deployment.described() {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
    Ok(all)
}

fn fits(config: &Config, name: &str, one: &Described, looked: &[Looked], problems: &mut Problems) {
    let wanted = std::iter::once(&one.secret).chain(&one.salt).map(String::as_str);
    let columns: Vec<&str> = wanted.chain(one.locked_if_named()).collect();
    statement(config, name, (&one.find, &columns), one, looked, problems);
    for optional in [&one.exists, &one.set_password].into_iter().flatten() {
        let is_written = optional.split_once('/').is_some_and(|(source, query)| {
            config.datasources.get(source).is_some_and(|source| source.queries.contains_key(query))
        });
        if is_written {
            statement(config, name, (optional, &[]), one, looked, problems);
        }
    }
}

/// `wanted`: a statement, and the columns that it must have.
fn statement(
    config: &Config,
    plugin: &str,
    (wanted, columns): (&str, &[&str]),
    one: &Described,
    looked: &[Looked],
    problems: &mut Problems,
) {
    let (source, query) = wanted.split_once('/').unwrap_or((wanted, ""));
    if !config.datasources.contains_key(source) {
        let message = format!("plugin {plugin} needs the data source {source:?}, which is not declared");
        let complaint = Complaint::new(message, format!("declare [datasources.{source}] with its url"));
        return problems.error(&join(&join("plugins", plugin), "config"), complaint);
    }
    let queries = join(&join("datasources", source), "queries");
    let Some(statement) = written(config, source, query) else {
        let message = format!("data source {source} has no statement {query}, which plugin {plugin} needs");
        let remedy = format!("add {query} = \"select …\" to [datasources.{source}.queries]");
        return problems.error(&queries, Complaint::new(message, remedy));
    };
    let (path, parameters) = (join(&queries, query), statement.parameters());
    let changes = one.set_password.as_deref() == Some(wanted);
    if statement.writes() != changes {
        // A function that it calls may do it.
        let message = match changes {
            true => format!("statement {query} does not look as if it changed anything"),
            false => format!("statement {query} changes the database whenever somebody tries to log in"),
        };
        let remedy = if changes { "write an update" } else { "write a select" };
        problems.warning(&path, Complaint::new(message, remedy));
    }
    let known = |name: &str| one.parameters.iter().any(|one| one == name) || (changes && name == PASSWORD);
    for name in parameters.iter().filter(|name| !known(name)) {
        let all = one.parameters.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(", ");
        let message = format!("statement {query}: plugin {plugin} has no value for :{name}");
        problems.error(&path, Complaint::new(message, format!("use {all}")));
    }
    if changes && !parameters.iter().any(|name| name == PASSWORD) {
        let message = format!("statement {query} does not have the parameter :{PASSWORD}");
        problems
            .error(&path, Complaint::new(message, format!("set the column of the password to :{PASSWORD}")));
    }
    if !parameters.iter().any(|name| name != PASSWORD && name != DOMAIN) {
        let does =
            if changes { "would change the passwords of all" } else { "finds the same for every name" };
        let message = format!("statement {query} has no parameter for the account: it {does}");
        problems.error(&path, Complaint::new(message, "add `where …` with :jid, or with :user and :domain"));
    }
    let Some(report) = report(looked, source, query).filter(|report| !report.columns.is_empty()) else {
        return;
    };
    for column in columns
        .iter()
        .filter(|wanted| !report.columns.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted)))
    {
        let has = report.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let message =
            format!("statement {query} has no column {column}, which plugin {plugin} reads; it has {has}");
        let remedy = format!("write `as {column}` behind it, or name it in the settings of {plugin}");
        problems.error(&path, Complaint::new(message, remedy));
    }
}

/// A statement; `None` if there is none of this name.
fn written(config: &Config, source: &str, query: &str) -> Option<Query> {
    let options = sources(config).into_iter().find(|options| options.name == source)?;
    let source = Source::new(options, Arc::new(SystemClock)).ok()?;
    source.queries().find(|one| one.name() == query).cloned()
}

/// What the database says of a statement, if it was reached.
fn report<'a>(looked: &'a [Looked], source: &str, query: &str) -> Option<&'a Report> {
    let found = looked.iter().find(|one| one.name == source)?.found.as_ref().ok()?;
    found.statements.iter().find(|report| report.name == query)
}
