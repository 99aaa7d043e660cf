//! `kv`: values of the plugin's own, for each domain.

use std::sync::Arc;

use kernel::Kernel;
use storage::{Expect, PluginChange, PluginValueError, PluginWrite};
use wasmtime::Result;

use crate::bindings::castling::plugin::types::Denied;
use crate::bindings::waiting::castling::plugin::kv::Host;
use crate::state::StoreData;

type Outcome<T> = Result<std::result::Result<T, Denied>>;

/// The most keys that one call returns.
const KEYS: u32 = 1_000;

impl Host for StoreData {
    async fn get(&mut self, domain: u32, key: String) -> Outcome<Option<Vec<u8>>> {
        let (kernel, host) = match self.keeper("get", domain) {
            Ok(found) => found,
            Err(denied) => return Ok(Err(denied)),
        };
        let values = kernel.store().plugin_values();
        let value = values.get(&self.scope.name, host, &key, kernel.now_us()).await;
        Ok(value.map_err(|error| self.not_kept(&error)))
    }

    async fn set(&mut self, domain: u32, key: String, value: Vec<u8>, ttl_s: Option<u32>) -> Outcome<()> {
        let lasts = |kernel: &Kernel| ttl_s.map(|seconds| kernel.now_us() + i64::from(seconds) * 1_000_000);
        let put = |kernel: &Kernel| PluginWrite::Put { value, expires_us: lasts(kernel) };
        Ok(self.write_value("set", domain, key, Expect::Any, put).await.map(drop))
    }

    async fn delete(&mut self, domain: u32, key: String) -> Outcome<bool> {
        Ok(self.write_value("delete", domain, key, Expect::Any, |_| PluginWrite::Delete).await)
    }

    async fn swap(
        &mut self,
        domain: u32,
        key: String,
        expect: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Outcome<bool> {
        let expect = expect.map_or(Expect::Absent, Expect::Value);
        let put = |_: &Kernel| PluginWrite::Put { value, expires_us: None };
        Ok(self.write_value("swap", domain, key, expect, put).await)
    }

    async fn keys(
        &mut self,
        domain: u32,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Outcome<Vec<String>> {
        let (kernel, host) = match self.keeper("keys", domain) {
            Ok(found) => found,
            Err(denied) => return Ok(Err(denied)),
        };
        let (values, now) = (kernel.store().plugin_values(), kernel.now_us());
        let keys = values.keys(&self.scope.name, host, &prefix, after.as_deref(), limit.min(KEYS), now).await;
        Ok(keys.map_err(|error| self.not_kept(&error)))
    }
}

impl StoreData {
    /// The kernel, and the name of a domain where the plugin is enabled.
    fn keeper(&self, function: &str, domain: u32) -> std::result::Result<(Arc<Kernel>, &str), Denied> {
        let kernel = self.granted("kv", function)?;
        match self.domain(domain) {
            Ok(on) => Ok((kernel, &on.name)),
            Err(_) => {
                self.denied("kv");
                Err(Denied::OutOfScope)
            }
        }
    }

    async fn write_value(
        &self,
        function: &str,
        domain: u32,
        key: String,
        expect: Expect,
        write: impl FnOnce(&Kernel) -> PluginWrite,
    ) -> std::result::Result<bool, Denied> {
        let (kernel, host) = self.keeper(function, domain)?;
        let change = PluginChange { key, expect, write: write(&kernel) };
        let cap = self.scope.services.limits.stored_bytes();
        let Some(_stores) = self.scope.memory.stores().await else { return Err(Denied::Unavailable) };
        let values = kernel.store().plugin_values();
        let changed = values.change(&self.scope.name, host, change, kernel.now_us(), cap).await;
        changed.map(|changed| changed.done).map_err(|error| self.not_kept(&error))
    }

    fn not_kept(&self, error: &PluginValueError) -> Denied {
        match error {
            PluginValueError::Full => {
                self.denied("kv");
                Denied::OverQuota
            }
            PluginValueError::Storage(error) => self.store_failed("kv", error),
            _ => Denied::BadArgument,
        }
    }
}
