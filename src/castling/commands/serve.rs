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
    let lock = take(&loaded.config.data_dir)?;
    check_surroundings(&loaded.config, &[], SystemClock.now_us(), &mut loaded.problems);
    if loaded.problems.fatal() {
        return Err(loaded.problems.into());
    }
    loaded.problems.into_list().iter().for_each(|problem| output::error(&problem.to_string()));
    drop(lock);
    Err(Failure::Message("this build has no listeners yet".into()))
}
