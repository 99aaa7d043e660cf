//! Plugins run by the real host code, without a server.

mod address;
mod bench;
mod contract;
mod failures;
mod guest;
mod kernel;
mod kit;
mod links;
mod loading;
mod log;
mod offline_filter;
mod services;
mod state;
mod sunshine;
mod wasi;
mod word_filter;
