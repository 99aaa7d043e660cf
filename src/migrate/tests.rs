//! Whole imports, into a real store.

mod again;
mod bad;
mod bed;
mod difference;
mod script;
mod sources;
mod truth;
