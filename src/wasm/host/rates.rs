//! `rates`: counters kept by the host.

use wasmtime::Result;

use crate::bindings::castling::plugin::rates::Host;
use crate::kept::Counter;
use crate::rates::Repeat;
use crate::state::StoreData;

impl Host for StoreData {
    fn hit(&mut self, name: String, key: String, limit: u32, window_ms: u32) -> Result<bool> {
        let scope = &self.scope;
        let on = &self.on()?.memory;
        let quota = (&*on.state, scope.services.limits.state_bytes());
        let hit = on.rates.hit((&name, &key), limit, window_ms, scope.now_ms(), quota);
        if hit.is_err() {
            self.denied("rates");
        }
        Ok(hit.unwrap_or(false))
    }

    fn repeat_session(&mut self, name: u32, fingerprint: u64, limit: u32, window_ms: u32) -> Result<bool> {
        let now = self.scope.now_ms();
        let count = |repeat: &mut Repeat| repeat.hit(fingerprint, limit, window_ms, now);
        let counter = Counter { name, fingerprint, limit };
        let hit = self.keep("rates", |kept, keeping| kept.repeat(keeping, counter, count))?;
        Ok(hit.unwrap_or(false))
    }
}
