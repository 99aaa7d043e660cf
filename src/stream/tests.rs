//! Sessions on a scripted pipe.

mod acknowledging;
mod gate;
mod login;
mod opening;
mod scripted;
