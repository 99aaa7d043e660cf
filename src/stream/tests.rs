//! Sessions on a scripted pipe.

mod acknowledging;
mod gate;
mod login;
mod scripted;
