//! `types`: nothing to call.

use crate::bindings::castling::plugin::types::Host;
use crate::state::State;

impl Host for State {}
