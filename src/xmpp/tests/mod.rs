//! What the crate promises, tried through its public names.
