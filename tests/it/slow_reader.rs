//! Clients that do not read: they are closed, lose nothing, and hold nobody up.

use xmpp::ns;

use crate::fixture::Server;
use crate::raw::Raw;
use crate::shares::stat;
use crate::stream::{ANNA, JACK, bound};

/// A message of ten kilobytes.
fn heavy(to: &str, number: u32) -> String {
    format!("<message to='{to}' type='chat' id='{number}'><body>{}</body></message>", "x".repeat(10_000))
}

fn slow_readers(server: &Server) -> u64 {
    stat(server, "slow_readers")
}

/// Sends to somebody who does not read until the server has had enough of it, and a little more. A bystander is
/// served all the time. How many were sent.
fn flood(server: &Server, sender: &mut Raw, bystander: &mut Raw) -> u32 {
    for round in 0..500 {
        let enough = slow_readers(server) > 0;
        for number in round * 20..(round + 1) * 20 {
            sender.send(&heavy("anna@chess.example", number));
        }
        sender.send(&format!("<message to='{}' type='chat' id='r{round}'/>", bystander.jid));
        assert_eq!(bystander.next().get("id"), Some(&*format!("r{round}")));
        if enough {
            sender.ping();
            return (round + 1) * 20;
        }
    }
    panic!("who does not read is not closed");
}

const SLOW: &str = "[limits]\nmailbox_bytes = 100000\nstanza_bytes = 20000\n[[domain]]\nname = \"chess.example\"\n\
                    modules = { offline = { messages = 0 } }\n";

#[test]
fn a_slow_reader_with_stream_management_loses_nothing() {
    let server = Server::start_with(SLOW, &[JACK, ANNA]);
    let mut slow = bound(&server, "anna@chess.example/slow");
    slow.manage();
    slow.send("<presence/>");
    slow.ping();
    let (mut jack, mut bystander) =
        (bound(&server, "jack@chess.example/a"), bound(&server, "jack@chess.example/b"));
    let sent = flood(&server, &mut jack, &mut bystander);
    assert_eq!(slow.stream_error(), "resource-constraint");
    let mut anna = bound(&server, "anna@chess.example/next");
    let ids: Vec<u32> = crate::kill::stored_elements(&mut anna)
        .iter()
        .map(|message| message.get("id").unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids, (0..sent).collect::<Vec<_>>());
}

#[test]
fn who_asks_and_does_not_read_is_a_slow_reader() {
    let server = Server::start_with(SLOW, &[ANNA]);
    let mut slow = bound(&server, "anna@chess.example/slow");
    slow.manage();
    let questions = format!("<enable xmlns='{}'/>", ns::SM).repeat(1000);
    let closed = (0..2000).any(|_| !slow.try_send(&questions));
    assert!(closed, "answers pile up without a bound");
    assert_eq!(slow_readers(&server), 1);
}

#[test]
fn a_slow_readers_mailbox_goes_to_the_other_resource() {
    let server = Server::start_with(&SLOW.replace("100000", "2000000"), &[JACK, ANNA]);
    let mut slow = bound(&server, "anna@chess.example/slow");
    slow.send("<presence><priority>5</priority></presence>");
    slow.ping();
    let (mut jack, mut bystander) =
        (bound(&server, "jack@chess.example/a"), bound(&server, "jack@chess.example/b"));
    let mut other = bound(&server, "anna@chess.example/other");
    other.send("<presence/>");
    other.ping();
    let sent = {
        // the other resource reads as it comes
        let reader = std::thread::spawn(move || {
            let mut ids: Vec<u32> = Vec::new();
            loop {
                let element = other.next();
                if element.get("id") == Some("end") {
                    return ids;
                }
                if element.is("message", ns::CLIENT) {
                    ids.push(element.get("id").unwrap().parse().unwrap());
                }
            }
        });
        let sent = flood(&server, &mut jack, &mut bystander);
        jack.send("<message to='anna@chess.example' type='chat' id='end'/>");
        (sent, reader.join().unwrap())
    };
    let (sent, ids) = sent;
    let first = *ids.first().expect("the other resource got what the slow one had not");
    assert_eq!(ids, (first..sent).collect::<Vec<_>>(), "in order and without a gap");
    assert!(first > 0, "the slow one had some");
}
