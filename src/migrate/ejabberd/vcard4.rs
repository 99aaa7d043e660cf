//! vCards and avatars of personal eventing (XEP-0292, XEP-0084) as `<vCard/>` (XEP-0054).

use std::borrow::Cow;

use xmpp::Element;
use xmpp::ns::VCARD;

use super::item::Item;
use super::xml;
use crate::vcard4::{Converted, VCARD4, convert, picture};

pub(super) const DATA: &str = "urn:xmpp:avatar:data";
pub(super) const METADATA: &str = "urn:xmpp:avatar:metadata";

/// The most forms of one avatar that are looked for.
const FORMS: usize = 16;

/// A vCard that was made.
pub(super) struct Made {
    pub xml: String,
    /// Whether there was a vCard to make it of.
    pub of_card: bool,
    /// How many properties of that have no counterpart.
    pub lost: u64,
    /// The id of the picture that is in it.
    pub picture: Option<String>,
}

/// A vCard of a vCard in the form of vCard 4 (RFC 6351), of an avatar, or of both. `None` if there is neither.
pub(super) fn vcard(card: Option<&str>, avatar: Option<&str>, pictures: &[Item]) -> Option<Made> {
    let card = card.and_then(|card| xml::parse(card, ""));
    let card = card.and_then(|card| card.root().to_bounded_element()).filter(|root| root.is("vcard", VCARD4));
    let of_card = card.is_some();
    let Converted { fields, lost } = card.as_ref().map(convert).unwrap_or_default();
    let mut vcard = Element::new("vCard", VCARD).with_children(fields);
    let (photo, picture) = photo(avatar, pictures).unzip();
    if let Some(photo) = photo {
        vcard.retain_children(|child| child.name() != "PHOTO");
        vcard.push(photo);
    }
    (of_card || picture.is_some()).then(|| Made { xml: vcard.to_xml(""), of_card, lost, picture })
}

/// The picture that the metadata names; if it names none that is there, nothing.
fn photo(avatar: Option<&str>, pictures: &[Item]) -> Option<(Element, String)> {
    let metadata = xml::parse(avatar?, "")?;
    let infos = metadata.root().children().filter(|info| info.is("info", METADATA)).take(FORMS);
    infos.into_iter().find_map(|info| {
        let id = info.attr("id")?;
        let data = xml::parse(&pictures.iter().rev().find(|item| item.id == id)?.payload, "")?;
        let root = data.root();
        let kind = info.attr("type").unwrap_or(Cow::Borrowed("image/png"));
        let photo = root.is("data", DATA).then(|| picture(Some(&kind), &root.text()))?;
        Some((photo, id.into_owned()))
    })
}
