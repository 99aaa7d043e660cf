//! The configuration: a TOML file, validated against a schema that reports all problems at once, and on top
//! of it the changes made by commands.

mod change;
mod claims;
mod components;
mod document;
mod domain;
mod domain_keys;
mod effective;
mod external;
mod external_keys;
mod externals;
mod keys;
mod keys_of;
mod load;
mod log_level;
mod names;
mod origin;
mod overlay;
mod problem;
mod references;
mod s2s;
mod s2s_keys;
mod secret;
mod sources;
mod surroundings;
mod syntax;
mod taken_back;
mod tree;
mod types;

#[cfg(test)]
mod any_text;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub use document::Source;
#[cfg(test)]
pub use load::parse;
#[cfg(test)]
pub use reference::tables;

pub use change::{Component, Enabling, settings, unknown_domain};
pub use components::{check as check_components, looking};
pub use domain::{Domain, Module, PluginUse, ResourceConflict};
pub use external::{Away, External};
pub use externals::options as components;
pub use load::{FileValues, Loaded, load, load_again};
pub use names::{argument, prepared};
pub use origin::Origin;
pub use overlay::{ComponentAdded, Overlay};
pub use problem::{Problem, Problems, Severity};
pub use sources::options as sources;
pub use surroundings::{check as check_surroundings, check_own};
pub use types::{Auth, Config, Log, LogFormat, Plugin, Storage, Sync};
