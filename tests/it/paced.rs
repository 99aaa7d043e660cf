//! What a client asks for is written as fast as it reads and acknowledges: none of it counts as slow reading.

use xmpp::{Element, ns};

use crate::fixture::{BRANDS, Server};
use crate::raw::Raw;
use crate::scenario::client::{Client, Read1};
use crate::scenario::parse::Profile;
use crate::scenario::transport::Transport;
use crate::shares::{error_of, stat};
use crate::stream::{JACK, bound};

/// The largest picture that a vCard may have here.
const PICTURE: usize = 60_000;

fn vcard(id: impl std::fmt::Display) -> String {
    format!("<iq type='get' id='{id}'><vCard xmlns='vcard-temp'/></iq>")
}

fn picture() -> String {
    let picture = "A".repeat(PICTURE);
    format!(
        "<iq type='set' id='set'><vCard xmlns='vcard-temp'><PHOTO><BINVAL>{picture}</BINVAL></PHOTO></vCard></iq>"
    )
}

/// Reads answers, acknowledging whenever it is asked to, until there were `count`.
fn acknowledging(client: &mut Raw, count: usize) -> Vec<Element> {
    let (mut handled, mut answers) = (0, Vec::new());
    while answers.len() < count {
        let element = client.next();
        if element.is("r", ns::SM) {
            client.send(&format!("<a xmlns='{}' h='{handled}'/>", ns::SM));
        } else if element.ns() == ns::CLIENT {
            handled += 1;
            answers.push(element);
        } else {
            panic!("{}", element.to_xml(""));
        }
    }
    answers
}

#[test]
fn a_client_that_acknowledges_gets_every_answer_it_asked_for_at_once() {
    const COUNT: usize = 300;
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.send(&picture());
    assert_eq!(jack.next().get("type"), Some("result"));
    jack.manage();
    jack.send(&(0..COUNT).map(vcard).collect::<String>());
    let answers = acknowledging(&mut jack, COUNT);
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!((answer.get("id"), answer.get("type")), (Some(&*n.to_string()), Some("result")));
    }
    assert_eq!(stat(&server, "slow_readers"), 0);
}

/// What stands behind requests that wait for acknowledgements is not lost when the client says that it is done.
#[test]
fn a_client_that_closes_its_stream_gets_the_rest_unacknowledged() {
    const COUNT: usize = 60;
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.send(&picture());
    assert_eq!(jack.next().get("type"), Some("result"));
    jack.manage();
    jack.send(&((0..COUNT).map(vcard).collect::<String>() + "</stream:stream>"));
    let mut answers = 0;
    while let Some(element) = jack.try_next() {
        assert!(!element.is("error", ns::STREAM), "{}", element.to_xml(""));
        answers += usize::from(element.is("iq", ns::CLIENT));
    }
    assert_eq!(answers, COUNT);
}

/// Requests of one body cannot be left unread until their predecessors' answers are: those that are too many are refused.
#[test]
fn a_body_with_too_many_large_requests_is_answered_and_ends_nothing() {
    const COUNT: usize = 100;
    let limits = "[limits]\nmailbox_bytes = 65536\nstanza_bytes = 65536\n";
    let server = Server::start_with(&format!("{BRANDS}{limits}"), &[JACK]);
    let profile = Profile { jid: "jack@chess.example/desk".into(), password: "secret".into(), exists: true };
    let mut jack = Client::connect(Transport::Bosh.to(&server), &profile).unwrap();
    let next = |client: &mut Client| match client.read().unwrap() {
        Read1::Element(element) => element,
        Read1::End => panic!("the session has ended"),
    };
    jack.write(&picture()).unwrap();
    assert_eq!(next(&mut jack).get("type"), Some("result"));
    jack.write(&(0..COUNT).map(vcard).collect::<String>()).unwrap();
    let answers: Vec<Element> = (0..COUNT).map(|_| next(&mut jack)).collect();
    let refused: Vec<&Element> = answers.iter().filter(|one| one.get("type") == Some("error")).collect();
    assert!(!refused.is_empty() && refused.len() < COUNT - 1, "{}", refused.len());
    assert!(refused.iter().all(|one| error_of(one) == Some("resource-constraint")));
    jack.write(&vcard("last")).unwrap();
    assert_eq!(next(&mut jack).get("type"), Some("result"));
    assert_eq!(stat(&server, "slow_readers"), 0);
}

/// Requests that wait for a reader must not keep the session from its next one.
#[test]
fn a_connection_lost_while_answers_wait_can_be_resumed() {
    const COUNT: usize = 60;
    let server = Server::start_with(BRANDS, &[JACK]);
    let mut jack = bound(&server, "jack@chess.example/desk");
    jack.send(&picture());
    assert_eq!(jack.next().get("type"), Some("result"));
    let id = jack.manage();
    jack.send(&(0..COUNT).map(vcard).collect::<String>());
    drop(jack);
    let mut again = Raw::log_in(server.address("c2s_plain"), JACK);
    again.send(&format!("<resume xmlns='{}' previd='{id}' h='0'/>", ns::SM));
    let resumed = again.next();
    assert!(resumed.is("resumed", ns::SM), "{}", resumed.to_xml(""));
    let handled: usize = resumed.get("h").unwrap().parse().unwrap();
    again.send(&(handled..COUNT).map(vcard).collect::<String>());
    let answers = acknowledging(&mut again, COUNT);
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.get("id"), Some(&*n.to_string()));
    }
}
