//! vCards: the store `vcard`, which holds one element, or for users without it a node of theirs (XEP-0292) with the
//! avatar of two others (XEP-0084), as mod_vcard_legacy answers.

use crate::vcard4::{self, Converted};
use crate::{Kind, RawUser, Skipped};
use xmpp::{Element, ns};

use super::belongings::Belongings;
use super::item::Item;
use super::lua::Value;
use super::store::{AVATAR_DATA, AVATAR_METADATA, VCARD4};
use super::{pep, stanza};

/// The namespaces of XEP-0084.
const DATA: &str = "urn:xmpp:avatar:data";
const METADATA: &str = "urn:xmpp:avatar:metadata";

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    let Some(table) = from.take_table("vcard") else { return of_nodes(from, user) };
    match stanza::xml(&Value::Table(table)) {
        Ok(xml) => user.vcards.push(xml),
        Err(refusal) => from.skipped.push(refusal.skip(Kind::VCard, "vcard")),
    }
}

fn of_nodes(from: &mut Belongings, user: &mut RawUser) {
    if !from.has_items(VCARD4) && !from.has_items(AVATAR_METADATA) {
        return;
    }
    let [cards, metadata, data] = [VCARD4, AVATAR_METADATA, AVATAR_DATA].map(|store| from.take_items(store));
    let mut vcard = Element::new("vCard", ns::VCARD);
    if let Some(card) = newest(from, cards) {
        pep::take_node(from, VCARD4);
        let Converted { fields, lost } = vcard4::convert(&card);
        vcard = vcard.with_children(fields);
        from.skipped.extend(Skipped::without_counterpart(Kind::VCard, vcard4::NODE, lost));
    }
    if let Some(metadata) = newest(from, metadata) {
        pep::take_node(from, AVATAR_METADATA);
        if let Some(photo) = photo(from, &metadata, data) {
            vcard.retain_children(|child| child.name() != "PHOTO");
            vcard.push(photo);
        }
    } else {
        // Pictures that nothing points to.
        from.count(Kind::Pep, data.len() as u64);
    }
    if vcard.children().next().is_some() {
        user.vcards.push(vcard.to_xml(""));
    }
}

/// The last item of a node that has one; earlier ones are counted.
fn newest(from: &mut Belongings, mut items: Vec<Item>) -> Option<Element> {
    let last = items.pop()?;
    from.count(Kind::Pep, items.len() as u64);
    let key = last.shown();
    match last.xml.and_then(|xml| stanza::element(&xml)) {
        Ok(element) => Some(element),
        Err(refusal) => {
            from.skipped.push(refusal.skip(Kind::VCard, key));
            None
        }
    }
}

/// `PHOTO` of the first of the metadata (XEP-0398).
fn photo(from: &mut Belongings, metadata: &Element, data: Vec<Item>) -> Option<Element> {
    let info = metadata.find("info", METADATA);
    let id = info.filter(|info| info.get("url").is_none()).and_then(|info| info.get("id"));
    let (chosen, others): (Vec<_>, Vec<_>) =
        data.into_iter().partition(|item| id.is_some() && item.key.as_deref().ok() == id);
    from.count(Kind::Pep, others.len() as u64);
    let picture = newest(from, chosen).filter(|element| element.is("data", DATA));
    let info = info?;
    let text = |name, text: &str| Element::new(name, ns::VCARD).text(text);
    match (info.get("url"), picture) {
        (Some(url), _) => {
            let kind = info.get("type").map(|kind| text("TYPE", kind));
            Some(Element::new("PHOTO", ns::VCARD).with_children(kind).child(text("EXTVAL", url)))
        }
        (None, Some(picture)) => {
            pep::take_node(from, AVATAR_DATA);
            Some(vcard4::picture(info.get("type"), &picture.text_content()))
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests;
