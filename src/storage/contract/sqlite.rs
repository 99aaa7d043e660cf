//! What only SQLite has: a file, its pragmas, its plans.

mod disk;
mod plan;
mod schema;
mod source;

use super::*;
