//! `routing`: for services; a filter decides about stanzas and sends none of its own.

use wasmtime::Result;

use crate::bindings::castling::plugin::routing::Host;
use crate::bindings::castling::plugin::types::Denied;
use crate::state::StoreData;

impl Host for StoreData {
    fn send(&mut self, _xml: String) -> Result<Result<(), Denied>> {
        Ok(Err(self.unavailable("routing", "send")))
    }
}
