//! XEP-0054: vcard-temp. What users publish of themselves: anybody may read it.

use std::sync::Arc;

use kernel::{About, Holds, Host, IqKind, IqRequest, IqResult, Module, Registrar, Target};
use serde_json::Value;
use settings::{Limit, group, number};
use xmpp::{Element, StanzaError, ns};

use crate::OptionError;
use crate::options;
use crate::stored_xml;

group! {
    /// How large a vCard may be.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct VCard {
        /// Bytes of one vCard, photo included.
        bytes: Limit = number(65_536, 1024..=1 << 30);
    }
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let vcard: VCard = options::read(options)?;
    Ok(Arc::new(vcard))
}

impl Module for VCard {
    fn about(&self) -> About {
        About { name: "vcard".into(), specifications: vec![("XEP-0054", "1.3.0")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        for target in [Target::Host, Target::Account] {
            registrar.feature(target, ns::VCARD);
        }
        registrar.iq(Target::Host, IqKind::Get, "vCard", ns::VCARD, |request| async move {
            Ok(Some(of_host(&request.host)))
        });
        registrar.iq(Target::Account, IqKind::Get, "vCard", ns::VCARD, get);
        registrar.own_iq(Holds::Requests, IqKind::Set, "vCard", ns::VCARD, move |request| {
            self.clone().set(request)
        });
    }
}

/// The vCard of the domain: its name and address.
fn of_host(host: &Host) -> Element {
    let options = host.options();
    let title = if options.brand.title.is_empty() { host.name() } else { &options.brand.title };
    let field = |name, text: &str| Element::new(name, ns::VCARD).text(text);
    Element::new("vCard", ns::VCARD).child(field("FN", title)).child(field("JABBERID", host.jid().as_str()))
}

/// Sections 3.1 and 3.3. To others, an account without a vCard looks like one that does not exist.
async fn get(request: IqRequest) -> IqResult {
    let account = request.account.as_ref().ok_or_else(StanzaError::service_unavailable)?;
    let stored = request.kernel.store().vcards().get(account.id()).await;
    match stored.map_err(|error| stored_xml::failed(&error))? {
        Some(xml) => stored_xml::read(xml).map(Some),
        None if request.is_own() => Err(StanzaError::item_not_found()),
        None => Err(StanzaError::service_unavailable()),
    }
}

impl VCard {
    /// Section 3.2: the whole vCard is replaced, and only by its owner.
    async fn set(self: Arc<Self>, request: IqRequest) -> IqResult {
        let account = request.own_account()?;
        let vcard = request.stanza.payload().ok_or_else(StanzaError::bad_request)?;
        let xml = stored_xml::write(&stored_xml::tree(vcard)?);
        if xml.len() > self.bytes.bound() {
            let text = format!("the vCard is larger than {} bytes", self.bytes.bound());
            return Err(StanzaError::policy_violation().text(text));
        }
        let written = request.kernel.store().vcards().put(account.id(), xml).await;
        written.map(|()| None).map_err(|error| stored_xml::failed(&error))
    }
}
