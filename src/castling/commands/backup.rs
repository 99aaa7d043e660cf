//! `castling backup`

use std::path::Path;

use runtime::Runtime;
use storage::BackupError;

use super::{tokio, usable};
use crate::config::load;
use crate::failure::Failure;
use crate::{database, output};

/// Writes a copy of an embedded database into a file; a server may run meanwhile.
pub fn run(file: Option<&Path>, to: &Path) -> Result<(), Failure> {
    let loaded = usable(load(file)?)?;
    let options = database::configured(&loaded)?;
    let made = tokio()?.block_on(storage::backup(&options, to, &Runtime::system()));
    let bytes = made.map_err(|error| {
        let remedy = match &error {
            BackupError::Elsewhere => "see docs/operators/databases.md for its own tools",
            BackupError::Running => "wait for it, or remove the file with .partial behind its name",
            BackupError::Exists => "name another file, or remove it",
            BackupError::File(_) => "name a file in a folder that you may write to, with enough room",
            BackupError::Storage(_) => "run as the user that owns the database",
        };
        format!("{error} — {remedy}")
    })?;
    output::line(&format!("{}: OK, {bytes} bytes", to.display()));
    Ok(())
}
