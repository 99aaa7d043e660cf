//! `castling serve`

use std::path::Path;

use runtime::{Clock, SystemClock};

use super::target::take;
use crate::config::{check_surroundings, load};
use crate::failure::Failure;
use crate::output;

/// Checks the configuration as `castling check` does.
pub fn run(file: Option<&Path>) -> Result<(), Failure> {
    let mut loaded = load(file)?;
    // A data directory is not made for a configuration that cannot be used; one that is there may be in use.
    let data_dir = loaded.config.data_dir.clone();
    let held = data_dir.exists().then(|| take(&data_dir)).transpose()?;
    check_surroundings(&loaded.config, &[], SystemClock.now_us(), &mut loaded.problems);
    if loaded.problems.fatal() {
        return Err(loaded.problems.into());
    }
    loaded.problems.into_list().iter().for_each(|problem| output::error(&problem.to_string()));
    drop(held.map_or_else(|| take(&data_dir), Ok)?);
    Err(Failure::Message("this build has no listeners yet".into()))
}
