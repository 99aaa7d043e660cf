//! XEP-0191: addresses that an account blocks.
//!
//! The block list is a part of the account's default privacy list (XEP-0016): its items that deny all stanzas
//! of an address. The kernel screens what they deny; here they are read, changed and pushed, whichever protocol
//! changes them. Presence follows by itself.

mod list;
mod push;
pub(crate) mod request;

use std::sync::Arc;

use kernel::{
    About, Account, Holds, IqKind, IqRequest, IqResult, Module, Registrar, Resource, State, Target,
};
use serde_json::Value;
use settings::{Required, group, number};
use storage::PrivacyItem;
use xmpp::{Element, StanzaError, ns};

use crate::OptionError;
use crate::options;
use crate::refused::Refused;
use push::{Asked, Pushes};

/// The name of a list created by this feature.
const NAME: &str = "blocklist";

group! {
    /// What a block list may hold.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Blocking {
        /// Addresses that one account may block; more are refused with `resource-constraint`. A client gets all of them in
        /// one stanza.
        blocked: Required = number(1000, 1..=50_000);
    }
}

struct Feature {
    limit: usize,
    asked: State<Resource, Asked>,
    pushes: State<Account, Pushes>,
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let blocking: Blocking = options::read(options)?;
    Ok(Arc::new(blocking))
}

impl Module for Blocking {
    fn about(&self) -> About {
        About { name: "blocking".into(), specifications: vec![("XEP-0191", "1.3")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::BLOCKING);
        registrar.feature(Target::Account, ns::BLOCKING);
        let (asked, pushes) = (registrar.state(), registrar.state());
        let feature = Arc::new(Feature { limit: self.blocked.bound(), asked, pushes });
        registrar.list_change(move |kernel, change| push::others(kernel, change, asked, pushes));
        registrar.own_iq(Holds::Requests, IqKind::Get, "blocklist", ns::BLOCKING, {
            move |request| get(request, asked)
        });
        // Stanzas that follow a change must be screened by the changed list.
        let (block, unblock) = (feature.clone(), feature);
        registrar.own_iq(Holds::Everything, IqKind::Set, "block", ns::BLOCKING, {
            move |request| block.clone().block(request)
        });
        registrar.own_iq(Holds::Everything, IqKind::Set, "unblock", ns::BLOCKING, {
            move |request| unblock.clone().unblock(request)
        });
    }
}

/// Section 3.2: the whole list. Resources that have requested it get pushes.
async fn get(request: IqRequest, asked: State<Resource, Asked>) -> IqResult {
    let account = request.own_account()?;
    if let Some(resource) = &request.resource {
        asked.of(resource).set(); // before it is read, so that no change is missed
    }
    let list = request.kernel.default_list(&account).await.map_err(|error| Refused::from(error).0)?;
    let list = list.as_ref().map(|screen| &**screen.list());
    let items = list::blocked(list).into_iter().map(request::item);
    Ok(Some(Element::new("blocklist", ns::BLOCKING).with_children(items)))
}

impl Feature {
    /// Section 3.3.
    async fn block(self: Arc<Self>, request: IqRequest) -> IqResult {
        let account = request.own_account()?;
        let jids = request::addresses(&request)?;
        if jids.is_empty() {
            return Err(StanzaError::bad_request().text("<block/> must contain at least one <item/>"));
        }
        request::refuse_own(&account, &jids)?;
        let (limit, payload) = (self.limit, request::payload("block", &jids));
        let compute = move |items: &[PrivacyItem]| list::block(items, &jids, limit).map_err(Refused);
        self.change(&request, account, payload, compute).await
    }

    /// Sections 3.4 and 3.5: some addresses, or all.
    async fn unblock(self: Arc<Self>, request: IqRequest) -> IqResult {
        let account = request.own_account()?;
        let jids = request::addresses(&request)?;
        let payload = request::payload("unblock", &jids);
        let compute = move |items: &[PrivacyItem]| Ok(list::unblock(items, &jids));
        self.change(&request, account, payload, compute).await
    }

    /// Changes the list; the push is what was requested, and nothing else.
    async fn change<C>(
        &self,
        request: &IqRequest,
        account: Arc<Account>,
        payload: Element,
        compute: C,
    ) -> IqResult
    where
        C: FnOnce(&[PrivacyItem]) -> Result<Option<Vec<PrivacyItem>>, Refused> + Send + 'static,
    {
        let announce = {
            let (kernel, account) = (request.kernel.clone(), account.clone());
            let (asked, pushes) = (self.asked, self.pushes);
            move || push::push(&kernel, &account, &payload, asked, pushes)
        };
        let by = request.resource.as_ref();
        let changed = request.kernel.change_default_list(&account, by, NAME, compute, announce).await;
        changed.map(|_| None).map_err(|refused| refused.0)
    }
}
