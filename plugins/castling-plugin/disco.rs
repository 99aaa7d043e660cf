//! Answers to service discovery (XEP-0030) at an address of the plugin's own.

use crate::{Element, Incoming};

/// The namespace of requests about what an address is.
pub const INFO: &str = "http://jabber.org/protocol/disco#info";
/// The namespace of requests about what an address has.
pub const ITEMS: &str = "http://jabber.org/protocol/disco#items";

/// What an address is.
#[derive(Clone, Copy, Debug)]
pub struct Info<'a> {
    /// `category` of its identity, such as `automation`.
    pub category: &'a str,
    /// `type` of its identity, such as `command-list`.
    pub kind: &'a str,
    /// What users are shown.
    pub name: &'a str,
    /// The namespaces that it understands; those of discovery need not be among them.
    pub features: &'a [&'a str],
}

/// An item: its JID, perhaps a node of that, and what users are shown.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its JID.
    pub jid: String,
    /// Its node; `None`: the JID itself.
    pub node: Option<String>,
    /// What users are shown.
    pub name: String,
}

/// The namespace and node of a discovery request; `None`: it is none.
pub fn asked(stanza: &Incoming) -> Option<(&'static str, Option<&str>)> {
    let query = stanza.payload().filter(|payload| stanza.is_request() && payload.name() == "query")?;
    let ns = [INFO, ITEMS].into_iter().find(|ns| *ns == query.ns())?;
    Some((ns, query.get("node")))
}

/// The answer that says what the address, or a node of it, is.
pub fn info(stanza: &Incoming, info: &Info<'_>) -> Element {
    let identity = Element::new("identity", INFO)
        .attr("category", info.category)
        .attr("type", info.kind)
        .attr("name", info.name);
    let features = [INFO, ITEMS].iter().chain(info.features);
    let features = features.map(|feature| Element::new("feature", INFO).attr("var", feature));
    stanza.result(Some(query(stanza, INFO).with(identity).with_all(features)))
}

/// The answer with the items of the address, or of a node of it.
pub fn items(stanza: &Incoming, items: impl IntoIterator<Item = Item>) -> Element {
    let items = items.into_iter().map(|item| {
        Element::new("item", ITEMS)
            .attr("jid", &item.jid)
            .opt_attr("node", item.node.as_deref())
            .attr("name", &item.name)
    });
    stanza.result(Some(query(stanza, ITEMS).with_all(items)))
}

fn query(stanza: &Incoming, ns: &str) -> Element {
    let node = stanza.payload().and_then(|payload| payload.get("node"));
    Element::new("query", ns).opt_attr("node", node)
}
