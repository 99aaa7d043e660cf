//! What streams are for that clients open.

use std::sync::Arc;

use kernel::Host;
use runtime::Runtime;
use xmpp::{StreamCondition, StreamError, StreamHeader, ns};

use super::C2s;
use crate::opening::{Purpose, Refusal};
use crate::pipe::Pipe;

impl Purpose for C2s {
    const NAMESPACE: &'static str = ns::CLIENT;
    type Local = Arc<Host>;

    fn runtime(&self) -> &Runtime {
        self.kernel.runtime()
    }

    /// The limits are those before log-in.
    fn admit<P: Pipe>(&self, header: &StreamHeader, pipe: &mut P) -> Result<Arc<Host>, Refusal> {
        let host = header.to.as_ref().and_then(|to| self.kernel.host(to.domain()));
        let host = host
            .filter(|host| host.is_enabled())
            .ok_or_else(|| StreamError::new(StreamCondition::HostUnknown))?;
        if pipe.origin().is_some_and(|origin| !host.options().web.admits(origin)) {
            let error = StreamError::new(StreamCondition::PolicyViolation);
            return Err(error.text("this web origin is not allowed for this domain").into());
        }
        if redirect(&host, pipe) {
            return Err(Refusal::Redirected);
        }
        pipe.set_limits(&host.options().limits, false);
        Ok(host)
    }

    fn is_same(one: &Arc<Host>, other: &Arc<Host>) -> bool {
        Arc::ptr_eq(one, other)
    }
}

/// Redirects the client if the domain's web clients are to use another URL (RFC 7395 section 3.6.1, XEP-0124
/// section 17.2).
fn redirect<P: Pipe>(host: &Host, pipe: &mut P) -> bool {
    host.options().web.see_other_uri.iter().any(|uri| pipe.redirect(uri))
}
