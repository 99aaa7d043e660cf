//! XEP-0191: addresses that an account blocks.
//!
//! The block list is a part of the account's default privacy list (XEP-0016): its items that deny all stanzas
//! of an address. The kernel screens what they deny; here they are read, changed and pushed, and those who
//! may see the account's presence are sent its end or its return.

mod list;
mod push;
pub(crate) mod request;

use std::sync::Arc;

use kernel::{
    About, Account, Holds, IqKind, IqRequest, IqResult, Kernel, Module, Registrar, Resource, State, Target,
};
use serde_json::Value;
use settings::{Required, group, number};
use storage::{PrivacyChange, PrivacyList};
use xmpp::{Element, Jid, StanzaError, ns};

use crate::OptionError;
use crate::options;
use crate::presence::directed::Directed;
use crate::presence::sight::Sight;
use crate::refused::Refused;
use push::{Asked, Pushes};

group! {
    /// What a block list may hold.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Blocking {
        /// Addresses that one account may block; more are refused with `resource-constraint`. A client gets all of them in
        /// one stanza.
        blocked: Required = number(1000, 1..=50_000);
    }
}

/// The new default list, and the change of its rows; `None`: nothing changes.
type Change = Option<(Option<PrivacyList>, PrivacyChange)>;

struct Feature {
    limit: usize,
    asked: State<Resource, Asked>,
    pushes: State<Account, Pushes>,
    directed: State<Resource, Directed>,
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
        let (asked, pushes, directed) = (registrar.state(), registrar.state(), registrar.state());
        let feature = Arc::new(Feature { limit: self.blocked.bound(), asked, pushes, directed });
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
    let items = list::blocked(list.as_ref().as_ref()).map(request::item);
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
        let name =
            list::free_name(&request.kernel, &account).await.map_err(|error| Refused::from(error).0)?;
        let compute =
            |list: Option<&PrivacyList>| list::block(list, &jids, &name, self.limit).map_err(Refused);
        self.change(&request.kernel, &account, &request::payload("block", &jids), &jids, compute).await
    }

    /// Sections 3.4 and 3.5: some addresses, or all.
    async fn unblock(self: Arc<Self>, request: IqRequest) -> IqResult {
        let account = request.own_account()?;
        let jids = request::addresses(&request)?;
        let compute = |list: Option<&PrivacyList>| Ok(list::unblock(list, &jids));
        self.change(&request.kernel, &account, &request::payload("unblock", &jids), &jids, compute).await
    }

    /// Changes the list, in this order: commit, put in force, pushes, then presence. What the server sends
    /// for an account is not screened by the account's own list, so a newly blocked contact is still sent
    /// `unavailable`. Without `jids`, the change concerns all blocked JIDs.
    async fn change<C>(
        &self,
        kernel: &Arc<Kernel>,
        account: &Arc<Account>,
        payload: &Element,
        jids: &[Jid],
        compute: C,
    ) -> IqResult
    where
        C: FnOnce(Option<&PrivacyList>) -> Result<Change, Refused>,
    {
        let mut before = None;
        let compute = |list: Option<&PrivacyList>| {
            let concerned: Vec<Jid> = match jids {
                [] => list::blocked(list).cloned().collect(),
                jids => jids.to_vec(),
            };
            before = Some((Sight::of(account), concerned));
            compute(list)
        };
        let announce = || push::push(kernel, account, payload, self.asked, self.pushes);
        let changed =
            kernel.change_default_list(account, compute, announce).await.map_err(|refused| refused.0)?;
        if let (true, Some((before, concerned))) = (changed, before) {
            before.changed(kernel, account, &concerned, self.directed).await;
        }
        Ok(None)
    }
}
