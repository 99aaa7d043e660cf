//! Resource binding (RFC 6120 section 7), or resumption in its place (XEP-0198 section 5).

use std::sync::Arc;

use kernel::{Account, BindError, BindRequest, Hold, Host, Login, ResumeError, log_failure};
use xmpp::{
    Condition, Document, Element, Jid, Stanza, StanzaError, StanzaType, StreamCondition, StreamError,
    StreamEvent, ns,
};

use crate::c2s::C2s;
use crate::pipe::{self, Pipe, PipeError};
use crate::sm;

/// Requests to bind or resume allowed on one stream.
const ATTEMPTS: usize = 10;

/// A stream with a session on it.
pub(crate) struct Bound {
    pub hold: Hold,
    /// Whether stream management is on, because the session was resumed.
    pub resumed: bool,
    /// The language given in the stream header.
    pub lang: Option<Arc<str>>,
}

/// Waits for the client to bind or resume; `None` if it has left.
pub(crate) async fn bind<P: Pipe>(
    c2s: &C2s,
    pipe: &mut P,
    host: &Arc<Host>,
    user: &Jid,
    login: &Arc<Login>,
) -> Result<Option<Bound>, PipeError> {
    for _ in 0..ATTEMPTS {
        let element = match pipe::event(pipe).await? {
            Some(StreamEvent::Element(element)) => element,
            Some(StreamEvent::Open(_)) => return Err(StreamError::new(StreamCondition::InvalidXml).into()),
            Some(StreamEvent::Close) => {
                pipe.close();
                crate::goodbye::goodbye(pipe).await;
                return Ok(None);
            }
            None => return Ok(None),
        };
        let bound = match sm::read(element.root()) {
            Some(sm::Request::Resume { previd, h }) if !pipe.confirms() => {
                resume(c2s, pipe, user, previd, h).await?
            }
            Some(_) => {
                pipe.element(&sm::too_early(pipe.confirms()));
                None
            }
            None => request(c2s, pipe, host, user, login, element).await?,
        };
        if bound.is_some() {
            return Ok(bound);
        }
    }
    Err(StreamError::new(StreamCondition::PolicyViolation).text("too many failed attempts to bind").into())
}

async fn resume<P: Pipe>(
    c2s: &C2s,
    pipe: &mut P,
    user: &Jid,
    previd: Option<u128>,
    h: u32,
) -> Result<Option<Bound>, PipeError> {
    let resumed = match previd {
        Some(token) => c2s.kernel.resume(user, token, h, pipe.about()).await.map(|hold| (hold, token)),
        None => Err(ResumeError::NotFound),
    };
    match resumed {
        Ok((hold, token)) => {
            pipe.element(&sm::resumed(token, hold.handled()));
            Ok(Some(Bound { hold, resumed: true, lang: None }))
        }
        Err(ResumeError::TooHigh(claim)) => Err(sm::too_high(claim).into()),
        Err(ResumeError::NotFound) => {
            pipe.element(&sm::failed(Condition::ItemNotFound));
            Ok(None)
        }
    }
}

/// A stanza before binding: only the bind request is allowed (RFC 6120 section 7.1).
async fn request<P: Pipe>(
    c2s: &C2s,
    pipe: &mut P,
    host: &Arc<Host>,
    user: &Jid,
    login: &Arc<Login>,
    element: Document,
) -> Result<Option<Bound>, PipeError> {
    let stanza = Stanza::from_document(element)
        .ok()
        .filter(|s| s.stanza_type() == StanzaType::Set && s.child("bind", ns::BIND).is_some());
    let Some(stanza) = stanza else { return Err(StreamError::new(StreamCondition::NotAuthorized).into()) };
    let wanted = stanza.child("bind", ns::BIND).and_then(|bind| bind.child("resource", ns::BIND));
    let resource =
        wanted.map(|resource| resource.text().into_owned()).filter(|resource| !resource.is_empty());
    let Some(account) = account(c2s, host, user).await? else {
        return Err(StreamError::new(StreamCondition::NotAuthorized)
            .text("the account no longer exists")
            .into());
    };
    let (about, login) = (pipe.about(), Some(login.clone()));
    let result = c2s.kernel.bind(BindRequest { account, resource, about, login }).await;
    match result {
        Ok(hold) => {
            let jid = Element::new("jid", ns::BIND).text(hold.jid().as_str());
            pipe.stanza(&stanza.result_reply(Some(&Element::new("bind", ns::BIND).child(jid))));
            Ok(Some(Bound { hold, resumed: false, lang: None }))
        }
        Err(BindError::Revoked) => {
            let error = StreamError::new(StreamCondition::Reset);
            Err(error.text("the password was changed").into())
        }
        Err(BindError::Gone) => {
            let error = StreamError::new(StreamCondition::HostGone);
            Err(error.text("this domain is no longer served here").into())
        }
        Err(error) => {
            if let Some(reply) = stanza.error_reply(&refusal(error, host)) {
                pipe.stanza(&reply);
            }
            Ok(None)
        }
    }
}

/// The error conditions of RFC 6120 section 7.7, or what a gate says.
fn refusal(error: BindError, host: &Host) -> StanzaError {
    match error {
        BindError::Conflict => StanzaError::conflict().text("this resource is in use"),
        BindError::TooMany => {
            let most = host.options().limits.sessions_per_account.bound();
            StanzaError::resource_constraint().text(format!("this account already has {most} sessions"))
        }
        BindError::BadResource => StanzaError::bad_request().text("the resource is not valid"),
        BindError::Refused(error) => error,
        BindError::Gone | BindError::Revoked => StanzaError::gone(),
    }
}

async fn account(c2s: &C2s, host: &Arc<Host>, user: &Jid) -> Result<Option<Arc<Account>>, PipeError> {
    let local = user.local().unwrap_or_default();
    c2s.kernel.account(host, local).await.map_err(|error| {
        log_failure(&error, "cannot look up an account");
        let condition = match error.is_temporary() {
            true => StreamCondition::ResourceConstraint,
            false => StreamCondition::InternalServerError,
        };
        StreamError::new(condition).into()
    })
}
