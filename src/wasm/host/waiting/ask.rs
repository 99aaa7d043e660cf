//! `ask`: requests of a plugin's own.

use std::time::Duration;

use kernel::{IqKind, RequestError};
use tokio::time::Instant;
use wasmtime::Result;
use xmpp::{Element, Jid, Stanza, StanzaType};

use crate::bindings::castling::plugin::types::{Denied, StanzaError};
use crate::bindings::waiting::castling::plugin::ask::{Failure, Host};
use crate::state::StoreData;
use crate::verdict;

/// What is left of the call's time when no answer has come, so that the plugin can say so.
const MARGIN: Duration = Duration::from_millis(500);

impl Host for StoreData {
    async fn iq(
        &mut self,
        from: String,
        to: String,
        set: bool,
        payload: String,
        timeout_ms: u32,
    ) -> Result<std::result::Result<Option<String>, Failure>> {
        let kernel = match self.server("ask", "iq") {
            Ok(kernel) => kernel,
            Err(denied) => return Ok(Err(Failure::Denied(denied))),
        };
        let (Ok(from), Ok(to), Ok(payload)) =
            (Jid::parse(&from), Jid::parse(&to), verdict::element(&payload))
        else {
            return Ok(Err(Failure::Denied(Denied::BadArgument)));
        };
        let origin = match self.sends_as(&kernel, "ask", "iq", &from) {
            Ok(sender) => sender.origin,
            Err(denied) => return Ok(Err(Failure::Denied(denied))),
        };
        let kind = if set { IqKind::Set } else { IqKind::Get };
        let left = self.ends.map_or(Duration::ZERO, |ends| ends.saturating_duration_since(Instant::now()));
        let patience = Duration::from_millis(timeout_ms.into()).min(left.saturating_sub(MARGIN));
        let asked = kernel.request(origin, (&from, &to), kind, &payload, patience).await;
        Ok(match asked {
            Ok(answer) => read(&answer),
            Err(RequestError::Timeout) => Err(Failure::Timeout),
            Err(RequestError::TooMany) => Err(Failure::Denied(Denied::OverQuota)),
        })
    }
}

/// The payload of a result, or the error.
fn read(answer: &Stanza) -> std::result::Result<Option<String>, Failure> {
    if answer.stanza_type() == StanzaType::Result {
        let payload = answer.payload().and_then(|payload| payload.to_bounded_element());
        return Ok(payload.map(|payload: Element| payload.to_xml("")));
    }
    let error = answer.error();
    let condition = error.as_ref().map_or("undefined-condition", |error| error.condition.as_str());
    let text = error.as_ref().and_then(|error| error.text.clone());
    let app = error.and_then(|error| error.app).map(|app| app.to_xml(""));
    Err(Failure::Error(StanzaError { condition: condition.to_owned(), text, app }))
}
