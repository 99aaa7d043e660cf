//! `castling check`

use std::net::SocketAddr;
use std::path::Path;

use admin::Request;
use runtime::{Clock, SystemClock};
use serde_json::Value;

use super::{connect, reply};
use crate::api::Status;
use crate::config::{check_components, check_surroundings, load};
use crate::failure::Failure;
use crate::output;

/// Reports every problem; only errors make it fail.
pub fn run(file: Option<&Path>) -> Result<(), Failure> {
    let mut loaded = load(file)?;
    let own = own_addresses(&loaded.config.data_dir);
    check_surroundings(&loaded.config, &own, SystemClock.now_us(), &mut loaded.problems);
    check_components(&loaded.config, &mut loaded.problems);
    let fatal = loaded.problems.fatal();
    let list = loaded.problems.into_list();
    if fatal {
        return Err(Failure::Configuration(list));
    }
    list.iter().for_each(|problem| output::error(&problem.to_string()));
    output::line("the configuration can be used");
    Ok(())
}

/// Where the running server of this data directory listens. One that cannot be asked is as good as none: then
/// its ports are reported as in use, which they are.
fn own_addresses(data_dir: &Path) -> Vec<SocketAddr> {
    let Ok(Some(mut client)) = connect(data_dir) else { return Vec::new() };
    let status =
        client.call(&Request::new("status", Value::Null)).ok().and_then(|it| reply::<Status>(it).ok());
    status.map(|status| status.listen.iter().map(|one| one.address).collect()).unwrap_or_default()
}
