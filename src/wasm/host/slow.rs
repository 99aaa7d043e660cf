//! `ask`, `kv`, `sql`, `accounts`, `screening`, `http-client`: these wait, which a filter must not; in filters they
//! return `unavailable`.

use wasmtime::Result;

use crate::bindings::castling::plugin::types::Denied;
use crate::bindings::castling::plugin::{accounts, ask, http_client, kv, screening, sql};
use crate::state::StoreData;

impl StoreData {
    /// The error for a filter: `not-granted`, else `unavailable`. Both are counted.
    pub(super) fn unavailable(&self, interface: &'static str, function: &str) -> Denied {
        if !self.allows(interface, function) {
            return Denied::NotGranted;
        }
        self.denied(interface);
        Denied::Unavailable
    }
}

type Outcome<T> = Result<Result<T, Denied>>;

impl kv::Host for StoreData {
    fn get(&mut self, _domain: u32, _key: String) -> Outcome<Option<Vec<u8>>> {
        Ok(Err(self.unavailable("kv", "get")))
    }

    fn set(&mut self, _domain: u32, _key: String, _value: Vec<u8>, _ttl_s: Option<u32>) -> Outcome<()> {
        Ok(Err(self.unavailable("kv", "set")))
    }

    fn delete(&mut self, _domain: u32, _key: String) -> Outcome<bool> {
        Ok(Err(self.unavailable("kv", "delete")))
    }

    fn swap(
        &mut self,
        _domain: u32,
        _key: String,
        _expect: Option<Vec<u8>>,
        _value: Vec<u8>,
    ) -> Outcome<bool> {
        Ok(Err(self.unavailable("kv", "swap")))
    }

    fn keys(
        &mut self,
        _domain: u32,
        _prefix: String,
        _after: Option<String>,
        _limit: u32,
    ) -> Outcome<Vec<String>> {
        Ok(Err(self.unavailable("kv", "keys")))
    }
}

impl sql::Host for StoreData {
    fn query(
        &mut self,
        _name: String,
        _domain: u32,
        _params: Vec<(String, sql::Value)>,
    ) -> Result<Result<sql::Rows, sql::Failure>> {
        Ok(Err(self.no_sql("query")))
    }

    fn execute(
        &mut self,
        _name: String,
        _domain: u32,
        _params: Vec<(String, sql::Value)>,
    ) -> Result<Result<u64, sql::Failure>> {
        Ok(Err(self.no_sql("execute")))
    }
}

impl StoreData {
    fn no_sql(&self, function: &str) -> sql::Failure {
        let denied = Some(self.unavailable("sql", function));
        sql::Failure { denied, message: "a filter must not wait for a database".into(), retryable: false }
    }
}

impl accounts::Host for StoreData {
    fn exists(&mut self, _bare_jid: String) -> Outcome<bool> {
        Ok(Err(self.unavailable("accounts", "exists")))
    }

    fn roster(&mut self, _bare_jid: String) -> Outcome<Vec<accounts::Contact>> {
        Ok(Err(self.unavailable("accounts", "roster")))
    }

    fn available(&mut self, _bare_jid: String) -> Outcome<Vec<accounts::Presence>> {
        Ok(Err(self.unavailable("accounts", "available")))
    }

    fn private_xml(&mut self, _bare_jid: String, _name: String, _ns: String) -> Outcome<Option<String>> {
        Ok(Err(self.unavailable("accounts", "private-xml")))
    }

    fn set_account_slot(&mut self, _bare_jid: String, _value: Vec<u8>) -> Outcome<()> {
        Ok(Err(self.unavailable("accounts", "set-account-slot")))
    }
}

impl http_client::Host for StoreData {
    fn fetch(&mut self, _request: http_client::Request) -> Outcome<http_client::Response> {
        Ok(Err(self.unavailable("http-client", "fetch")))
    }
}

impl ask::Host for StoreData {
    fn iq(
        &mut self,
        _from: String,
        _to: String,
        _set: bool,
        _payload: String,
        _timeout_ms: u32,
    ) -> Result<Result<Option<String>, ask::Failure>> {
        Ok(Err(ask::Failure::Denied(self.unavailable("ask", "iq"))))
    }
}

type Screened<T> = Result<Result<T, screening::Refusal>>;

impl StoreData {
    fn no_lists<T>(&self, function: &str) -> Screened<T> {
        Ok(Err(screening::Refusal::Denied(self.unavailable("screening", function))))
    }
}

impl screening::Host for StoreData {
    fn lists(&mut self, _account: String) -> Screened<screening::Overview> {
        self.no_lists("lists")
    }

    fn get(&mut self, _account: String, _name: String) -> Screened<Vec<screening::Rule>> {
        self.no_lists("get")
    }

    fn put(
        &mut self,
        _account: String,
        _session: u64,
        _name: String,
        _rules: Vec<screening::Rule>,
        _limits: screening::ListLimits,
    ) -> Screened<()> {
        self.no_lists("put")
    }

    fn remove(&mut self, _account: String, _session: u64, _name: String) -> Screened<()> {
        self.no_lists("remove")
    }

    fn set_default(&mut self, _account: String, _session: u64, _name: Option<String>) -> Screened<()> {
        self.no_lists("set-default")
    }

    fn active(&mut self, _session: u64) -> Screened<Option<String>> {
        self.no_lists("active")
    }

    fn set_active(&mut self, _session: u64, _name: Option<String>) -> Screened<()> {
        self.no_lists("set-active")
    }
}
