//! The castling binary.

fn main() {}
