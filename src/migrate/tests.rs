//! Whole imports, into a real store.

mod again;
mod bad;
mod bed;
mod difference;
mod disabled;
mod script;
mod sources;
mod truth;
