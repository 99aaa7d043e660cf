//! The components below a domain, as items of it (XEP-0030 section 4).

use std::sync::Arc;

use kernel::{About, DiscoItem, Module, Registrar, Target};
use xmpp::Jid;

/// A domain's components.
pub(super) struct Items(pub Vec<Jid>);

impl Module for Items {
    fn about(&self) -> About {
        About { name: "components".into(), specifications: vec![("XEP-0114", "1.6")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        for jid in &self.0 {
            registrar.item(Target::Host, DiscoItem::new(jid.clone()));
        }
    }
}
