//! Sessions on a pipe that follows a script.

mod acknowledging;
mod scripted;
