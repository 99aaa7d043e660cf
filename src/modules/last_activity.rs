//! XEP-0012: Last Activity. When a user was last available, and for how long the server has been running.
//! Returned only to those who may see the user's presence.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use kernel::{
    About, Account, Host, Interest, IqKind, IqRequest, IqResult, Kernel, Matter, Module, Order, Packet,
    Registrar, Resource, Ruling, SessionEventKind, Stage, State, Target, Verdict, Way, log_failure,
};
use parking_lot::Mutex;
use serde_json::Value;
use storage::{AccountId, LastActivity as Last, StorageError};
use tokio::time::timeout;
use xmpp::{Element, Jid, Kind, Stanza, StanzaError, StanzaType, ns};

use crate::OptionError;
use crate::options::{self, NoOptions};

const SECOND_US: i64 = 1_000_000;
/// How long a logout may wait to be written together with others: a transaction each would cost a tenth of a
/// logout's time.
const GATHER: Duration = Duration::from_secs(1);

struct LastActivity;

/// The status of the unavailable presence that a resource is sending.
#[derive(Default)]
struct Farewell(Mutex<String>);

/// When the account was last available, as it is written to the store.
#[derive(Default)]
struct Left(Mutex<Option<Last>>);

/// What has not been written yet, per domain. Until then the value is in the accounts' state.
#[derive(Default)]
struct Unwritten(Mutex<HashMap<AccountId, Last>>);

#[derive(Clone, Copy)]
struct Kept {
    farewell: State<Resource, Farewell>,
    left: State<Account, Left>,
    unwritten: State<Host, Unwritten>,
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    let NoOptions {} = options::read(options)?;
    Ok(Arc::new(LastActivity))
}

impl Module for LastActivity {
    fn about(&self) -> About {
        About { name: "last_activity".into(), specifications: vec![("XEP-0012", "2.0")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        for target in [Target::Host, Target::Account] {
            registrar.feature(target, ns::LAST);
        }
        registrar.iq(Target::Host, IqKind::Get, "query", ns::LAST, |request| async move {
            Ok(Some(answer(request.kernel.uptime().as_secs(), "")))
        });
        let (farewell, left) = (registrar.state(), registrar.state());
        let kept = Kept { farewell, left, unwritten: registrar.state() };
        registrar.to_strangers(IqKind::Get, "query", ns::LAST, true, |_| Err(StanzaError::forbidden()));
        registrar.iq(Target::Account, IqKind::Get, "query", ns::LAST, move |request| get(request, left));
        let presence = Interest::types(Kind::Presence, &[StanzaType::None, StanzaType::Unavailable]);
        registrar.hook(Stage::Send, Order::Normal, presence, move |_, packet| {
            note(packet, farewell);
            Verdict::Continue
        });
        registrar.session(SessionEventKind::Unavailable, move |kernel, event| {
            record(kernel, &event.resource, kept);
            Box::pin(std::future::ready(()))
        });
        registrar.deletion(move |_, account| {
            kept.unwritten.of(account.host()).0.lock().remove(&account.id());
            Box::pin(std::future::ready(()))
        });
        let requests = Interest::types(Kind::Iq, &[StanzaType::Get]).payload_ns(&[ns::LAST]);
        registrar.hook_later(Stage::Receive, Order::Normal, requests, |kernel, packet| {
            Box::pin(to_client(kernel, packet))
        });
    }
}

fn answer(seconds: u64, status: &str) -> Element {
    let answer = Element::new("query", ns::LAST).attr("seconds", seconds.to_string());
    if status.is_empty() { answer } else { answer.text(status) }
}

/// Called for a client's presence: keeps the status of an unavailable one.
fn note(packet: &Packet, farewell: State<Resource, Farewell>) {
    let Some(client) = packet.client().filter(|_| packet.stanza.to().is_none()) else { return };
    let status = packet.stanza.child("status", ns::CLIENT).map(|status| status.text().into_owned());
    match (packet.stanza.stanza_type(), status) {
        (StanzaType::Unavailable, Some(status)) => *farewell.of(client).0.lock() = status,
        _ => forget(client, farewell),
    }
}

fn forget(client: &Resource, farewell: State<Resource, Farewell>) {
    if let Some(farewell) = farewell.peek(client) {
        farewell.0.lock().clear();
    }
}

/// A resource is no longer available: if it was the last one, this is when the user was last seen. Not
/// awaited, so that `unavailable` is not delayed.
fn record(kernel: &Arc<Kernel>, resource: &Resource, kept: Kept) {
    let status = kept.farewell.peek(resource).map(|farewell| std::mem::take(&mut *farewell.0.lock()));
    let account = resource.account();
    if account.is_available() {
        return;
    }
    let last = Last { at_us: kernel.now_us(), status: status.unwrap_or_default() };
    *kept.left.of(account).0.lock() = Some(last.clone());
    let first = {
        let mut unwritten = kept.unwritten.of(account.host()).0.lock();
        let first = unwritten.is_empty();
        unwritten.insert(account.id(), last);
        first
    };
    if first {
        let (kernel, host) = (kernel.clone(), account.host().clone());
        kernel.clone().runtime().tasks.spawn("last activity", async move {
            let tasks = &kernel.runtime().tasks;
            loop {
                // During shutdown nothing is gathered any more.
                let _ = timeout(GATHER, tasks.drained_signal()).await;
                let draining = tasks.draining();
                let unwritten = std::mem::take(&mut *kept.unwritten.of(&host).0.lock());
                let failed = write(&kernel, unwritten).await;
                if failed.is_empty() || draining {
                    return;
                }
                tokio::select! {
                    () = kernel.store().recovered() => {}
                    () = tasks.drained_signal() => {}
                }
                let mut unwritten = kept.unwritten.of(&host).0.lock();
                for (id, last) in failed {
                    unwritten.entry(id).or_insert(last);
                }
            }
        });
    }
}

/// All queued at once, so that they are committed together. Returns what is worth trying again.
async fn write(kernel: &Kernel, unwritten: HashMap<AccountId, Last>) -> Vec<(AccountId, Last)> {
    let store = kernel.store();
    let put = |(id, last): (AccountId, Last)| (store.last_activity().put(id, last.clone()), id, last);
    let writes: Vec<_> = unwritten.into_iter().map(put).collect();
    let mut failed = Vec::new();
    for (write, id, last) in writes {
        match write.await {
            Ok(()) | Err(StorageError::Constraint(_)) => {} // the account is being deleted
            Err(error) => {
                log_failure(&error, "cannot record when an account was last available");
                if error.is_temporary() {
                    failed.push((id, last));
                }
            }
        }
    }
    failed
}

/// Section 3: the query for a user, by bare JID.
async fn get(request: IqRequest, left: State<Account, Left>) -> IqResult {
    let account = request.account.as_ref().ok_or_else(StanzaError::service_unavailable)?;
    authorize(&request.kernel, account, request.from()).await?;
    if !account.resources().is_empty() {
        return Ok(Some(answer(0, ""))); // section 4: connected or available
    }
    let known = left.peek(account).and_then(|left| left.0.lock().clone());
    let last = match known {
        Some(last) => Some(last),
        None => {
            request.kernel.store().last_activity().get(account.id()).await.map_err(|error| failed(&error))?
        }
    };
    let last = last.ok_or_else(|| StanzaError::service_unavailable().text("no last activity is recorded"))?;
    let ago = request.kernel.now_us().saturating_sub(last.at_us).max(0) / SECOND_US;
    Ok(Some(answer(ago.unsigned_abs(), &last.status)))
}

/// Section 4: a request to a full JID is for the client, but only if the sender may see its presence.
async fn to_client(kernel: &Arc<Kernel>, packet: &mut Packet) -> Verdict {
    let from = packet.stanza.from().cloned();
    let full = |jid: &Jid| jid.resource().is_some();
    for recipient in packet.recipients.iter_mut().filter(|one| one.ruling.is_none() && full(&one.to)) {
        if let Err(error) = authorize(kernel, &recipient.account, from.as_ref()).await {
            recipient.ruling = Some(Ruling::Reject(error));
        }
    }
    Verdict::Continue
}

/// Allows the owner and those who may see the account's presence: contacts with a subscription, unless a
/// privacy list denies it.
async fn authorize(kernel: &Kernel, account: &Account, from: Option<&Jid>) -> Result<(), StanzaError> {
    let from = from.ok_or_else(StanzaError::forbidden)?;
    if from.same_bare(account.jid()) {
        return Ok(());
    }
    let roster = kernel.roster(account).await.map_err(|error| failed(&error))?;
    let presence = Matter::of(Way::Out, &Stanza::presence(StanzaType::None, None, None));
    match roster.is_watched_by(from) && kernel.admits(account, presence, from) {
        true => Ok(()),
        false => Err(StanzaError::forbidden()),
    }
}

fn failed(error: &StorageError) -> StanzaError {
    kernel::failed(error, "cannot read an account's last activity")
}
