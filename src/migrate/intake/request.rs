//! Subscription requests that wait for an answer.

use storage::{RosterItem, Subscription};
use xmpp::{Document, Element, ElementLimits, Framing, Jid, Stanza, ns};

use super::RECORD_BYTES;
use super::address::Addresses;
use super::text::clean;
use crate::person::Person;
use crate::{Kind, RawRequest, Reason};

pub(super) fn take(person: &mut Person, requests: Vec<RawRequest>, addresses: &Addresses<'_>) {
    for request in requests {
        let key = match request.jid.is_empty() {
            true => request.stanza.clone().unwrap_or_default(),
            false => request.jid.clone(),
        };
        match read(&request, addresses) {
            Err((reason, detail)) => person.skip(Kind::Request, reason, 1, &key, &detail),
            Ok((jid, stanza)) => put(person, jid, stanza, addresses),
        }
    }
}

fn put(person: &mut Person, jid: Jid, stanza: String, addresses: &Addresses<'_>) {
    let key = jid.as_str().to_owned();
    if jid == *addresses.own {
        return person.skip(Kind::Request, Reason::OwnAddress, 1, &key, "");
    }
    match person.roster.iter_mut().find(|item| item.jid == jid) {
        None => {
            let item = RosterItem { pending_in: Some(stanza), ..RosterItem::new(jid) };
            person.roster.push(item);
        }
        Some(item) if matches!(item.subscription, Subscription::From | Subscription::Both) => {
            person.skip(Kind::Request, Reason::Stale, 1, &key, "");
        }
        Some(item) if item.pending_in.is_some() => {
            person.skip(Kind::Request, Reason::Stale, 1, &key, "asked twice");
        }
        Some(item) => item.pending_in = Some(stanza),
    }
}

/// Who asks, and the stanza.
fn read(request: &RawRequest, addresses: &Addresses<'_>) -> Result<(Jid, String), (Reason, String)> {
    let kept = request.stanza.as_deref().map(element).transpose()?;
    let from = match (&kept, request.jid.is_empty()) {
        (Some(stanza), true) => stanza.get("from").unwrap_or_default(),
        _ => &request.jid,
    };
    let jid = addresses.read(from).map_err(|error| (Reason::BadJid, error.to_string()))?.bare();
    let mut presence = Element::new("presence", ns::CLIENT)
        .attr("from", jid.as_str())
        .attr("to", addresses.own.as_str())
        .attr("type", "subscribe");
    for attribute in ["id", "xml:lang"] {
        if let Some(value) = kept.as_ref().and_then(|stanza| stanza.get(attribute)) {
            presence.set_named_attr(attribute, value);
        }
    }
    match kept {
        Some(stanza) => {
            for child in stanza.children() {
                presence.push(child.clone());
            }
        }
        None => {
            let status = request.text.as_deref().map(clean).filter(|text| !text.is_empty());
            if let Some(text) = status {
                presence.push(Element::new("status", ns::CLIENT).text(text));
            }
        }
    }
    let stanza = Stanza::from_element(&presence).map_err(|_| (Reason::BrokenXml, String::new()))?;
    let xml = String::from_utf8(stanza.to_bytes(Framing::Inherit));
    Ok((jid, xml.map_err(|_| (Reason::BadText, String::new()))?))
}

fn element(xml: &str) -> Result<Element, (Reason, String)> {
    let limits = ElementLimits { stanza_bytes: RECORD_BYTES, ..ElementLimits::OWN };
    let xml = clean(xml).into_owned();
    match Document::parse_text(xml.into(), ns::CLIENT, &limits) {
        Ok(document) => Ok(document.to_element()),
        Err(error) => Err((Reason::BrokenXml, error.to_string())),
    }
}
