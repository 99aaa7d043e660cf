//! From the stream header to a bound session: the same for every transport.

use std::sync::Arc;

use kernel::Host;
use xmpp::{Jid, StreamCondition, StreamError, StreamEvent, StreamHeader, ns};

use crate::bind::{self, Bound};
use crate::c2s::C2s;
use crate::features;
use crate::goodbye::goodbye;
use crate::pipe::{self, Pipe, PipeError};
use crate::sasl;

impl From<StreamError> for PipeError {
    fn from(error: StreamError) -> Self {
        PipeError::Stream(error)
    }
}

/// Negotiates; `None` if the connection has ended, the peer having been sent the error.
pub(crate) async fn negotiate<P: Pipe>(c2s: &C2s, pipe: &mut P) -> Option<Bound> {
    let (host, _) = open(c2s, pipe, false).await?;
    let (user, login) = match sasl::authenticate(c2s, pipe, &host).await {
        Ok(Some((user, login))) => (user, Arc::new(login)),
        Ok(None) => return None,
        Err(error) => return fail(c2s, pipe, error).await,
    };
    pipe.restart();
    let (again, lang) = open(c2s, pipe, true).await?;
    if !Arc::ptr_eq(&again, &host) {
        let error = StreamError::new(StreamCondition::HostUnknown)
            .text("this stream is authenticated for another domain");
        return fail(c2s, pipe, error.into()).await;
    }
    pipe.element(&features::authenticated(c2s.kernel.table(&host).as_deref(), !pipe.confirms()));
    match bind::bind(c2s, pipe, &host, &user, &login).await {
        Ok(bound) => bound.map(|bound| Bound { lang, ..bound }),
        Err(error) => fail(c2s, pipe, error).await,
    }
}

/// Reads the client's stream header and answers it (RFC 6120 section 4.2); returns the host it is for, and
/// its language. Long elements are allowed only from a client that has `logged_in`.
pub(crate) async fn open<P: Pipe>(
    c2s: &C2s,
    pipe: &mut P,
    logged_in: bool,
) -> Option<(Arc<Host>, Option<Arc<str>>)> {
    let header = match pipe::event(pipe).await {
        Ok(Some(StreamEvent::Open(header))) => header,
        Ok(Some(StreamEvent::Close)) => {
            pipe.close();
            goodbye(pipe).await;
            return None;
        }
        Ok(_) => return None,
        Err(error) => return fail(c2s, pipe, error).await,
    };
    let host =
        header.to.as_ref().and_then(|to| c2s.kernel.host(to.domain())).filter(|host| host.is_enabled());
    answer(c2s, pipe, header.to.as_ref().map(Jid::domain_jid), header.from.clone());
    match check(&header, host, pipe.origin()) {
        Err(error) => fail(c2s, pipe, error.into()).await,
        Ok(host) => {
            if redirect(&host, pipe) {
                goodbye(pipe).await;
                return None;
            }
            pipe.set_limits(&host.options().limits, logged_in);
            Some((host, header.lang.as_deref().filter(|lang| xmpp::is_language(lang)).map(Arc::from)))
        }
    }
}

/// Writes the server's header; `to` is the `from` of the client's, if present (RFC 6120 section 4.7.2).
fn answer<P: Pipe>(c2s: &C2s, pipe: &mut P, from: Option<Jid>, to: Option<Jid>) {
    pipe.open(&StreamHeader {
        to,
        from,
        id: Some(c2s.kernel.runtime().random.token(96)),
        version: (1, 0),
        lang: Some("en".into()),
        content_ns: ns::CLIENT.into(),
    });
}

fn check(
    header: &StreamHeader,
    host: Option<Arc<Host>>,
    origin: Option<&str>,
) -> Result<Arc<Host>, StreamError> {
    if header.content_ns != ns::CLIENT {
        return Err(StreamError::new(StreamCondition::InvalidNamespace));
    }
    if header.version.0 < 1 {
        return Err(StreamError::new(StreamCondition::UnsupportedVersion));
    }
    let host = host.ok_or_else(|| StreamError::new(StreamCondition::HostUnknown))?;
    match origin.is_none_or(|origin| host.options().web.admits(origin)) {
        true => Ok(host),
        false => Err(StreamError::new(StreamCondition::PolicyViolation)
            .text("this web origin is not allowed for this domain")),
    }
}

/// Redirects the client if the domain's web clients are to use another URL (RFC 7395 section 3.6.1, XEP-0124
/// section 17.2).
fn redirect<P: Pipe>(host: &Host, pipe: &mut P) -> bool {
    host.options().web.see_other_uri.iter().any(|uri| pipe.redirect(uri))
}

/// Ends a stream with an error (RFC 6120 section 4.9), preceded by the server's header if that was not yet
/// sent. Always returns `None`, for the caller to return.
pub(crate) async fn fail<P: Pipe, T>(c2s: &C2s, pipe: &mut P, error: PipeError) -> Option<T> {
    if let PipeError::Stream(error) = error {
        if !pipe.opened() {
            answer(c2s, pipe, None, None);
        }
        tracing::debug!(address = %pipe.about().address, %error, "stream closed");
        pipe.element(&error.to_element());
        pipe.close();
        goodbye(pipe).await;
    }
    None
}
