//! A vCard that a user has in personal eventing only (XEP-0292, RFC 6351), as one of XEP-0054: what both have.

use xmpp::{Element, Node, ns};

use crate::vcard4::{Converted, VCARD4, convert};
use crate::xep0227::made::Made;

/// The vCard in the node's last item; `None` if there is none, or nothing in it is known.
pub(crate) fn of_items(items: Node<'_>) -> Option<Made> {
    let item = items.children().filter(|item| item.is("item", ns::PUBSUB)).last()?;
    let card = item.child("vcard", VCARD4)?.to_bounded_element()?;
    let Converted { fields, lost } = convert(&card);
    let vcard = Element::new("vCard", ns::VCARD).with_children(fields);
    vcard.children().next()?;
    Some(Made { xml: vcard.to_xml(""), lost })
}
