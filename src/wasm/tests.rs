//! Plugins run through the real host code, without a server.

mod failures;
mod guest;
mod kit;
mod loading;
mod offline_filter;
mod sunshine;
