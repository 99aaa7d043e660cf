//! XEP-0030: Service Discovery. Says what is on, and nothing else.

use std::sync::Arc;

use kernel::{
    About, Account, Announced, DiscoItem, Identity, IqKind, IqRequest, IqResult, Module, NodeRequest,
    Registrar, Target,
};
use serde_json::Value;
use xmpp::{Element, Stanza, StanzaError, ns};

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
    let announced = announced(&request, Target::Host).await?;
    Ok(Some(info(&request, &announced)))
}

/// The domain's services, as announced by features.
async fn host_items(request: IqRequest) -> IqResult {
    let announced = announced(&request, Target::Host).await?;
    Ok(Some(items(&request, &announced.items)))
}

async fn account_info(request: IqRequest) -> IqResult {
    authorized(&request).await?;
    let announced = announced(&request, Target::Account).await?;
    Ok(Some(info(&request, &announced)))
}

/// The available resources of the account.
async fn account_items(request: IqRequest) -> IqResult {
    let Ok(account) = authorized(&request).await else { return nothing(&request.stanza) };
    if node(&request).is_some() {
        return Ok(Some(items(&request, &announced(&request, Target::Account).await?.items)));
    }
    let resources = account.available();
    let resources: Vec<_> =
        resources.into_iter().map(|resource| DiscoItem::new(resource.jid().clone())).collect();
    Ok(Some(items(&request, &resources)))
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

/// The node that a request is about; `None`: the target itself.
fn node(request: &IqRequest) -> Option<Arc<str>> {
    let node = request.stanza.payload().and_then(|query| query.attr("node"));
    node.filter(|node| !node.is_empty()).map(|node| node.as_ref().into())
}

/// What is announced about the target of a request, or about its node.
async fn announced(request: &IqRequest, target: Target) -> Result<Arc<Announced>, StanzaError> {
    if let Some(node) = node(request) {
        let request = NodeRequest {
            kernel: request.kernel.clone(),
            host: request.host.clone(),
            account: request.account.clone(),
            resource: request.resource.clone(),
            from: request.from().cloned(),
            node,
        };
        return request.kernel.clone().node(&target, request).await.map(Arc::new);
    }
    let table = request.kernel.table(&request.host).ok_or_else(StanzaError::service_unavailable)?;
    Ok(table.announced(&target).unwrap_or_default())
}

fn query(request: &IqRequest, ns: &'static str) -> Element {
    Element::new("query", ns).opt_attr("node", node(request))
}

fn info(request: &IqRequest, announced: &Announced) -> Element {
    let identities = announced.identities.iter().map(|identity| {
        Element::new("identity", ns::DISCO_INFO)
            .attr("category", &*identity.category)
            .attr("type", &*identity.kind)
            .opt_attr("name", identity.name.as_deref())
    });
    let features = announced.features.iter();
    let features = features.map(|feature| Element::new("feature", ns::DISCO_INFO).attr("var", &**feature));
    query(request, ns::DISCO_INFO).with_children(identities).with_children(features)
}

fn items(request: &IqRequest, items: &[DiscoItem]) -> Element {
    let items = items.iter().map(|item| {
        Element::new("item", ns::DISCO_ITEMS)
            .attr("jid", item.jid.as_str())
            .opt_attr("node", item.node.as_deref())
            .opt_attr("name", item.name.as_deref())
    });
    query(request, ns::DISCO_ITEMS).with_children(items)
}
