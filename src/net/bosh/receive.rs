//! POST requests: a new session, or the next request of one.

use std::sync::Arc;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use tokio::time::Instant;
use xmpp::{ElementLimits, StreamEvent};

use super::body::Body;
use super::condition::Condition;
use super::connection::Connection;
use super::core::{Core, Request as Sent};
use super::creation::{Creation, header};
use super::fault::Fault;
use super::held::Held;
use super::intake::Arrival;
use super::registry;
use super::route::{Bosh, Outcome};
use super::session::Session;
use super::terms::Terms;
use crate::address::Seat;
use crate::http::{BodyError, Client, Request, text};
use crate::traffic;

/// Bytes of a body in addition to the stanzas.
const TAG: usize = 8 << 10;
/// The number of stanzas of maximum size that fit into one body.
const LARGEST: usize = 16;

struct Sender {
    client: Client,
    origin: Option<Box<str>>,
}

/// The counts a session takes up: of unauthenticated sessions, and, behind a proxy, of the client's
/// connections.
pub(super) struct Seats {
    pub early: Seat,
    pub behind: Option<Box<Seat>>,
}

impl Bosh {
    /// Reads a POST and passes it to its session.
    pub(super) async fn receive(self: Arc<Self>, mut request: Request) -> Outcome {
        if let Some(refusal) = unreadable(&request) {
            return refusal;
        }
        let sender = Sender { client: request.client(), origin: request.origin().map(Into::into) };
        request.forget_head();
        let limits = self.service.allows(None);
        let more = |start: &[u8]| match self.is_logged_in(start) {
            true => most(&limits.stanza),
            false => 0,
        };
        let bytes = match request.body_or_more(most(&limits.before_login), more).await {
            Ok(bytes) => bytes,
            Err(BodyError::TooLarge(start)) => return self.too_large(&start, &sender),
            Err(error) => return Outcome::Plain(error.response().into()),
        };
        traffic::BOSH.received.add(bytes.len() as u64);
        // a client that sends no valid body, or no `ver`, may understand only HTTP status codes
        let body = match Body::open(&bytes) {
            Ok(body) => body,
            Err(condition) => return refuse(condition.into(), true),
        };
        match &body.attributes.sid {
            None => self
                .create(&body, &sender, &request)
                .unwrap_or_else(|fault| refuse(fault, body.attributes.ver.is_none())),
            Some(sid) => match self.session(sid, &sender) {
                Ok(session) => next(session, body, sender.client),
                Err(refusal) => refusal,
            },
        }
    }

    /// The session a request is for, if its sender may use it. An unauthorized sender does not end the
    /// session, since otherwise anyone who has seen its id could (XEP-0124 §19.1).
    fn session(&self, sid: &str, sender: &Sender) -> Result<Arc<Session>, Outcome> {
        let found = self.registry.get(sid);
        let session = found.ok_or_else(|| refuse(Condition::ItemNotFound.into(), false))?;
        if !session.is_as_secure(sender.client) {
            let words = "this session requires TLS";
            return Err(plain(StatusCode::FORBIDDEN, words));
        }
        let origin = sender.origin.as_deref();
        if origin.is_some() && self.admitted(origin, Some(&session.domain)).is_none() {
            let words = "this web origin is not allowed for this domain";
            return Err(plain(StatusCode::FORBIDDEN, words));
        }
        Ok(session)
    }

    /// Whether a body that begins like this belongs to an authenticated session.
    fn is_logged_in(&self, start: &[u8]) -> bool {
        let sid = Body::open(start).ok().and_then(|body| body.attributes.sid);
        sid.and_then(|sid| self.registry.get(&sid)).is_some_and(|session| session.is_logged_in())
    }

    /// Ends the session of a body that is too large, if its start names one.
    fn too_large(&self, start: &[u8], sender: &Sender) -> Outcome {
        let words = "the body is too large";
        let asked = Body::open(start).ok().map(|body| body.attributes);
        let session = asked.as_ref().and_then(|asked| self.session(asked.sid.as_deref()?, sender).ok());
        match (session, asked) {
            (Some(session), Some(asked)) => {
                let fault = Fault::new(Condition::PolicyViolation, words);
                let reply = session.with(|core| core.fail(asked.rid, &fault));
                Outcome::Now(reply, Some(session))
            }
            _ => plain(StatusCode::PAYLOAD_TOO_LARGE, words),
        }
    }

    /// Creates a session (XEP-0124 §7). The request's payload is handled after that.
    fn create(&self, body: &Body<'_>, sender: &Sender, request: &Request) -> Result<Outcome, Fault> {
        if self.service.is_closing() {
            return Err(Condition::SystemShutdown.into());
        }
        let asked = &body.attributes;
        let header = header(asked)?;
        let seats = self.seats(sender, request)?;
        let allowed = self.service.allows(header.to.as_ref().map(|to| to.domain()));
        let payload = body.payload(&allowed.before_login);
        if payload.mistake.is_some() {
            return Err(Condition::BadRequest.into());
        }
        let sid = self.registry.new_sid();
        let secure = sender.client.secure && asked.secure;
        let creation =
            Creation { sid: registry::write(sid), rid: asked.rid, secure, from: None, authid: None };
        let terms = Terms::of(asked, &allowed.limits);
        let (mut core, ticket) = Core::new(asked, header, terms, creation, Instant::now())?;
        core.inbox.extend(payload.elements.into_iter().map(|element| Ok(StreamEvent::Element(element))));
        let session = Arc::new(Session::new(sid, core, &allowed, sender.client, sender.origin.as_deref()));
        self.registry.insert(session.clone());
        let held = Held::new(session.clone(), asked.rid, ticket);
        self.service.begin(Connection::new(session, self.registry.clone(), seats, allowed.rate));
        Ok(Outcome::Held(held))
    }

    fn seats(&self, sender: &Sender, request: &Request) -> Result<Seats, Fault> {
        let refusal = |words| Fault::new(Condition::PolicyViolation, words);
        let most = self.service.sessions_per_address();
        let early = self.registry.addresses.seat(sender.client.address.ip(), most);
        let early = early.ok_or(refusal("too many unauthenticated sessions from your address"))?;
        let behind = request.seat().ok_or(refusal("too many connections from your address"))?;
        Ok(Seats { early, behind: behind.map(Box::new) })
    }
}

/// The next request of a session.
fn next(session: Arc<Session>, body: Body<'_>, client: Client) -> Outcome {
    let payload = body.payload(&session.limits());
    let rid = body.attributes.rid;
    match session.arrive(Sent { attributes: body.attributes, payload }, client) {
        Arrival::Wait(ticket) => Outcome::Held(Held::new(session, rid, ticket)),
        Arrival::Reply(reply) => Outcome::Now(reply, Some(session)),
    }
}

fn plain(status: StatusCode, words: &str) -> Outcome {
    Outcome::Plain(Box::new(text(status, words)))
}

fn refuse(fault: Fault, legacy: bool) -> Outcome {
    Outcome::Now(fault.reply(legacy), None)
}

/// Some stanzas of maximum size, or many small ones: a client puts everything pending into one body, and does
/// not know the limits here.
fn most(limits: &ElementLimits) -> usize {
    limits.stanza_bytes.saturating_mul(LARGEST).saturating_add(TAG)
}

/// Compressed bodies and encodings other than UTF-8 are not supported.
fn unreadable(request: &Request) -> Option<Outcome> {
    let refuse = |words| Some(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
    let encoding = request.header(CONTENT_ENCODING.as_str()).unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        return refuse("compressed bodies are not supported");
    }
    let content = request.header(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
    let charset = content.split(';').filter_map(|part| part.trim().strip_prefix("charset=")).next();
    match charset.map(|charset| charset.trim_matches('"')) {
        None | Some("utf-8" | "utf8" | "us-ascii") => None,
        Some(_) => refuse("UTF-8 is required"),
    }
}
