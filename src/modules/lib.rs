//! One file per feature, named by function, its XEP in the first line.
//!
//! Every feature takes part through the kernel's `Registrar`; [`catalog`] lists them, with their options. A
//! feature that needs more than one file has a folder of its name.

mod carbons;
mod catalog;
mod disco;
mod offline;
mod options;
mod ping;
mod presence;
mod refused;
mod roster;
mod session;
mod subscription;
mod time;
mod version;

#[cfg(test)]
mod tests;

pub use catalog::{Entry, catalog};
pub use options::OptionError;
