//! Sessions on a scripted pipe.

mod acknowledging;
mod scripted;
