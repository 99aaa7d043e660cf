//! Services with addresses of their own: rooms, publish-subscribe, a plugin's address.

use std::sync::Arc;

use xmpp::Kind;

use crate::{BoxFuture, Host, Kernel, Packet};

/// The handler of a service address.
pub trait Service: Send + Sync {
    /// Takes a stanza for the address or for a JID at it. Requests with a handler in the IQ table do not come
    /// here. Returns when the stanza's fate is decided; an IQ request must be answered exactly once, by
    /// [`Kernel::reply`] or [`Kernel::bounce`].
    fn take<'a>(
        &'a self,
        kernel: &'a Arc<Kernel>,
        packet: Box<Packet>,
        at: &'a Arc<ServiceAddress>,
    ) -> BoxFuture<'a, ()>;
}

pub struct ServiceAddress {
    domain: Arc<str>,
    host: Arc<Host>,
    owner: Arc<str>,
    service: Arc<dyn Service>,
}

impl ServiceAddress {
    pub(crate) fn new(domain: &str, host: Arc<Host>, owner: Arc<str>, service: Arc<dyn Service>) -> Self {
        Self { domain: domain.into(), host, owner, service }
    }

    /// The address: a domain as U-labels.
    pub fn domain(&self) -> &Arc<str> {
        &self.domain
    }

    /// The host it belongs to, whose hooks run.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// The module or plugin that serves it.
    pub fn owner(&self) -> &Arc<str> {
        &self.owner
    }
}

impl Kernel {
    pub(crate) async fn to_service(self: &Arc<Self>, mut packet: Box<Packet>, service: Arc<ServiceAddress>) {
        packet.host = service.host.clone();
        let Some(packet) = self.enter_receive(packet).await else { return };
        let left = match packet.stanza.kind() {
            Kind::Iq => self.iq_to_service(packet, &service).await,
            _ => Some(packet),
        };
        if let Some(packet) = left {
            service.service.take(self, packet, &service).await;
        }
    }
}
