//! Messages that wait.

use bytes::Bytes;
use xmpp::{Document, Element, ElementLimits, Framing, Jid, Kind as StanzaKind, Stanza, datetime, delay, ns};

use super::RECORD_BYTES;
use super::address::Addresses;
use super::text::clean;
use crate::person::Person;
use crate::{Kind, RawMessage, Reason};

/// The old form of a delay (XEP-0091).
const OLD_DELAY: &str = "jabber:x:delay";

pub(super) fn take(person: &mut Person, messages: Vec<RawMessage>, addresses: &Addresses<'_>) {
    for (number, message) in messages.into_iter().enumerate() {
        match read(&message, addresses) {
            Ok(read) => person.messages.push(read),
            Err((reason, detail)) => {
                person.skip(Kind::Offline, reason, 1, &format!("message {}", number + 1), &detail);
            }
        }
    }
}

fn read(message: &RawMessage, addresses: &Addresses<'_>) -> Result<(i64, Bytes), (Reason, String)> {
    if message.xml.len() > RECORD_BYTES {
        return Err((Reason::TooLarge, format!("{} bytes", message.xml.len())));
    }
    let limits = ElementLimits { stanza_bytes: RECORD_BYTES, ..ElementLimits::OWN };
    let xml = clean(&message.xml).into_owned();
    let document = Document::parse_text(xml.into(), ns::CLIENT, &limits)
        .map_err(|error| (Reason::BrokenXml, error.to_string()))?;
    let mut element = document.to_element();
    if !element.is("message", ns::CLIENT) {
        return Err((Reason::UnknownValue, format!("a <{}/>", element.name())));
    }
    addressed(&mut element, addresses)?;
    let host = addresses.own.domain_jid();
    let stored_us = stamped(&mut element, message.stored_us, &host, addresses);
    let stored_us = stored_us.ok_or_else(|| (Reason::UnknownValue, "no time of its coming".to_owned()))?;
    let stanza =
        Stanza::from_element(&element).map_err(|error| (Reason::BrokenXml, error.error.to_string()))?;
    match stanza.kind() {
        StanzaKind::Message => Ok((stored_us, stanza.to_bytes(Framing::Inherit).into())),
        _ => Err((Reason::UnknownValue, String::new())),
    }
}

/// The addresses as they are here. A message without a recipient is the user's.
fn addressed(element: &mut Element, addresses: &Addresses<'_>) -> Result<(), (Reason, String)> {
    for name in ["from", "to"] {
        let read = element.get(name).map(|text| addresses.read(text)).transpose();
        let jid = read.map_err(|error| (Reason::BadJid, format!("{name}: {error}")))?;
        match (jid, name) {
            (Some(jid), _) => element.set_attr(name, jid.as_str()),
            (None, "to") => element.set_attr(name, addresses.own.as_str()),
            (None, _) => {}
        }
    }
    Ok(())
}

/// When the message came. It is left with one delay that says so, of this host, as if it had been stored here; delays of
/// others stay.
fn stamped(
    element: &mut Element,
    stored_us: Option<i64>,
    host: &Jid,
    addresses: &Addresses<'_>,
) -> Option<i64> {
    let is_host = |delay: &Element| {
        let from = delay.get("from").and_then(|from| addresses.read(from).ok());
        from.is_some_and(|from| from == *host)
    };
    let stamp = |delay: &Element| delay.get("stamp").and_then(datetime::parse);
    let of_host = element.children().filter(|child| child.is("delay", ns::DELAY) && is_host(child));
    let said = of_host.filter_map(stamp).last();
    let old = element.children().find(|child| child.is("x", OLD_DELAY)).and_then(old_stamp);
    // jabberd2 puts its own into no namespace of its own if there is another.
    let astray = element.children().find(|child| child.is("delay", ns::CLIENT)).and_then(stamp);
    let any = element.children().filter(|child| child.is("delay", ns::DELAY)).filter_map(stamp).last();
    let at_us = stored_us.or(said).or(astray).or(old).or(any)?;
    let mut own = 0;
    element.retain_children(|child| {
        let is_own = (child.is("delay", ns::DELAY) && is_host(child))
            || child.is("delay", ns::CLIENT)
            || (child.is("x", OLD_DELAY) && is_host(child));
        own += usize::from(is_own);
        !is_own
    });
    element.push(delay::delay(host, at_us, None));
    Some(at_us)
}

/// `CCYYMMDDThh:mm:ss`, UTC.
fn old_stamp(delay: &Element) -> Option<i64> {
    let stamp = delay.get("stamp")?;
    let (date, time) = stamp.split_once('T')?;
    let (year, rest) = date.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    datetime::parse(&format!("{year}-{month}-{day}T{}Z", time.trim_end_matches('Z')))
}
