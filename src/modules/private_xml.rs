//! XEP-0049: Private XML Storage. What clients keep for themselves: bookmarks, notes, preferences.

use std::sync::Arc;

use kernel::{About, Holds, IqKind, IqRequest, IqResult, Module, Registrar, Target};
use serde_json::Value;
use settings::{Limit, group, number};
use storage::{PrivateEntry, PrivateError, PrivateLimits};
use xmpp::{Element, Node, StanzaError, ns};

use crate::OptionError;
use crate::options;
use crate::stored_xml;

group! {
    /// What one account may store.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct PrivateXml {
        /// Elements stored for one account; one more is refused with `resource-constraint`.
        entries: Limit = number(100, 1..=u32::MAX.into());
        /// Bytes of all elements stored for one account.
        bytes: Limit = number(1_048_576, 1024..=1 << 40);
    }
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let private: PrivateXml = options::read(options)?;
    Ok(Arc::new(private))
}

impl Module for PrivateXml {
    fn about(&self) -> About {
        About { name: "private_xml".into(), specifications: vec![("XEP-0049", "1.2")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::PRIVATE);
        registrar.own_iq(Holds::Requests, IqKind::Get, "query", ns::PRIVATE, get);
        registrar.own_iq(Holds::Requests, IqKind::Set, "query", ns::PRIVATE, move |request| {
            self.clone().set(request)
        });
    }
}

/// The stored element; the requested one, empty, if there is none.
async fn get(request: IqRequest) -> IqResult {
    let account = request.own_account()?;
    let query = request.stanza.payload().ok_or_else(StanzaError::bad_request)?;
    let mut wanted = query.children();
    let asked = wanted.next().ok_or_else(nothing)?;
    if wanted.next().is_some() {
        return Err(StanzaError::bad_request().text("request one element at a time"));
    }
    check(asked)?;
    let stored = request.kernel.store().private().get(account.id(), asked.name(), asked.ns()).await;
    let found = match stored.map_err(|error| stored_xml::failed(&error))? {
        Some(xml) => stored_xml::read(xml)?,
        None => stored_xml::tree(asked)?,
    };
    Ok(Some(Element::new("query", ns::PRIVATE).child(found)))
}

impl PrivateXml {
    /// Stores every element in place of the earlier one of the same name and namespace; none is stored if
    /// together they would exceed the account's limit.
    async fn set(self: Arc<Self>, request: IqRequest) -> IqResult {
        let account = request.own_account()?;
        let query = request.stanza.payload().ok_or_else(StanzaError::bad_request)?;
        let mut entries: Vec<PrivateEntry> = Vec::new();
        for element in query.children() {
            let entry = entry(element)?;
            if entries.iter().any(|earlier| (&earlier.name, &earlier.ns) == (&entry.name, &entry.ns)) {
                return Err(StanzaError::bad_request().text("duplicate element"));
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err(nothing());
        }
        let written = request.kernel.store().private().put(account.id(), entries, self.limits()).await;
        written.map_err(refusal)?;
        Ok(None)
    }

    fn limits(&self) -> PrivateLimits {
        let bound = |limit: Limit| limit.get().map_or(0, std::num::NonZeroU64::get);
        PrivateLimits {
            entries: u32::try_from(bound(self.entries)).unwrap_or(u32::MAX),
            bytes: bound(self.bytes),
        }
    }
}

fn entry(element: Node<'_>) -> Result<PrivateEntry, StanzaError> {
    check(element)?;
    let xml = stored_xml::write(&stored_xml::tree(element)?);
    Ok(PrivateEntry { name: element.name().to_owned(), ns: element.ns().to_owned(), xml })
}

/// Reserved namespaces are refused, among them that of the request itself: an element needs one of its own.
fn check(element: Node<'_>) -> Result<(), StanzaError> {
    let own = element.ns();
    let reserved = own.starts_with("jabber:") || own.starts_with("http://jabber.org/") || own == ns::VCARD;
    match own.is_empty() || reserved {
        true => Err(StanzaError::not_acceptable().text("the element must not be in a reserved namespace")),
        false => Ok(()),
    }
}

fn nothing() -> StanzaError {
    StanzaError::not_acceptable().text("the query must contain an element")
}

fn refusal(error: PrivateError) -> StanzaError {
    match error {
        PrivateError::Full => StanzaError::resource_constraint().text("your private storage is full"),
        PrivateError::Storage(error) => stored_xml::failed(&error),
    }
}
