//! Which version of `sunshine` decides: a client that sends the same presence twice before a replacement and twice
//! after it. What was counted before counts after.

use serde_json::{Value, json};
use xmpp::{Element, ns};

use crate::scenario::client::{Client, Read1};
use crate::scenario::parse::Profile;
use crate::scenario::transport::Way;

/// What a version closes a session with.
fn text(phase: u32) -> String {
    format!("closed by version {phase}")
}

/// Versions with an even number close at the fourth presence, the others not.
pub fn defaults(phase: u32) -> Value {
    json!({ "max": if phase.is_multiple_of(2) { 3 } else { 1000 }, "text": text(phase) })
}

pub struct Probe(Client);

impl Probe {
    /// Two presences that the version before has taken.
    pub fn begin(way: Way, jid: &str) -> Self {
        let profile = Profile { jid: jid.to_owned(), password: "secret".into(), exists: true };
        let mut probe = Self(Client::connect(way, &profile).unwrap());
        probe.repeats();
        assert!(probe.answer().is("iq", ns::CLIENT), "closed at the second presence");
        probe
    }

    /// Two more, of which the second has to have the end that this version gives it.
    pub fn end(mut self, phase: u32) {
        self.repeats();
        let answer = self.answer();
        if phase.is_multiple_of(2) {
            assert!(answer.is("error", ns::STREAM), "version {phase} let pass the fourth presence");
            assert!(answer.find("policy-violation", ns::STREAMS_ERR).is_some(), "{}", answer.to_xml(""));
            assert_eq!(answer.find("text", ns::STREAMS_ERR).unwrap().text_content(), text(phase));
            assert!(matches!(self.0.read(), Ok(Read1::End)), "the stream goes on");
        } else {
            assert!(
                answer.is("iq", ns::CLIENT),
                "closed by another version than {phase}: {}",
                answer.to_xml("")
            );
            self.0.close().unwrap();
        }
    }

    fn repeats(&mut self) {
        let sunny = "<presence><status>sunny</status></presence>";
        let ping = format!("<iq type='get' id='ping'><ping xmlns='{}'/></iq>", ns::PING);
        self.0.write(&format!("{sunny}{sunny}{ping}")).unwrap();
    }

    /// The answer to the ping, or the stream's error.
    fn answer(&mut self) -> Element {
        loop {
            match self.0.read().unwrap() {
                Read1::Element(element) if element.is("presence", ns::CLIENT) => {}
                Read1::Element(element) => return element,
                Read1::End => panic!("the stream has ended without an error"),
            }
        }
    }
}
