//! `http-client`: this server has none yet.

use wasmtime::Result;

use crate::bindings::castling::plugin::types::Denied;
use crate::bindings::waiting::castling::plugin::http_client::{Host, Request, Response};
use crate::state::StoreData;

impl Host for StoreData {
    async fn fetch(&mut self, _request: Request) -> Result<std::result::Result<Response, Denied>> {
        Ok(Err(self.unavailable("http-client", "fetch")))
    }
}
