//! Resource binding (RFC 6120 section 7), or resumption in its place (XEP-0198 section 5).

use std::sync::Arc;

use kernel::{Account, BindError, BindRequest, Host, Login, ResumeError, log_failure};
use xmpp::{
    Condition, Document, Element, Jid, Stanza, StanzaError, StanzaType, StreamCondition, StreamError, ns,
};

use super::C2s;
use super::exchange::LoggedIn;
use crate::established::Bound;
use crate::features;
use crate::opening::{Authenticated, Ended, Line};
use crate::pipe::Pipe;
use crate::sm;

/// Requests to bind or resume allowed on one stream.
const ATTEMPTS: usize = 10;

/// Who asks to bind or resume.
struct Binder<'a> {
    c2s: &'a C2s,
    host: Arc<Host>,
    user: Jid,
    login: Arc<Login>,
}

impl<P: Pipe> Authenticated<'_, P, C2s, LoggedIn> {
    /// Waits for the client to bind or resume.
    pub async fn bind(self) -> Result<(Box<P>, Bound), Ended> {
        let Self { opened: mut stream, who: (user, login) } = self;
        let (c2s, host) = (stream.line.purpose, stream.local.clone());
        stream.line.pipe.set_limits(&host.options().limits, true);
        let managed = !stream.line.pipe.confirms();
        stream.offer(&features::bind(c2s.kernel.table(&host).as_deref(), managed));
        let binder = Binder { c2s, host, user, login: Arc::new(login) };
        for _ in 0..ATTEMPTS {
            let element = stream.line.element().await?;
            if let Some(bound) = binder.answer(&mut stream.line, element).await? {
                return Ok((stream.line.pipe, Bound { lang: stream.lang, ..bound }));
            }
        }
        let error = StreamError::new(StreamCondition::PolicyViolation);
        Err(stream.line.fail(error.text("too many failed attempts to bind")).await)
    }
}

impl Binder<'_> {
    async fn answer<P: Pipe>(
        &self,
        line: &mut Line<'_, P, C2s>,
        element: Document,
    ) -> Result<Option<Bound>, Ended> {
        let answered = match sm::read(element.root()) {
            Some(sm::Request::Resume { previd, h }) if !line.pipe.confirms() => {
                self.resume(&mut *line.pipe, previd, h).await
            }
            Some(_) => {
                line.pipe.element(&sm::too_early(line.pipe.confirms()));
                Ok(None)
            }
            None => self.request(&mut *line.pipe, element).await,
        };
        match answered {
            Ok(bound) => Ok(bound),
            Err(error) => Err(line.fail(error).await),
        }
    }

    async fn resume<P: Pipe>(
        &self,
        pipe: &mut P,
        previd: Option<u128>,
        h: u32,
    ) -> Result<Option<Bound>, StreamError> {
        let resumed = match previd {
            Some(token) => {
                let resumed = self.c2s.kernel.resume(&self.user, token, h, pipe.about()).await;
                resumed.map(|hold| (hold, token))
            }
            None => Err(ResumeError::NotFound),
        };
        match resumed {
            Ok((hold, token)) => {
                pipe.element(&sm::resumed(token, hold.handled()));
                Ok(Some(Bound { hold, resumed: true, lang: None }))
            }
            Err(ResumeError::TooHigh(claim)) => Err(sm::too_high(claim)),
            Err(ResumeError::NotFound) => {
                pipe.element(&sm::failed(Condition::ItemNotFound));
                Ok(None)
            }
        }
    }

    /// A stanza before binding: only the bind request is allowed (RFC 6120 section 7.1).
    async fn request<P: Pipe>(&self, pipe: &mut P, element: Document) -> Result<Option<Bound>, StreamError> {
        let stanza = Stanza::from_document(element)
            .ok()
            .filter(|s| s.stanza_type() == StanzaType::Set && s.child("bind", ns::BIND).is_some());
        let Some(stanza) = stanza else { return Err(StreamError::new(StreamCondition::NotAuthorized)) };
        let wanted = stanza.child("bind", ns::BIND).and_then(|bind| bind.child("resource", ns::BIND));
        let resource =
            wanted.map(|resource| resource.text().into_owned()).filter(|resource| !resource.is_empty());
        let Some(account) = self.account().await? else {
            return Err(StreamError::new(StreamCondition::NotAuthorized).text("the account no longer exists"));
        };
        let (about, login) = (pipe.about(), Some(self.login.clone()));
        match self.c2s.kernel.bind(BindRequest { account, resource, about, login }).await {
            Ok(hold) => {
                let jid = Element::new("jid", ns::BIND).text(hold.jid().as_str());
                pipe.stanza(&stanza.result_reply(Some(&Element::new("bind", ns::BIND).child(jid))));
                Ok(Some(Bound { hold, resumed: false, lang: None }))
            }
            Err(BindError::Revoked) => {
                Err(StreamError::new(StreamCondition::Reset).text("the password was changed"))
            }
            Err(BindError::Gone) => {
                let error = StreamError::new(StreamCondition::HostGone);
                Err(error.text("this domain is no longer served here"))
            }
            Err(error) => {
                if let Some(reply) = stanza.error_reply(&refusal(error, &self.host)) {
                    pipe.stanza(&reply);
                }
                Ok(None)
            }
        }
    }

    async fn account(&self) -> Result<Option<Arc<Account>>, StreamError> {
        let local = self.user.local().unwrap_or_default();
        self.c2s.kernel.account(&self.host, local).await.map_err(|error| {
            log_failure(&error, "cannot look up an account");
            StreamError::new(match error.is_temporary() {
                true => StreamCondition::ResourceConstraint,
                false => StreamCondition::InternalServerError,
            })
        })
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
