//! BOSH as a pipe (XEP-0206).

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use kernel::{DomainLimits, Host, SessionAbout, Transport};
use net::bosh::{self, Allowed, Bosh, Connection, Service};
use net::http::Route;
use settings::Limit;
use xmpp::{Element, Stanza, StreamHeader};

use crate::c2s::C2s;
use crate::pipe::{Input, Pipe, PipeError};

/// The route that creates and continues BOSH sessions.
pub(crate) fn route(c2s: &Arc<C2s>) -> Arc<dyn Route> {
    Bosh::new(Arc::new(Front(c2s.clone())), c2s.kernel.runtime().random.clone())
}

/// Serves each BOSH session as a client stream.
struct Front(Arc<C2s>);

impl Front {
    fn host(&self, domain: Option<&str>) -> Option<Arc<Host>> {
        domain.and_then(|domain| self.0.kernel.host(domain)).filter(|host| host.is_enabled())
    }
}

impl Service for Front {
    fn begin(&self, connection: Connection) {
        let (c2s, until) = (self.0.clone(), self.0.login_deadline());
        let pipe = Box::new(BoshPipe { connection, opened: false });
        self.0.kernel.runtime().tasks.spawn("bosh", c2s.serve_web(pipe, until));
    }

    fn allows(&self, domain: Option<&str>) -> Allowed {
        match self.host(domain) {
            Some(host) => allowed(&host.options().limits),
            None => allowed(&self.0.limits().host),
        }
    }

    fn sessions_per_address(&self) -> Limit {
        self.0.limits().bosh.bosh_sessions_per_address
    }

    fn admits(&self, origin: &str, domain: Option<&str>) -> bool {
        match domain {
            Some(_) => self.host(domain).is_none_or(|host| host.options().web.admits(origin)),
            None => self.0.kernel.hosts().iter().any(|host| host.options().web.admits(origin)),
        }
    }

    fn is_closing(&self) -> bool {
        self.0.kernel.runtime().tasks.draining()
    }
}

fn allowed(limits: &DomainLimits) -> Allowed {
    Allowed {
        limits: limits.bosh,
        stanza: limits.stream.parser(),
        before_login: limits.stream.before_login(),
        rate: limits.stream.rate(),
    }
}

pub(crate) struct BoshPipe {
    connection: Connection,
    /// Whether the server's stream header has been written.
    opened: bool,
}

impl Pipe for BoshPipe {
    fn poll_input(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<Input, PipeError>> {
        self.connection.poll_input(cx, read).map(|input| {
            Ok(match input? {
                bosh::Input::Event(event) => Input::Event(event),
                bosh::Input::Confirmed(stanzas) => Input::Confirmed(stanzas),
                bosh::Input::Drained => Input::Drained,
                bosh::Input::Lost => Input::Lost,
            })
        })
    }

    fn open(&mut self, header: &StreamHeader) {
        self.connection.open(header);
        self.opened = true;
    }

    fn opened(&self) -> bool {
        self.opened
    }

    fn close(&mut self) {
        self.connection.close();
    }

    fn stanza(&mut self, stanza: &Stanza) -> usize {
        self.connection.stanza(stanza)
    }

    fn element(&mut self, element: &Element) {
        self.connection.element(element);
    }

    fn pending(&self) -> usize {
        self.connection.pending()
    }

    /// After SASL: the client's next request restarts the stream (XEP-0206 section 5).
    fn restart(&mut self) {
        self.connection.logged_in();
        self.opened = false;
    }

    fn about(&self) -> SessionAbout {
        SessionAbout {
            transport: Transport::Bosh,
            tls: self.connection.is_secure(),
            address: self.connection.address(),
        }
    }

    fn origin(&self) -> Option<&str> {
        self.connection.origin()
    }

    /// Only to a BOSH URL: the domain's URL may be a WebSocket one.
    fn redirect(&mut self, uri: &str) -> bool {
        let http = uri.starts_with("https://") || uri.starts_with("http://");
        if http {
            self.connection.redirect(uri);
        }
        http
    }

    fn confirms(&self) -> bool {
        true
    }

    fn bound(&mut self) {
        self.connection.count();
    }

    fn parting(&mut self) {
        self.connection.parting();
    }

    fn set_limits(&mut self, limits: &DomainLimits, _: bool) {
        self.connection.set_limits(&allowed(limits));
    }

    async fn shut(&mut self) {
        poll_fn(|cx| self.connection.poll_shut(cx)).await;
    }
}
