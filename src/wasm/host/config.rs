//! `config`: a plugin's settings and domains.

use serde_json::Value;
use wasmtime::Result;

use crate::bindings::castling::plugin::config::Host;
use crate::state::StoreData;

impl Host for StoreData {
    fn get(&mut self, domain: u32) -> Result<String> {
        Ok(self.domain(domain)?.config.to_string())
    }

    fn text(&mut self, domain: u32, key: String) -> Result<Option<String>> {
        Ok(self.domain(domain)?.setting(&key).and_then(Value::as_str).map(str::to_owned))
    }

    fn integer(&mut self, domain: u32, key: String) -> Result<Option<i64>> {
        Ok(self.domain(domain)?.setting(&key).and_then(Value::as_i64))
    }

    fn number(&mut self, domain: u32, key: String) -> Result<Option<f64>> {
        Ok(self.domain(domain)?.setting(&key).and_then(Value::as_f64))
    }

    fn flag(&mut self, domain: u32, key: String) -> Result<Option<bool>> {
        Ok(self.domain(domain)?.setting(&key).and_then(Value::as_bool))
    }

    fn duration_ms(&mut self, domain: u32, key: String) -> Result<Option<u64>> {
        let setting = self.domain(domain)?.setting(&key).and_then(Value::as_str);
        Ok(setting.and_then(settings::milliseconds))
    }

    fn domains(&mut self) -> Result<Vec<u32>> {
        let mut domains: Vec<u32> = self.scope.domains.keys().copied().collect();
        domains.sort_unstable();
        Ok(domains)
    }

    fn domain_name(&mut self, domain: u32) -> Result<String> {
        Ok(self.domain(domain)?.name.clone())
    }

    fn address(&mut self, domain: u32) -> Result<Option<String>> {
        Ok(self.domain(domain)?.address.as_ref().map(|address| address.as_str().to_owned()))
    }

    /// The configuration does not support secrets yet, so there are none.
    fn secret(&mut self, domain: u32, _name: String) -> Result<Option<String>> {
        self.domain(domain)?;
        self.allows("config", "secret");
        Ok(None)
    }
}
