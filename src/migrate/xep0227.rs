//! XEP-0227, the portable import and export format: a source of users, and the exporter.

mod account;
mod bookmarks;
mod directory;
mod encoding;
pub mod export;
mod fault;
mod include;
mod input;
mod leftovers;
mod level;
mod made;
mod markup;
mod messages;
mod names;
mod privacy;
mod private;
mod pubsub;
mod requests;
mod roster;
mod scope;
mod scram;
mod source;
mod splitter;
mod structure;
mod user;
mod vcard;
mod vcard4;
mod walk;

#[cfg(test)]
mod tests;

pub use source::Xep0227Source;
