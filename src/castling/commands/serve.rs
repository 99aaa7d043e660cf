//! `castling serve`

use std::path::Path;

use runtime::{Clock, SystemClock};

use super::target::take;
use super::tokio;
use crate::config::{Config, Plugin, Problem, check_components, check_surroundings, load};
use crate::failure::Failure;
use crate::{logging, server};

/// The plugin that a problem of its component, grants or settings is about.
fn plugin_name(config: &Config, problem: &Problem) -> Option<String> {
    let domains = config.domains.iter().map(|domain| format!("{}.config", domain.path));
    let tables = domains.chain(std::iter::once("plugins".to_owned()));
    let below = |table: String| {
        let rest = problem.at.strip_prefix(&table)?.strip_prefix('.')?;
        Some(rest.split(['.', '[']).next().unwrap_or_default().to_owned())
    };
    tables.filter_map(below).find(|name| config.plugins.contains_key(name))
}

fn plugin_of<'a>(config: &'a Config, problem: &Problem) -> Option<&'a Plugin> {
    config.plugins.get(&plugin_name(config, problem)?)
}

/// Checks the configuration as `castling check` does, then serves until a signal to stop.
pub fn run(file: Option<&Path>) -> Result<(), Failure> {
    let mut loaded = load(file)?;
    // A data directory is not created for an unusable configuration; an existing one may be in use.
    let data_dir = loaded.config.data_dir.clone();
    let held = data_dir.exists().then(|| take(&data_dir)).transpose()?;
    // From here on there is something to log: a damaged file that is replaced, for one.
    let log = &loaded.config.log;
    let _flush = (!loaded.problems.fatal()).then(|| logging::start(&log.level, log.format)).transpose()?;
    let before = loaded.problems.count();
    check_surroundings(&loaded.config, &[], SystemClock.now_us(), &mut loaded.problems);
    check_components(&loaded.config, &mut loaded.problems);
    // A plugin keeps the server from starting only if the file says so.
    let (config, problems) = (&loaded.config, &mut loaded.problems);
    problems.soften(before, |problem| plugin_of(config, problem).is_some_and(|plugin| !plugin.required));
    if loaded.problems.fatal() {
        return Err(loaded.problems.into());
    }
    let lock = held.map_or_else(|| take(&data_dir), Ok)?;
    let problems = loaded.problems.take_list();
    problems.iter().for_each(|problem| logging::warn(&problem.to_string()));
    let said = problems.iter().filter_map(|problem| plugin_name(&loaded.config, problem)).collect();
    let tokio = tokio()?;
    let file = file.map(Path::to_owned).or_else(|| (!loaded.demo).then(|| "castling.toml".into()));
    tokio.block_on(server::serve(loaded, file, &lock, &said))
}
