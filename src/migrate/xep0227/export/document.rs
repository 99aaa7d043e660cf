//! The documents.

use crate::{Kind, MigrateError, Reason, Skipped};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytestring::ByteString;
use storage::{Kinds, ScramKeys};
use xmpp::{Document, Element, datetime, ns};

use super::new_file::NewFile;
use super::user::{ExportContact, ExportMessage, ExportPassword, ExportRule, ExportUser};
use crate::xep0227::fault::reason;
use crate::xep0227::messages::stored_us;
use crate::xep0227::names::{EXPORT, LIMITS, PIE, SCRAM, XINCLUDE};
use crate::xep0227::privacy::KINDS;
use crate::xep0227::scram::MECHANISMS;

const DECLARATION: &str = "<?xml version='1.0' encoding='UTF-8'?>\n";

/// The end of a domain's document, whose root is `host`.
pub(crate) const HOST_END: &str = "</host>\n";

/// The start of a domain's document.
pub(crate) fn host_start(domain: &str) -> String {
    format!("{DECLARATION}{}\n", start_tag(&host(domain), ""))
}

/// The document that includes those of domains, by the names of their files in `directory`. These are such that nothing
/// in them is encoded in a URI.
pub(crate) fn main(directory: &str, names: &[String]) -> String {
    let includes = names.iter().map(|name| format!("<xi:include href='{directory}/{name}.xml'/>\n"));
    let start = format!("{DECLARATION}<server-data xmlns='{PIE}' xmlns:xi='{XINCLUDE}'>\n");
    [start].into_iter().chain(includes).chain(["</server-data>\n".to_owned()]).collect()
}

/// The end of a document of one user.
pub(crate) const USER_END: &str = "</host>\n</server-data>\n";

/// The start of a document of one user.
pub(crate) fn user_start(domain: &str) -> String {
    format!("{DECLARATION}<server-data xmlns='{PIE}'>\n{}\n", start_tag(&host(domain), PIE))
}

fn host(domain: &str) -> Element {
    Element::new("host", PIE).attr("jid", domain)
}

/// An element's start tag, where `inherited_ns` is in force. The element has no content.
fn start_tag(element: &Element, inherited_ns: &str) -> String {
    let xml = element.to_xml(inherited_ns);
    format!("{}>", xml.trim_end_matches("/>"))
}

/// Writes a user into a document, with keys that are encoded so often; the answer is what is not in it.
pub(crate) fn write_user(
    user: &ExportUser,
    domain: &str,
    encodings: u8,
    file: &mut NewFile,
) -> Result<Vec<Skipped>, MigrateError> {
    let mut skipped = Vec::new();
    let password = match &user.password {
        ExportPassword::Plain(password) => Some(password),
        _ => None,
    };
    let root = Element::new("user", PIE).attr("name", &user.local).opt_attr("password", password);
    file.write(format!("{}\n", start_tag(&root, PIE)).as_bytes())?;
    let mut write = |element: Element| file.write(format!("{}\n", element.to_xml(PIE)).as_bytes());
    for element in account(user, encodings) {
        write(element)?;
    }
    let contacts =
        user.contacts.iter().filter(|contact| contact.in_roster || contact.ask || contact.approved);
    write(Element::new("query", ns::ROSTER).with_children(contacts.map(contact)))?;
    for request in parsed(&user.requests, Kind::Request, &mut skipped) {
        write(request)?;
    }
    let messages = user.messages.iter().filter_map(|one| message(one, domain, &mut skipped));
    let messages = Element::new("offline-messages", PIE).with_children(messages);
    write_some(messages, &mut write)?;
    let private = parsed(&user.private, Kind::Private, &mut skipped);
    write_some(Element::new("query", ns::PRIVATE).with_children(private), &mut write)?;
    for query in privacy(user) {
        write(query)?;
    }
    for vcard in parsed(user.vcard.as_slice(), Kind::VCard, &mut skipped) {
        write(vcard)?;
    }
    if let Some((at_us, status)) = &user.last {
        write(Element::new("last", EXPORT).attr("stamp", datetime::format(*at_us)).text(status))?;
    }
    file.write(b"</user>\n")?;
    Ok(skipped)
}

/// Writes an element that has any.
fn write_some(
    element: Element,
    write: &mut impl FnMut(Element) -> Result<(), MigrateError>,
) -> Result<(), MigrateError> {
    if element.children().next().is_some() { write(element) } else { Ok(()) }
}

/// What is known of the account, but for a password of its own attribute.
fn account(user: &ExportUser, encodings: u8) -> Vec<Element> {
    let is_plain = matches!(user.password, ExportPassword::Plain(_));
    let account = Element::new("account", EXPORT)
        .opt_attr("created", user.created_us.map(datetime::format))
        .opt_attr("disabled", user.disabled.then_some("true"))
        .opt_attr("password", is_plain.then_some("plain"));
    let mut elements: Vec<_> = (!account.attributes().is_empty()).then_some(account).into_iter().collect();
    match &user.password {
        ExportPassword::None | ExportPassword::Plain(_) => {}
        // ejabberd takes the first.
        ExportPassword::Keys(keys) => {
            let of_hash = |(_, hash)| keys.iter().find(|keys| keys.hash == hash);
            elements
                .extend(MECHANISMS.into_iter().filter_map(of_hash).map(|keys| credentials(keys, encodings)));
        }
        ExportPassword::Foreign { format, text, salt } => elements.push(
            Element::new("secret", EXPORT).attr("format", format).opt_attr("salt", salt.as_ref()).text(text),
        ),
    }
    elements
}

/// `scram-credentials` (XEP-0227 §3.3).
fn credentials(keys: &ScramKeys, encodings: u8) -> Element {
    let mechanism = MECHANISMS.iter().find(|(_, hash)| *hash == keys.hash).map_or("", |(name, _)| name);
    let encoded = |bytes: &[u8]| (1..encodings).fold(STANDARD.encode(bytes), |text, _| STANDARD.encode(text));
    let field = |name, text: String| Element::new(name, SCRAM).text(text);
    Element::new("scram-credentials", SCRAM)
        .attr("mechanism", mechanism)
        .child(field("iter-count", keys.iterations.to_string()))
        .child(field("salt", encoded(&keys.salt)))
        .child(field("server-key", encoded(&keys.server_key)))
        .child(field("stored-key", encoded(&keys.stored_key)))
}

fn contact(contact: &ExportContact) -> Element {
    let groups = contact.groups.iter().map(|group| Element::new("group", ns::ROSTER).text(group));
    Element::new("item", ns::ROSTER)
        .attr("jid", &contact.jid)
        .opt_attr("name", contact.name.as_ref())
        .attr("subscription", contact.subscription.as_str())
        .opt_attr("ask", contact.ask.then_some("subscribe"))
        .opt_attr("approved", contact.approved.then_some("true"))
        .with_children(groups)
}

/// A query for each list, since ejabberd refuses several in one, and then the default list's. Lists are told apart by
/// their names, and each begins where the name changes.
fn privacy(user: &ExportUser) -> impl Iterator<Item = Element> {
    let lists = user.rules.chunk_by(|a, b| a.list == b.list).map(|rules| {
        let name = rules.first().map(|rule| rule.list.as_str()).unwrap_or_default();
        Element::new("list", ns::PRIVACY).attr("name", name).with_children(rules.iter().map(rule))
    });
    let default =
        user.default_list.iter().map(|name| Element::new("default", ns::PRIVACY).attr("name", name));
    lists.chain(default).map(|child| Element::new("query", ns::PRIVACY).child(child))
}

fn rule(rule: &ExportRule) -> Element {
    let item = Element::new("item", ns::PRIVACY)
        .opt_attr("type", rule.subject.as_ref().map(|(kind, _)| kind))
        .opt_attr("value", rule.subject.as_ref().map(|(_, value)| value))
        .attr("action", if rule.allow { "allow" } else { "deny" })
        .attr("order", rule.order.to_string());
    if rule.kinds == Kinds::ALL {
        return item;
    }
    let kinds = KINDS.iter().filter(|(_, kind)| rule.kinds.contains(*kind));
    item.with_children(kinds.map(|(name, _)| Element::new(name, ns::PRIVACY)))
}

/// A message with a stamp that says when it was stored.
fn message(message: &ExportMessage, domain: &str, skipped: &mut Vec<Skipped>) -> Option<Element> {
    let document = document(&message.xml, Kind::Offline, skipped)?;
    let root = document.root();
    let mut element = element(&document, Kind::Offline, skipped)?;
    if stored_us(root, domain) != Some(message.stored_us) {
        let stamp = datetime::format(message.stored_us);
        element.push(Element::new("delay", ns::DELAY).attr("from", domain).attr("stamp", stamp));
    }
    Some(element)
}

fn parsed(xml: &[String], kind: Kind, skipped: &mut Vec<Skipped>) -> Vec<Element> {
    let one =
        |xml: &String| document(xml, kind, skipped).and_then(|document| element(&document, kind, skipped));
    xml.iter().filter_map(one).collect()
}

fn document(xml: &str, kind: Kind, skipped: &mut Vec<Skipped>) -> Option<Document> {
    match Document::parse_text(ByteString::from(xml), ns::CLIENT, &LIMITS) {
        Ok(document) => Some(document),
        Err(error) => {
            skipped.push(Skipped::one(kind, reason(&error), "", error.to_string()));
            None
        }
    }
}

fn element(document: &Document, kind: Kind, skipped: &mut Vec<Skipped>) -> Option<Element> {
    let element = document.root().to_bounded_element();
    if element.is_none() {
        let why = "its namespaces would make it far larger than it is";
        skipped.push(Skipped::one(kind, Reason::TooLarge, document.root().name(), why));
    }
    element
}
