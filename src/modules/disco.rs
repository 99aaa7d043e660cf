//! XEP-0030: Service Discovery. Says what is on, and nothing else.

use std::sync::Arc;

use kernel::{
    About, Account, DiscoItem, HostTable, Identity, IqKind, IqRequest, IqResult, Module, Registrar, Target,
};
use serde_json::Value;
use xmpp::{Element, Jid, Stanza, StanzaError, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};
use crate::refused::Refused;

struct Disco;

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Disco))
}

impl Module for Disco {
    fn about(&self) -> About {
        About { name: "disco".into(), specifications: vec![("XEP-0030", "2.5.0")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        let server = Identity::new("server", "im").named(&registrar.options().brand.title);
        registrar.identity(Target::Host, server);
        registrar.identity(Target::Account, Identity::new("account", "registered"));
        for target in [Target::Host, Target::Account] {
            registrar.feature(target.clone(), ns::DISCO_INFO);
            registrar.feature(target, ns::DISCO_ITEMS);
        }
        registrar.iq(Target::Host, IqKind::Get, "query", ns::DISCO_INFO, host_info);
        registrar.iq(Target::Host, IqKind::Get, "query", ns::DISCO_ITEMS, host_items);
        registrar.iq(Target::Account, IqKind::Get, "query", ns::DISCO_INFO, account_info);
        registrar.to_strangers(IqKind::Get, "query", ns::DISCO_ITEMS, false, nothing);
        registrar.iq(Target::Account, IqKind::Get, "query", ns::DISCO_ITEMS, account_items);
    }
}

async fn host_info(request: IqRequest) -> IqResult {
    no_node(&request)?;
    let table = request.kernel.table(&request.host).ok_or_else(StanzaError::service_unavailable)?;
    Ok(Some(info(&table, &Target::Host)))
}

/// The domain's services, as announced by features.
async fn host_items(request: IqRequest) -> IqResult {
    no_node(&request)?;
    let table = request.kernel.table(&request.host).ok_or_else(StanzaError::service_unavailable)?;
    Ok(Some(items(table.items(&Target::Host))))
}

async fn account_info(request: IqRequest) -> IqResult {
    authorized(&request).await?;
    no_node(&request)?;
    let table = request.kernel.table(&request.host).ok_or_else(StanzaError::service_unavailable)?;
    Ok(Some(info(&table, &Target::Account)))
}

/// The available resources of the account.
async fn account_items(request: IqRequest) -> IqResult {
    let Ok(account) = authorized(&request).await else { return nothing(&request.stanza) };
    no_node(&request)?;
    let resources = account.available().into_iter().map(|resource| item(resource.jid(), None));
    Ok(Some(Element::new("query", ns::DISCO_ITEMS).with_children(resources)))
}

/// The empty answer for strangers, whatever the account and node (section 8): nothing can be harvested.
fn nothing(request: &Stanza) -> IqResult {
    let node = request.payload().and_then(|query| query.attr("node"));
    Ok(Some(Element::new("query", ns::DISCO_ITEMS).opt_attr("node", node.as_deref())))
}

/// Section 8: the owner and those who may see the account's presence. To others it does not exist.
async fn authorized(request: &IqRequest) -> Result<Arc<Account>, StanzaError> {
    let account = request.account.clone().ok_or_else(StanzaError::service_unavailable)?;
    if request.is_own() {
        return Ok(account);
    }
    let from = request.from().ok_or_else(StanzaError::service_unavailable)?;
    let roster = request.kernel.roster(&account).await.map_err(|error| Refused::from(error).0)?;
    if roster.is_watched_by(from) { Ok(account) } else { Err(StanzaError::service_unavailable()) }
}

fn no_node(request: &IqRequest) -> Result<(), StanzaError> {
    match request.stanza.payload().and_then(|query| query.attr("node")) {
        Some(node) if !node.is_empty() => Err(StanzaError::item_not_found()),
        _ => Ok(()),
    }
}

fn info(table: &HostTable, target: &Target) -> Element {
    let identities = table.identities(target).iter().map(|identity| {
        Element::new("identity", ns::DISCO_INFO)
            .attr("category", &*identity.category)
            .attr("type", &*identity.kind)
            .opt_attr("name", identity.name.as_deref())
    });
    let features = table.features(target).iter();
    let features = features.map(|feature| Element::new("feature", ns::DISCO_INFO).attr("var", &**feature));
    Element::new("query", ns::DISCO_INFO).with_children(identities).with_children(features)
}

fn items(items: &[DiscoItem]) -> Element {
    let items = items.iter().map(|one| item(&one.jid, one.name.as_deref()));
    Element::new("query", ns::DISCO_ITEMS).with_children(items)
}

fn item(jid: &Jid, name: Option<&str>) -> Element {
    Element::new("item", ns::DISCO_ITEMS).attr("jid", jid.as_str()).opt_attr("name", name)
}
