//! `rates`: counters kept by the host.

use wasmtime::Result;

use crate::bindings::castling::plugin::rates::Host;
use crate::state::StoreData;

impl Host for StoreData {
    fn hit(&mut self, name: String, key: String, limit: u32, window_ms: u32) -> Result<bool> {
        let scope = &self.scope;
        let hit = scope.memory.rates.hit(&name, &key, limit, window_ms, scope.now_ms());
        if hit.is_none() {
            scope.memory.stats.denied("rates");
        }
        Ok(hit.unwrap_or(false))
    }

    fn repeat_session(&mut self, name: u32, fingerprint: u64, limit: u32, window_ms: u32) -> Result<bool> {
        let (memory, now) = (&self.scope.memory, self.scope.now_ms());
        let hit = |repeat: &mut crate::rates::Repeat| repeat.hit(fingerprint, limit, window_ms, now);
        Ok(self.kept()?.repeat(memory, name, hit, fingerprint))
    }
}
