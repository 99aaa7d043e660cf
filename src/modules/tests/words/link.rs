//! A link that sends everything back, and the server's own requests over it.

use std::sync::Arc;
use std::time::Duration;

use kernel::{IqKind, Kernel, Link, LinkKind, Origin, Packet, Refused, RequestError};
use xmpp::{Element, Jid, StanzaError, StanzaType};

use crate::tests::bench::Bench;

/// Answers requests, and sends back everything else.
struct Echo;

impl Link for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn kind(&self) -> LinkKind {
        LinkKind::Server
    }

    fn send(&self, kernel: &Arc<Kernel>, packet: Box<Packet>) -> Result<(), Refused> {
        let kernel = kernel.clone();
        kernel.runtime().tasks.clone().spawn("echo", async move {
            let stanza = &packet.stanza;
            let domain = stanza.to().unwrap().domain_jid();
            let back = match stanza.stanza_type() {
                StanzaType::Get => stanza.result_reply(None),
                StanzaType::Set => return kernel.bounce(packet, StanzaError::not_allowed()).await,
                _ => stanza.clone().with_from(stanza.to().unwrap().clone()).with_to(stanza.from().cloned()),
            };
            kernel.enter(Arc::new(Echo), domain, back).await;
        });
        Ok(())
    }
}

#[tokio::test]
async fn what_a_link_brings_takes_the_same_way() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let chat = "<message to='far@away.example/x' id='1' type='chat'><body>hi</body></message>";
    assert!(anna.ask(chat).await.contains("remote-server-not-found"));
    bench.kernel.add_link("away.example", Arc::new(Echo)).await.unwrap();
    assert!(bench.kernel.add_link("away.example", Arc::new(Echo)).await.is_err(), "taken");
    assert!(bench.kernel.add_link("chess.example", Arc::new(Echo)).await.is_err(), "a domain of ours");
    anna.send(chat).await;
    let back = anna.receives(1).await;
    assert!(back[0].contains("from='far@away.example/x'") && back[0].contains("hi"), "{back:?}");
    anna.send("<iq to='away.example' type='set' id='2'><x xmlns='urn:example'/></iq>").await;
    assert!(anna.receives(1).await[0].contains("not-allowed"));
    assert!(bench.kernel.remove_link("away.example").await);
    assert!(anna.ask(chat).await.contains("remote-server-not-found"));
    bench.kernel.set_default_link(Some(Arc::new(Echo))).await;
    anna.send(chat).await;
    assert_eq!(anna.receives(1).await.len(), 1);
}

#[tokio::test]
async fn the_server_asks_and_gets_an_answer_or_a_deadline() {
    let bench = Bench::new().await;
    bench.kernel.set_default_link(Some(Arc::new(Echo))).await;
    let host = bench.kernel.host("chess.example").unwrap();
    let anna = bench.online("anna@chess.example/a").await;
    let ask = |to: &str, patience| {
        let (kernel, host, to) = (bench.kernel.clone(), host.clone(), Jid::parse(to).unwrap());
        async move {
            let payload = Element::new("ping", "urn:xmpp:ping");
            let between = (host.jid(), &to);
            kernel.request(Origin::Host(host.clone()), between, IqKind::Get, &payload, patience).await
        }
    };
    let minute = Duration::from_secs(60);
    let answer = ask("away.example", minute).await.unwrap();
    assert_eq!(answer.stanza_type(), StanzaType::Result);
    assert_eq!(ask("anna@chess.example/a", Duration::ZERO).await.unwrap_err(), RequestError::Timeout);
    let late = anna.one();
    let id = late.split("id='").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    anna.send(&format!("<iq type='result' id='{id}' to='chess.example'/>")).await;
    let asked = ask("anna@chess.example/a", minute);
    let answers = async {
        let request = anna.receives(1).await.remove(0);
        let id = request.split("id='").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        anna.send(&format!("<iq type='error' id='{id}' to='chess.example'/>")).await;
    };
    let (answer, ()) = tokio::join!(asked, answers);
    assert_eq!(answer.unwrap().stanza_type(), StanzaType::Error);
}
