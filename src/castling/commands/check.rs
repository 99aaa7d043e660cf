//! `castling check`

use std::net::SocketAddr;
use std::path::Path;

use admin::Request;
use runtime::{Clock, Runtime, SystemClock};
use serde_json::Value;
use settings::Complaint;
use storage::{StorageError, Store};

use super::{connect, reply, tokio};
use crate::api::Status;
use crate::config::{Loaded, check_components, check_surroundings, load};
use crate::failure::Failure;
use crate::{database, output, providers, sources};

/// Reports all problems; fails only on errors.
pub fn run(file: Option<&Path>) -> Result<(), Failure> {
    let mut loaded = load(file)?;
    let own = own_addresses(&loaded.config.data_dir);
    check_surroundings(&loaded.config, &own, SystemClock.now_us(), &mut loaded.problems);
    check_components(&loaded.config, &mut loaded.problems);
    if own.is_empty() {
        check_database(&mut loaded);
    }
    if !loaded.problems.fatal() {
        let Loaded { config, problems, .. } = &mut loaded;
        let tokio = tokio()?;
        let looked = tokio.block_on(sources::look(config));
        sources::report(&looked, problems);
        let _context = tokio.enter(); // what plugins are given to start is measured by its clock
        providers::check(config, &looked, problems);
    }
    let fatal = loaded.problems.fatal();
    let place = loaded.problems.place("");
    let list = loaded.problems.into_list();
    if fatal {
        return Err(Failure::Configuration(list));
    }
    list.iter().for_each(|problem| output::error(&problem.to_string()));
    let served = loaded.config.listen.all().into_iter();
    let counts = [
        counted(loaded.config.domains.len(), "domain"),
        counted(served.map(|(_, addresses)| addresses.len()).sum(), "listener"),
        counted(list.len(), "warning"),
    ];
    output::line(&format!("{place}: OK, {}", counts.join(", ")));
    Ok(())
}

/// `1 domain`, `2 domains`
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Checks whether the server could open its database; skipped if it is running.
fn check_database(loaded: &mut Loaded) {
    let options = match database::options(loaded) {
        Ok(options) => options,
        Err((key, complaint)) => return loaded.problems.error(key, complaint),
    };
    let probed = ::tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|tokio| tokio.block_on(Store::probe(&options, &Runtime::system())));
    // A URL that is not understood has been reported with the other keys.
    let probed = probed.map(|probed| {
        probed.or_else(|error| match error {
            StorageError::Unsupported(_) => Ok(()),
            other => Err(other),
        })
    });
    if let Ok(Err(error)) = probed {
        let remedy = match error {
            StorageError::NewerSchema { .. } => {
                "install that version, or restore a backup from before the upgrade"
            }
            StorageError::Unfinished => {
                "run the same castling storage copy again: it goes on where it stopped"
            }
            StorageError::Unreachable(_) | StorageError::Deadline(_)
                if !loaded.config.storage.url.0.starts_with("sqlite:") =>
            {
                "start the database server, create the database, or correct url, password_file and password_env"
            }
            _ => "restore a backup, or configure another database",
        };
        loaded.problems.error("storage.url", Complaint::new(error.to_string(), remedy));
    }
}

/// The addresses of this data directory's running server. If it cannot be reached, there are none: its ports
/// are then reported as in use, which they are.
fn own_addresses(data_dir: &Path) -> Vec<SocketAddr> {
    let Ok(Some(mut client)) = connect(data_dir) else { return Vec::new() };
    let status =
        client.call(&Request::new("status", Value::Null)).ok().and_then(|it| reply::<Status>(it).ok());
    status.map(|status| status.listen.iter().map(|one| one.address).collect()).unwrap_or_default()
}
