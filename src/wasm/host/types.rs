//! `types`: no functions.

use crate::bindings::castling::plugin::types::Host;
use crate::state::State;

impl Host for State {}
