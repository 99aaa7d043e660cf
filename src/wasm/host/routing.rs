//! `routing`: for services; a filter decides about stanzas and sends none of its own.

use wasmtime::Result;

use crate::bindings::castling::plugin::routing::Host;
use crate::bindings::castling::plugin::types::Denied;
use crate::state::State;

impl Host for State {
    fn send(&mut self, _xml: String) -> Result<Result<(), Denied>> {
        Ok(Err(self.unavailable("routing", "send")))
    }
}
