//! The host's side of the WIT interfaces: one file each.

mod call;
mod config;
mod log;
mod metrics;
mod rates;
mod routing;
mod sessions;
mod slow;
mod types;
mod waiting;
pub(crate) mod wasi;

pub(crate) use log::write_line;
pub(crate) use waiting::taken;
