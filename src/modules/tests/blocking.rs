//! XEP-0191.

mod cost;
mod list;
mod presence;
mod race;
mod stanzas;

use storage::{Kinds, PrivacyItem, Subject};
use xmpp::Jid;

use crate::tests::bench::Client;

const NOTHING: [&str; 0] = [];
const ANNA: &str = "anna@chess.example/a";
const BERT: &str = "bert@chess.example/b";
const GET: &str = "<iq type='get' id='g'><blocklist xmlns='urn:xmpp:blocking'/></iq>";

fn items(jids: &[&str]) -> String {
    jids.iter().map(|jid| format!("<item jid='{jid}'/>")).collect()
}

fn command(name: &str, jids: &[&str]) -> String {
    let items = items(jids);
    format!("<iq type='set' id='s'><{name} xmlns='urn:xmpp:blocking'>{items}</{name}></iq>")
}

fn block(jids: &[&str]) -> String {
    command("block", jids)
}

fn unblock(jids: &[&str]) -> String {
    command("unblock", jids)
}

/// Blocks or unblocks, expecting success, and discards everything else received.
async fn done(client: &Client, request: &str) {
    client.send(request).await;
    let got = client.received();
    assert!(got.iter().any(|stanza| stanza.contains("id='s' type='result'")), "{request}: {got:#?}");
}

/// The addresses on a client's block list.
async fn list(client: &Client) -> Vec<String> {
    let answer = client.ask(GET).await;
    assert!(answer.contains("type='result'"), "{answer}");
    let mut jids: Vec<_> =
        answer.split("jid='").skip(1).map(|rest| rest[..rest.find('\'').unwrap()].to_owned()).collect();
    jids.sort();
    jids
}

fn deny(order: u32, jid: &str, kinds: Kinds) -> PrivacyItem {
    PrivacyItem { order, subject: Subject::Jid(Jid::parse(jid).unwrap()), allow: false, kinds }
}

fn unavailable(from: &str, to: &str) -> String {
    format!("<presence from='{from}' to='{to}' type='unavailable'/>")
}
