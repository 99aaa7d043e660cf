//! Step 4: looks only at `to`.

use std::sync::Arc;

use xmpp::{Kind, StanzaError, StanzaType};

use crate::{Destination, Host, Kernel, Link, Packet, Refused, Stage, failed};

impl Kernel {
    /// Finds the destination of the stanza. Errors for stanzas without one are sent here and in `deliver`,
    /// nowhere else.
    pub(crate) async fn route(self: &Arc<Self>, packet: Box<Packet>) {
        let Some(packet) = self.stage(Stage::Route, packet).await else { return };
        let Some(to) = packet.stanza.to().cloned() else { return self.to_self(packet).await };
        let tables = packet.tables.clone();
        match tables.destination(to.domain()) {
            Some(Destination::Host(host)) => match to.local() {
                Some(local) => self.to_local(packet, host, local).await,
                None => self.to_host(packet, host.clone()).await,
            },
            Some(Destination::Service(service)) => self.to_service(packet, service.clone()).await,
            Some(Destination::Link(link)) => self.to_link(packet, &**link).await,
            None => match tables.addresses.default_link() {
                Some(link) => self.to_link(packet, &**link).await,
                None => self.undeliverable(packet, StanzaError::remote_server_not_found()).await,
            },
        }
    }

    async fn to_link(self: &Arc<Self>, packet: Box<Packet>, link: &dyn Link) {
        if let Err(Refused { packet, error }) = link.send(self, packet) {
            self.undeliverable(packet, error).await;
        }
    }

    /// Without `to`, a client's stanza is for its own account (RFC 6120 section 10.3).
    async fn to_self(self: &Arc<Self>, packet: Box<Packet>) {
        match packet.client().map(|resource| resource.account().clone()) {
            Some(account) => self.to_account(packet, account).await,
            None => self.ignore(packet),
        }
    }

    async fn to_local(self: &Arc<Self>, packet: Box<Packet>, host: &Arc<Host>, local: &str) {
        let presence = packet.stanza.kind() == Kind::Presence;
        let broadcast = matches!(packet.stanza.stanza_type(), StanzaType::None | StanzaType::Unavailable);
        if presence && broadcast && host.accounts.get(local).is_none() {
            return self.ignore(packet); // an account not in memory is not online: no query
        }
        match self.account(host, local).await {
            Ok(Some(account)) => self.to_account(packet, account).await,
            // RFC 6121 section 8.5.1
            Ok(None) if presence => self.ignore(packet),
            Ok(None) => self.to_nobody(packet, host).await,
            Err(error) => {
                self.bounce(packet, failed(&error, "cannot look up an account")).await;
            }
        }
    }

    /// For the domain itself (RFC 6120 section 10.5.1).
    async fn to_host(self: &Arc<Self>, mut packet: Box<Packet>, host: Arc<Host>) {
        packet.host = host;
        let Some(packet) = self.enter_receive(packet).await else { return };
        match packet.stanza.kind() {
            Kind::Iq => self.iq_to_host(packet).await,
            Kind::Message => self.bounce(packet, StanzaError::service_unavailable()).await,
            Kind::Presence => self.ignore(packet),
        }
    }

    /// The domain has no destination (RFC 6120 section 10.4), or cannot be reached. Of presence, only who asks for a subscription
    /// is told.
    pub(crate) async fn undeliverable(self: &Arc<Self>, packet: Box<Packet>, error: StanzaError) {
        let presence = packet.stanza.kind() == Kind::Presence;
        match presence && packet.stanza.stanza_type() != StanzaType::Subscribe {
            true => self.ignore(packet),
            false => self.bounce(packet, error).await,
        }
    }
}
