//! `castling serve`

use std::path::Path;

use runtime::{Clock, SystemClock};

use super::target::take;
use super::tokio;
use crate::config::{check_components, check_surroundings, load};
use crate::failure::Failure;
use crate::{logging, server};

/// Checks the configuration as `castling check` does, then serves until a signal to stop.
pub fn run(file: Option<&Path>) -> Result<(), Failure> {
    let mut loaded = load(file)?;
    // A data directory is not created for an unusable configuration; an existing one may be in use.
    let data_dir = loaded.config.data_dir.clone();
    let held = data_dir.exists().then(|| take(&data_dir)).transpose()?;
    check_surroundings(&loaded.config, &[], SystemClock.now_us(), &mut loaded.problems);
    check_components(&loaded.config, &mut loaded.problems);
    if loaded.problems.fatal() {
        return Err(loaded.problems.into());
    }
    let lock = held.map_or_else(|| take(&data_dir), Ok)?;
    let log = &loaded.config.log;
    let _flush = logging::start(&log.level, log.format)?;
    loaded.problems.take_list().iter().for_each(|problem| logging::warn(&problem.to_string()));
    let tokio = tokio()?;
    let file = file.map(Path::to_owned).or_else(|| (!loaded.demo).then(|| "castling.toml".into()));
    tokio.block_on(server::serve(loaded, file, &lock))
}
