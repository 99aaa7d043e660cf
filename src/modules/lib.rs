//! One file per feature, named by function, its XEP in the first line.
//!
//! Every feature takes part through the kernel's `Registrar`; [`catalog`] lists them, with their options. A
//! feature that needs more than one file has a directory of its name.

mod admin_commands;
mod blocking;
mod carbons;
mod catalog;
mod commands;
mod disco;
mod last_activity;
mod offline;
mod options;
mod ping;
mod presence;
mod private_xml;
mod refused;
mod register;
mod roster;
mod session;
mod stored_xml;
mod subscription;
mod time;
mod vcard;
mod version;

#[cfg(test)]
mod tests;

pub use catalog::{Entry, catalog};
pub use options::OptionError;
