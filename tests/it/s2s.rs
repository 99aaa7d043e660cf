//! Streams between servers: two of ours, on loopback.

mod basics;
mod certificate;
mod fixture;
mod policy;
mod stream;
