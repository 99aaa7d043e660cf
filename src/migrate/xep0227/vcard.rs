//! vCards (XEP-0227 §3.7), also as the export script in jabberd2's `contrib` folder writes them: it names fields after
//! the columns of jabberd2's table.

use xmpp::{Element, Node, ns};

use super::private::skip;
use crate::{Kind, RawUser};

/// Reads a `vCard`.
pub(crate) fn read(vcard: Node<'_>, user: &mut RawUser) {
    match vcard.to_bounded_element() {
        Some(element) => user.vcards.push(repaired(element).to_xml("")),
        None => skip(Kind::VCard, vcard, user),
    }
}

/// The fields of XEP-0054 for those of the script.
fn repaired(mut vcard: Element) -> Element {
    for field in vcard.children_mut() {
        match field.name() {
            "TEL" => wrap(field, "NUMBER"),
            "EMAIL" => wrap(field, "USERID"),
            "ADR" => rename_country(field),
            _ => {}
        }
    }
    vcard
}

/// Text that stands where an element with it should.
fn wrap(field: &mut Element, part: &'static str) {
    let text = field.text_content();
    if field.children().next().is_none() && !text.trim().is_empty() {
        field.set_text("");
        field.push(Element::new(part, ns::VCARD).text(text));
    }
}

fn rename_country(address: &mut Element) {
    let Some(country) = address.find("COUNTRY", ns::VCARD).map(Element::text_content) else { return };
    address.retain_children(|part| !part.is("COUNTRY", ns::VCARD));
    if address.find("CTRY", ns::VCARD).is_none() {
        address.push(Element::new("CTRY", ns::VCARD).text(country));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(fields: &str) -> String {
        let xml = format!("<vCard xmlns='vcard-temp'>{fields}</vCard>");
        let document = xmpp::Document::parse_text(xml.into(), "", &crate::xep0227::names::LIMITS).unwrap();
        let mut user = RawUser::default();
        read(document.root(), &mut user);
        let xml = user.vcards.pop().unwrap();
        xml.trim_start_matches("<vCard xmlns='vcard-temp'>").trim_end_matches("</vCard>").to_owned()
    }

    #[test]
    fn columns_of_jabberd2_become_fields() {
        assert_eq!(
            read_back(
                "<TEL>+1 555</TEL><EMAIL>a@b.example</EMAIL><ADR><LOCALITY>R</LOCALITY><COUNTRY>Iceland</COUNTRY></ADR>"
            ),
            "<TEL><NUMBER>+1 555</NUMBER></TEL><EMAIL><USERID>a@b.example</USERID></EMAIL>\
             <ADR><LOCALITY>R</LOCALITY><CTRY>Iceland</CTRY></ADR>"
        );
    }

    #[test]
    fn what_is_right_stays() {
        for fields in [
            "<TEL><VOICE/><NUMBER>+1 555</NUMBER></TEL><EMAIL><INTERNET/><USERID>a@b.example</USERID></EMAIL>",
            "<ADR><CTRY>Iceland</CTRY></ADR>",
            "<TEL/><EMAIL/><ADR/>",
        ] {
            assert_eq!(read_back(fields), fields);
        }
    }
}
