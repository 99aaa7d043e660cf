//! RFC 6121 section 2: rosters, with pushes and versions (section 2.6).

pub(crate) mod item;
pub(crate) mod push;
mod removal;

use std::sync::Arc;

use kernel::{
    About, Account, Holds, IqKind, IqRequest, IqResult, Module, Phase, Registrar, RosterChange, Target,
};
use serde_json::Value;
use settings::{Limit, Required, group, number};
use xmpp::{Element, StanzaError, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};
use crate::refused::Refused;
use item::Wanted;

struct Roster;

group! {
    /// What a roster may hold.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct RosterLimits {
        /// Contacts in one roster. Pending subscription requests from strangers have a quarter as many places in addition.
        roster_items: Limit = number(5000, 1..=1_000_000);
        /// Bytes of one roster: addresses, names and groups, plus 64 for each contact and for each group of a contact.
        /// Clients get all of it in one stanza.
        roster_bytes: Required = number(8_388_608, 65_536..=67_108_864);
    }
}

/// The limits of the account's roster.
pub(crate) fn limits(account: &Account) -> RosterLimits {
    account.host().options().limits.features.of()
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(Roster))
}

impl Module for Roster {
    fn about(&self) -> About {
        About { name: "roster".into(), specifications: vec![("RFC 6121", "section 2"), ("XEP-0237", "1.3")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::ROSTER);
        registrar.stream_feature(Phase::Bind, Element::new("ver", ns::ROSTERVER));
        // Presence sent after a request must see the roster as the request leaves it.
        registrar.own_iq(Holds::Presence, IqKind::Get, "query", ns::ROSTER, get);
        registrar.own_iq(Holds::Presence, IqKind::Set, "query", ns::ROSTER, set);
        registrar.rewritten(push::push_all);
        registrar.deletion(|kernel, account| Box::pin(removal::farewell(kernel, account)));
    }
}

/// The version as sent to clients. It includes the account's id, so that a roster that is deleted and created
/// anew never matches one a client has cached.
fn version(account: &Account, version: u64) -> String {
    format!("{}.{version}", account.id())
}

/// Section 2.1.3: the whole roster, or nothing when the client has this version already.
async fn get(request: IqRequest) -> IqResult {
    let account = request.own_account()?;
    if let Some(resource) = &request.resource {
        resource.set_interested(); // before it is read, so that no change is missed
    }
    let roster = request.kernel.roster(&account).await.map_err(|error| Refused::from(error).0)?;
    let version = version(&account, roster.version);
    let known = request.stanza.payload().and_then(|query| query.attr("ver"));
    if known.as_deref() == Some(version.as_str()) {
        return Ok(None);
    }
    let items = item::list(roster.items().filter(|item| item.in_roster).map(|item| &**item))?;
    Ok(Some(Element::new("query", ns::ROSTER).attr("ver", version).content(&items)))
}

/// Section 2.1.5: one item is added, changed or removed.
async fn set(request: IqRequest) -> IqResult {
    let account = request.own_account()?;
    let query = request.stanza.payload().ok_or_else(StanzaError::bad_request)?;
    match item::read(query, account.jid())? {
        Wanted::Removed(jid) => removal::remove(&request.kernel, &account, &jid).await?,
        Wanted::Kept(wanted) => {
            let (kernel, limits) = (&request.kernel, limits(&account));
            let compute = |roster: &kernel::Roster| {
                let item = item::kept(roster, wanted, &limits)?;
                Ok::<_, Refused>(Some(RosterChange::Put(item)))
            };
            let announce =
                |roster: &kernel::Roster, change: &RosterChange| push::push(kernel, &account, roster, change);
            kernel.change_roster(&account, compute, announce).await.map_err(|refused| refused.0)?;
        }
    }
    Ok(None)
}
