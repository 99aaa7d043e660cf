//! Block list requests, and how addresses are shown to clients (XEP-0191 section 3).

use hashbrown::HashSet;
use kernel::{Account, IqRequest};
use xmpp::{Element, Jid, StanzaError, ns};

/// The addresses of a request, each once, in their order.
///
/// # Errors
/// `bad-request` for an item without an address, `jid-malformed` for one that is not a JID.
pub(super) fn addresses(request: &IqRequest) -> Result<Vec<Jid>, StanzaError> {
    let payload = request.stanza.payload().ok_or_else(StanzaError::bad_request)?;
    let (mut jids, mut seen) = (Vec::new(), HashSet::new());
    for item in payload.children().filter(|child| child.is("item", ns::BLOCKING)) {
        let jid = item
            .attr("jid")
            .ok_or_else(|| StanzaError::bad_request().text("<item/> needs a 'jid' attribute"))?;
        let jid = Jid::parse(&jid).map_err(|error| StanzaError::jid_malformed().text(error.to_string()))?;
        if seen.insert(jid.clone()) {
            jids.push(jid);
        }
    }
    Ok(jids)
}

/// The account itself and its server cannot be blocked: the kernel exempts both, so such an item would have
/// no effect.
///
/// # Errors
/// `not-acceptable`, naming the JID.
pub(super) fn refuse_own(account: &Account, jids: &[Jid]) -> Result<(), StanzaError> {
    for jid in jids {
        if jid.same_bare(account.jid()) {
            return Err(StanzaError::not_acceptable().text("you cannot block your own address"));
        }
        if jid.local().is_none() && jid.domain() == account.jid().domain() {
            return Err(StanzaError::not_acceptable().text("you cannot block your own server"));
        }
    }
    Ok(())
}

/// The payload of a push: what was requested, and nothing else.
pub(super) fn payload(name: &'static str, jids: &[Jid]) -> Element {
    Element::new(name, ns::BLOCKING).with_children(jids.iter().map(item))
}

/// A blocked address.
pub(crate) fn item(jid: &Jid) -> Element {
    Element::new("item", ns::BLOCKING).attr("jid", jid.as_str())
}
