//! `config`: a plugin's settings and domains.

use wasmtime::Result;

use crate::bindings::castling::plugin::config::Host;
use crate::state::StoreData;

impl Host for StoreData {
    fn get(&mut self, domain: u32) -> Result<String> {
        Ok(self.domain(domain)?.config.clone())
    }

    fn domains(&mut self) -> Result<Vec<u32>> {
        let mut domains: Vec<u32> = self.scope.domains.keys().copied().collect();
        domains.sort_unstable();
        Ok(domains)
    }

    fn domain_name(&mut self, domain: u32) -> Result<String> {
        Ok(self.domain(domain)?.name.clone())
    }

    /// The configuration does not support secrets yet, so there are none.
    fn secret(&mut self, domain: u32, _name: String) -> Result<Option<String>> {
        self.domain(domain)?;
        self.scope.allows("config", "secret");
        Ok(None)
    }
}
