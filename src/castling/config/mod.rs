//! The configuration: a TOML file, read by a schema that reports everything wrong at once, and over it what
//! commands changed.

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
mod tests;

pub use load::{Loaded, load};
pub use problem::{Problem, Severity};
pub use surroundings::check as check_surroundings;
