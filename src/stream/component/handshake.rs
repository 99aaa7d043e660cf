//! How a component opens its stream (XEP-0114 section 3): a header with its name, and the proof of the secret.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use net::Connection;
use runtime::Runtime;
use tokio::net::TcpStream;
use tokio::time::Instant;
use xmpp::{Element, StreamCondition, StreamError, StreamHeader, ns};

use super::link::Component;
use super::registry::Components;
use crate::opening::{Ended, Line, Opened, Purpose, Refusal};
use crate::pipe::Pipe;
use crate::tcp::Tcp;

/// How long a component may take to prove the secret.
const PATIENCE: Duration = Duration::from_secs(30);

impl Purpose for Components {
    const NAMESPACE: &'static str = ns::COMPONENT;
    const HAS_FEATURES: bool = false;
    type Local = Arc<Component>;

    fn runtime(&self) -> &Runtime {
        self.kernel().runtime()
    }

    fn admit<P: Pipe>(&self, header: &StreamHeader, _pipe: &mut P) -> Result<Arc<Component>, Refusal> {
        let named = header.to.as_ref().filter(|to| to.is_domain());
        let component = named.and_then(|to| self.component(to.domain()));
        component.ok_or_else(|| StreamError::new(StreamCondition::HostUnknown).into())
    }

    fn is_same(one: &Arc<Component>, other: &Arc<Component>) -> bool {
        Arc::ptr_eq(one, other)
    }
}

impl Components {
    /// A connection on which a component has proved that it is one.
    pub(super) async fn accept(
        &self,
        socket: TcpStream,
        peer: SocketAddr,
    ) -> Result<(Box<Tcp>, Arc<Component>), Ended> {
        let limits = net::StreamLimits::default().before_login();
        let tcp = Box::new(Tcp::new(Connection::plain(socket, peer, limits)));
        let mut opened = Line::new(tcp, self, Instant::now() + PATIENCE).open().await?;
        let element = opened.line.element().await?;
        let proof = element.root().is("handshake", ns::CLIENT).then(|| element.root().text());
        match self.judge(&opened, proof.as_deref()) {
            Ok(()) => {
                let Opened { mut line, local, .. } = opened;
                line.pipe.element(&Element::new("handshake", ns::CLIENT));
                line.pipe.set_stream_limits(&local.options().stream());
                Ok((line.pipe, local))
            }
            Err(error) => Err(opened.line.fail(error).await),
        }
    }

    /// A wrong proof counts as a failed log-in.
    fn judge<P: Pipe>(&self, opened: &Opened<'_, P, Self>, proof: Option<&str>) -> Result<(), StreamError> {
        let limited = |limited: auth::Limited| {
            StreamError::new(StreamCondition::PolicyViolation).text(limited.to_string())
        };
        let address = opened.line.pipe.about().address;
        self.limiter().check(address.ip()).map_err(limited)?;
        let options = opened.local.options();
        let right = proof.is_some_and(|proof| auth::proves_secret(&opened.id, &options.secret, proof.trim()));
        self.limiter().judge(address.ip(), right).map_err(limited)?;
        if !right {
            tracing::warn!(component = %options.name, %address, "a component has not proved its secret");
            return Err(StreamError::new(StreamCondition::NotAuthorized));
        }
        Ok(())
    }
}
