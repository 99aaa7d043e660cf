//! A component's connection, once it has proved the secret.

use std::sync::Arc;

use kernel::{Inflow, Link};
use tokio::sync::Notify;
use xmpp::{Document, Jid, Stanza, StanzaError, StreamCondition, StreamError, ns};

use super::link::Component;
use super::waiting::Seat;
use crate::goodbye::goodbye;
use crate::link::{End, Output, Traffic, carry};
use crate::pipe::Pipe;

struct Carried {
    component: Arc<Component>,
    seat: Arc<Seat>,
    inflow: Arc<Inflow>,
}

/// Serves the connection to its end.
pub(super) async fn run<P: Pipe>(mut pipe: Box<P>, component: Arc<Component>) {
    let (name, address) = (component.options().name.clone(), pipe.about().address);
    let seat = component.join();
    tracing::info!(component = %name, %address, "component connected");
    let link: Arc<dyn Link> = component.clone();
    let inflow = Inflow::new(component.kernel.clone(), link);
    let carried = Carried { component, seat, inflow };
    let end = carry(&mut *pipe, &carried).await;
    // Boxed, so that its state does not enlarge that of the connection.
    Box::pin(finish(&mut *pipe, &carried, end, &name)).await;
}

async fn finish<P: Pipe>(pipe: &mut P, carried: &Carried, end: End, name: &Jid) {
    carried.component.leave(&carried.seat).await;
    let address = pipe.about().address;
    match end {
        End::Closed => tracing::info!(component = %name, %address, "component disconnected"),
        End::Lost => {
            tracing::warn!(component = %name, %address, "component lost: its connection has broken");
            return;
        }
        End::Error(error) => {
            tracing::warn!(component = %name, %address, %error, "component disconnected");
            pipe.element(&error.to_element());
        }
    }
    pipe.close();
    goodbye(pipe).await;
}

impl Traffic for Carried {
    fn sent(&self) {
        self.component.with(|waiting| waiting.sent(&self.seat));
    }

    fn next(&self) -> Option<Output> {
        self.component.with(|waiting| waiting.next(&self.seat)).map(Output::Stanza)
    }

    fn woken(&self) -> &Notify {
        &self.seat.woken
    }

    fn ending(&self) -> Option<End> {
        self.seat.ending().map(End::Error)
    }

    async fn take(&self, element: Document) -> Result<Option<Output>, StreamError> {
        if element.root().ns() != ns::CLIENT {
            return Err(StreamCondition::UnsupportedStanzaType.into());
        }
        let stanza = match Stanza::from_document(element) {
            Ok(stanza) => stanza,
            Err(malformed) if malformed.kind.is_none() => {
                return Err(StreamCondition::UnsupportedStanzaType.into());
            }
            Err(malformed) => return Ok(malformed.error_reply().map(Output::Stanza)),
        };
        match self.judge(&stanza)? {
            None => {
                let domain = self.component.options().name.clone();
                self.inflow.take(&domain, stanza).await;
                Ok(None)
            }
            Some(error) => Ok(stanza.error_reply(&error).map(Output::Stanza)),
        }
    }
}

impl Carried {
    /// Whether the component may send this; the error that it gets in answer. It may speak only for addresses of its own
    /// (XEP-0114 section 3).
    fn judge(&self, stanza: &Stanza) -> Result<Option<StanzaError>, StreamError> {
        let options = self.component.options();
        if stanza.from().is_none_or(|from| from.domain() != options.name.domain()) {
            let error = StreamError::new(StreamCondition::InvalidFrom);
            return Err(error.text(format!("'from' must be an address at {}", options.name)));
        }
        let Some(to) = stanza.to() else {
            return Ok(Some(StanzaError::bad_request().text("a component's stanza needs a 'to'")));
        };
        let is_closed = self.component.kernel.host(to.domain()).is_some() && !options.reaches(to.domain());
        Ok(is_closed.then(|| StanzaError::forbidden().text("this domain is not open to this component")))
    }
}
