//! A room: a service at an address of its own, whose occupants are state of the host.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{
    About, BoxFuture, DiscoItem, Host, Kernel, Module, Origin, Packet, Registrar, Service, ServiceAddress,
    State, Target,
};
use parking_lot::Mutex;
use xmpp::{Jid, Kind, StanzaError, StanzaType};

use crate::tests::bench::Bench;

const ADDRESS: &str = "conference.chess.example";

/// Occupants: each nickname's JID, and the occupant's.
#[derive(Default)]
struct Occupants(Mutex<BTreeMap<Jid, Jid>>);

struct Room(State<Host, Occupants>);

struct Rooms;

impl Module for Rooms {
    fn about(&self) -> About {
        About { name: "rooms".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let room = Arc::new(Room(registrar.state()));
        let address = registrar.service(ADDRESS, room);
        registrar.feature(Target::Service(address.domain().clone()), "http://jabber.org/protocol/muc");
        registrar.item(Target::Host, DiscoItem::new(Jid::domain_only(ADDRESS).unwrap()));
    }
}

impl Service for Room {
    fn take<'a>(
        &'a self,
        kernel: &'a Arc<Kernel>,
        packet: Box<Packet>,
        at: &'a Arc<ServiceAddress>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let occupants = &self.0.of(at.host()).0;
            let (Some(from), Some(to)) = (packet.stanza.from().cloned(), packet.stanza.to().cloned()) else {
                return;
            };
            let stanza = match packet.stanza.kind() {
                Kind::Iq => return kernel.bounce(packet, StanzaError::service_unavailable()).await,
                Kind::Presence if packet.stanza.stanza_type() == StanzaType::Unavailable => {
                    occupants.lock().remove(&to);
                    packet.stanza.clone().with_from(to)
                }
                Kind::Presence => {
                    occupants.lock().insert(to.clone(), from);
                    packet.stanza.clone().with_from(to)
                }
                Kind::Message => {
                    let nick =
                        occupants.lock().iter().find(|(_, who)| **who == from).map(|(nick, _)| nick.clone());
                    let Some(nick) = nick else {
                        return kernel.bounce(packet, StanzaError::not_acceptable()).await;
                    };
                    packet.stanza.clone().with_from(nick)
                }
            };
            let all: Vec<Jid> = occupants.lock().values().cloned().collect();
            kernel.broadcast(at.host(), Origin::Service(at.clone()), stanza, &all).await;
        })
    }
}

#[tokio::test]
async fn a_room_is_a_service_that_outlives_new_tables() {
    let bench = Bench::new().await;
    bench.serve(vec![Arc::new(Rooms)]).await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    anna.send(&format!("<presence to='lobby@{ADDRESS}/white'/>")).await;
    assert_eq!(
        anna.received(),
        [format!("<presence from='lobby@{ADDRESS}/white' to='anna@chess.example/a'/>")]
    );
    // as `plugin enable` does: all tables are rebuilt
    bench.serve(vec![Arc::new(Rooms)]).await;
    bert.send(&format!("<presence to='lobby@{ADDRESS}/black'/>")).await;
    assert_eq!(anna.received().len(), 1, "she is still in the room");
    bert.received();
    bert.send(&format!("<message to='lobby@{ADDRESS}' type='groupchat'><body>e4</body></message>")).await;
    for client in [&anna, &bert] {
        let said = client.one();
        assert!(said.contains(&format!("from='lobby@{ADDRESS}/black'")) && said.contains("e4"), "{said}");
    }
    bench.serve(Vec::new()).await;
    let gone = anna.ask(&format!("<message to='lobby@{ADDRESS}' id='1' type='groupchat'/>")).await;
    assert!(gone.contains("remote-server-not-found"), "{gone}");
}

#[tokio::test]
async fn an_address_that_is_taken_twice_is_refused_and_nothing_changes() {
    let bench = Bench::new().await;
    let refused = bench.try_serve(vec![Arc::new(Rooms), Arc::new(Rooms)]).await.unwrap_err();
    assert_eq!(refused.to_string(), "the address conference.chess.example is claimed twice by rooms");
    let anna = bench.online("anna@chess.example/a").await;
    let answer =
        anna.ask(&format!("<iq type='get' id='1' to='{ADDRESS}'><ping xmlns='urn:xmpp:ping'/></iq>")).await;
    assert!(answer.contains("remote-server-not-found"), "{answer}");
}
