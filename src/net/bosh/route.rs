//! The address: requests to sessions, and replies to responses.

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
use super::terms::{self, Limits};
use crate::Rate;
use crate::http::{Answer, Body, Cors, Request, Response, Route, not_allowed, text};

const METHODS: &str = "GET, POST, OPTIONS";
const CORS: Cors = Cors { methods: METHODS };

/// What a person is told who opens the address in a browser.
const HELLO: &str = "This is a BOSH endpoint (XEP-0206). Enter its address in an XMPP client.";

/// What sessions to one domain may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// What they may ask for.
    pub limits: Limits,
    /// What one stanza may have.
    pub stanza: xmpp::Limits,
    /// The same before the client has logged in.
    pub before_login: xmpp::Limits,
    /// How fast a client may send; `None`: as fast as it can.
    pub rate: Option<Rate>,
}

/// Whoever serves the streams of sessions.
pub trait Service: Send + Sync {
    /// A session has begun.
    fn begin(&self, connection: Connection);
    /// What sessions to a domain may do; without a domain: what every body must keep to.
    fn allows(&self, domain: Option<&str>) -> Allowed;
    /// Sessions of one address that have not logged in.
    fn sessions_per_address(&self) -> Limit;
    /// May pages of this web origin talk to the domain, or to any if none is given?
    fn admits(&self, origin: &str, domain: Option<&str>) -> bool;
    /// No more sessions are to begin.
    fn is_closing(&self) -> bool;
}

/// BOSH at an address (XEP-0124).
pub struct Bosh {
    pub(super) registry: Arc<Registry>,
    pub(super) service: Arc<dyn Service>,
}

/// A request that is answered, or will be.
pub(super) enum Outcome {
    Now(Reply, Option<Arc<Session>>),
    Held(Held),
    /// Without a word of the binding.
    Plain(Box<Response>),
}

impl Bosh {
    /// Without sessions. Session ids are drawn from `random`.
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
        // Boxed apart: what reading needs is not kept while the request is held.
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

/// A browser that is sent here as if this were a page runs nothing of what people write to each other.
fn response(reply: Reply, content: &'static str) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}
