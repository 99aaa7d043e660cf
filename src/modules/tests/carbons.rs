//! XEP-0280: which messages are copied, and to which resources.

mod copied;
mod kept_back;
mod unread;

use crate::tests::bench::{Bench, Client};

const ENABLE: &str = "<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
const DISABLE: &str = "<iq type='set' id='d'><disable xmlns='urn:xmpp:carbons:2'/></iq>";

fn chat(id: &str, to: &str) -> String {
    format!("<message type='chat' id='{id}' to='{to}'><body>x</body></message>")
}

/// The message as its recipient sees it.
fn from(from: &str, xml: &str) -> String {
    let rest = xml.strip_prefix("<message type='chat' id='").unwrap();
    let (id, rest) = rest.split_once("' to='").unwrap();
    let (to, rest) = rest.split_once('\'').unwrap();
    format!("<message from='{from}' to='{to}' type='chat' id='{id}'{rest}")
}

fn copy(account: &str, resource: &str, direction: &str, message: &str) -> String {
    let message = message.replacen("<message ", "<message xmlns='jabber:client' ", 1);
    format!(
        "<message from='{account}' to='{account}/{resource}' type='chat'><{direction} xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></{direction}></message>"
    )
}

/// bert's resources: `one` and `two` get copies, `plain` does not; all mailboxes are empty.
async fn berts(bench: &Bench) -> [Client; 3] {
    let clients = [
        bench.online("bert@chess.example/one").await,
        bench.online("bert@chess.example/two").await,
        bench.online("bert@chess.example/plain").await,
    ];
    for client in &clients[..2] {
        client.received();
        let answer = format!("<iq to='{}' id='e' type='result'/>", client.resource().jid());
        assert_eq!(client.ask(ENABLE).await, answer);
    }
    clients.iter().for_each(|client| drop(client.received()));
    clients
}

fn nothing(clients: &[&Client]) {
    for client in clients {
        let got = client.received();
        assert!(got.is_empty(), "{}: {got:#?}", client.resource().jid());
    }
}
