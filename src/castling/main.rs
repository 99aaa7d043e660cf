//! The castling binary.

mod config;

fn main() {}
