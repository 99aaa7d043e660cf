//! The configuration: a TOML file, read by a schema that reports everything wrong at once, and over it what
//! commands changed.

mod change;
mod components;
mod document;
mod effective;
mod guess;
mod keys;
mod load;
mod names;
mod overlay;
mod problem;
mod references;
mod schema;
mod surroundings;
mod types;
mod walk;

#[cfg(test)]
mod any_text;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use change::settings;
pub use components::check as check_components;
pub use load::{Loaded, load};
pub use overlay::Overlay;
pub use problem::{Problem, Problems};
pub use surroundings::check as check_surroundings;
pub use types::{Auth, Config, Domain, Limits, Plugin, PluginUse, ResourceConflict, Scram, Sync};
