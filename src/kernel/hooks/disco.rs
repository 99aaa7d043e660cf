//! What is announced about a target, and about the nodes below it (XEP-0030).

use std::sync::Arc;

use xmpp::{Jid, StanzaError};

use crate::{Account, BoxFuture, Host, Kernel, Registrar, Resource, Target};

/// A disco identity (XEP-0030 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `category`, such as `server`.
    pub category: Box<str>,
    /// `type`, such as `im`.
    pub kind: Box<str>,
    /// The `name` attribute; may be absent.
    pub name: Option<String>,
}

impl Identity {
    /// An identity without a name.
    pub fn new(category: &str, kind: &str) -> Self {
        Self { category: category.into(), kind: kind.into(), name: None }
    }

    /// The same with a name, unless it is empty.
    pub fn named(self, name: &str) -> Self {
        Self { name: (!name.is_empty()).then(|| name.to_owned()), ..self }
    }
}

/// An item of disco#items (XEP-0030 section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoItem {
    pub jid: Jid,
    /// The `node` attribute; may be absent.
    pub node: Option<Arc<str>>,
    /// The `name` attribute; may be absent.
    pub name: Option<String>,
}

impl DiscoItem {
    /// An item without node and name.
    pub fn new(jid: Jid) -> Self {
        Self { jid, node: None, name: None }
    }
}

/// What is announced about a target or a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    pub identities: Vec<Identity>,
    pub features: Vec<Box<str>>,
    pub items: Vec<DiscoItem>,
}

/// A disco request about a node.
#[derive(Clone)]
pub struct NodeRequest {
    pub kernel: Arc<Kernel>,
    /// The host it is addressed to, or whose account it is.
    pub host: Arc<Host>,
    /// The account it is addressed to.
    pub account: Option<Arc<Account>>,
    /// The local client that sent it, if any.
    pub resource: Option<Resource>,
    /// The sender's JID, if present.
    pub from: Option<Jid>,
    /// The node; never empty.
    pub node: Arc<str>,
}

/// A node as one sender may see it, or why that sender may not; `None` if there is no such node.
pub type NodeResult = Result<Option<Announced>, StanzaError>;

pub(crate) type NodeHandler = Arc<dyn Fn(NodeRequest) -> BoxFuture<'static, NodeResult> + Send + Sync>;

impl Registrar<'_> {
    /// Answers disco requests about nodes of a target. Handlers are called in the order of their registration, until one knows
    /// the node.
    pub fn nodes<F, R>(&mut self, target: Target, handler: F)
    where
        F: Fn(NodeRequest) -> R + Send + Sync + 'static,
        R: Future<Output = NodeResult> + Send + 'static,
    {
        let handler: NodeHandler = Arc::new(move |request| Box::pin(handler(request)));
        self.beyond_hooks().nodes.entry(target).or_default().push(handler);
    }
}

impl Kernel {
    /// What is announced about a node of a target.
    ///
    /// # Errors
    /// `item-not-found` if there is no such node; else what its handler says to this sender.
    pub async fn node(&self, target: &Target, request: NodeRequest) -> Result<Announced, StanzaError> {
        if let Some(table) = self.table(&request.host) {
            for handler in table.registered.nodes.get(target).into_iter().flatten() {
                if let Some(found) = handler(request.clone()).await? {
                    return Ok(found);
                }
            }
        }
        Err(StanzaError::item_not_found())
    }
}
