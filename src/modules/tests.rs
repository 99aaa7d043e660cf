//! Features on a kernel without a network: what clients send, and what they receive.

mod admin_commands;
mod backlog;
mod bench;
mod blocking;
mod carbons;
mod clock;
mod commands;
mod disco;
mod iq;
mod last_activity;
mod lists;
mod offline;
mod outputs;
mod presence;
mod private_xml;
mod register;
mod roster;
mod sessions;
mod subscriptions;
mod vcard;
mod words;
