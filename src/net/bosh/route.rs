//! The HTTP endpoint: requests to sessions, and replies to responses.

use std::sync::Arc;

use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use runtime::SharedRandom;
use settings::Limit;

use super::connection::Connection;
use super::held::Held;
use super::registry::Registry;
use super::reply::Reply;
use super::session::Session;
use super::terms::{self, BoshLimits};
use crate::http::{Answer, Body, Cors, Request, Response, Route, not_allowed, text};
use crate::{Rate, traffic};

const METHODS: &str = "GET, POST, OPTIONS";
const CORS: Cors = Cors { methods: METHODS };

/// Shown to a person who opens the URL in a browser.
const HELLO: &str = "This is a BOSH endpoint (XEP-0206). Enter its address in an XMPP client.";

/// What sessions of one domain may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// The limits of what they may request.
    pub limits: BoshLimits,
    /// The limits of a stanza.
    pub stanza: xmpp::ElementLimits,
    /// The limits of a stanza before authentication.
    pub before_login: xmpp::ElementLimits,
    /// How fast a client may send; `None`: unlimited.
    pub rate: Option<Rate>,
}

/// The server of the sessions' streams.
pub trait Service: Send + Sync {
    /// A session has begun.
    fn begin(&self, connection: Connection);
    /// What sessions of a domain may do; without a domain: the limits of all bodies.
    fn allows(&self, domain: Option<&str>) -> Allowed;
    /// The limit of unauthenticated sessions per address.
    fn sessions_per_address(&self) -> Limit;
    /// Whether pages of this web origin may use the domain, or any domain if `None`.
    fn admits(&self, origin: &str, domain: Option<&str>) -> bool;
    /// Whether new sessions are refused.
    fn is_closing(&self) -> bool;
}

/// A BOSH endpoint (XEP-0124).
pub struct Bosh {
    pub(super) registry: Arc<Registry>,
    pub(super) service: Arc<dyn Service>,
}

/// An answer, given or pending.
pub(super) enum Outcome {
    Now(Reply, Option<Arc<Session>>),
    Held(Held),
    /// An HTTP response without a BOSH body.
    Plain(Box<Response>),
}

impl Bosh {
    /// No sessions yet. Session ids are drawn from `random`.
    pub fn new(service: Arc<dyn Service>, random: SharedRandom) -> Arc<Self> {
        Arc::new(Self { registry: Arc::new(Registry::new(random)), service })
    }
}

impl Route for Bosh {
    fn call(self: Arc<Self>, request: Request) -> Answer {
        let origin = request.origin().map(Box::<str>::from);
        match *request.method() {
            Method::POST => {}
            Method::GET | Method::HEAD => return ready(text(StatusCode::OK, HELLO)),
            Method::OPTIONS => return ready(CORS.options(self.admitted(origin.as_deref(), None))),
            _ => return ready(not_allowed(METHODS)),
        }
        // Boxed separately: what reading needs is not kept while the request is held.
        let received = Box::pin(self.clone().receive(request));
        Box::pin(async move {
            let (reply, session) = match received.await {
                Outcome::Now(reply, session) => (reply, session),
                Outcome::Held(held) => {
                    let session = held.session();
                    (held.await, Some(session))
                }
                Outcome::Plain(response) => return *response,
            };
            let session = session.as_deref();
            let mut response = response(reply, session.map_or(terms::CONTENT, |session| session.content));
            let domain = session.map(|session| &*session.domain);
            CORS.admit(&mut response, self.admitted(origin.as_deref(), domain));
            response
        })
    }
}

impl Bosh {
    /// The origin, if its pages may read the answer.
    pub(super) fn admitted<'a>(&self, origin: Option<&'a str>, domain: Option<&str>) -> Option<&'a str> {
        origin.filter(|origin| self.service.admits(origin, domain))
    }
}

fn ready(response: Response) -> Answer {
    Box::pin(std::future::ready(response))
}

/// The headers keep a browser that opens this URL as a page from running anything users have written.
fn response(reply: Reply, content: &'static str) -> Response {
    traffic::BOSH.sent.add(reply.body.len() as u64);
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}
