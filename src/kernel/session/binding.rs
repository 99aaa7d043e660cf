//! Bind, replace, detach and close: the life of a full JID, one step at a time.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use xmpp::{Jid, StreamCondition, StreamError};

use crate::account::State;
use crate::delivery::gate::Job;
use crate::session::Session;
use crate::session::mailbox::Left;
use crate::{Account, Attachment, Hold, Item, Kernel, Resource, SessionAbout, SessionEventKind};

/// What happens when a resource is bound that is in use (RFC 6120 section 7.7.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Conflict {
    /// The older session is closed with `conflict`.
    #[default]
    Replace,
    /// The newcomer gets `conflict`.
    Refuse,
    /// The newcomer gets a resource of the server's making.
    Rename,
}

/// What a client asks for.
pub struct BindRequest {
    /// The account it has proven to own.
    pub account: Arc<Account>,
    /// The resource it wants, prepared; none: the server's choice.
    pub resource: Option<String>,
    /// Its connection.
    pub about: SessionAbout,
}

/// Why a resource was not bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BindError {
    /// The resource is in use and the policy is to refuse.
    Conflict,
    /// The account has as many sessions as it may have.
    TooMany,
    /// The domain or the account is not served any more.
    Gone,
    /// The resource is not a valid resourcepart.
    BadResource,
}

impl Kernel {
    /// Binds a resource (RFC 6120 section 7). A session that it replaces has ended, its `unavailable` told, before
    /// this returns. Once begun it comes to its end, also if nobody waits for it any more: a replaced session's messages
    /// would be lost half-way.
    ///
    /// # Errors
    /// See [`BindError`].
    pub async fn bind(self: &Arc<Self>, request: BindRequest) -> Result<Hold, BindError> {
        let kernel = self.clone();
        let bound = self.runtime().tasks.spawn("bind", async move { kernel.bind_now(request).await });
        bound.await.unwrap_or(Err(BindError::Gone))
    }

    async fn bind_now(self: &Arc<Self>, request: BindRequest) -> Result<Hold, BindError> {
        let account = request.account;
        let _serial = account.binding.lock().await;
        if !account.host().is_enabled() || account.state.lock().deleted {
            return Err(BindError::Gone);
        }
        let jid = self.choose(&account, request.resource).await?;
        let limit = account.host().options().limits.sessions_per_account.bound();
        let attached = |session: &&Arc<Session>| !session.is_waiting();
        if account.state.lock().sessions.iter().filter(attached).count() >= limit {
            return Err(BindError::TooMany);
        }
        let id = self.sessions.next_id();
        let session = Arc::new(Session::new(id, jid, account.clone(), request.about, self.now_us()));
        let driver = session.driver.clone().lock_owned().await;
        account.state.lock().sessions.push(session.clone());
        self.sessions.insert(session.clone());
        if !account.host().is_enabled() {
            self.end_locked(&session).await; // disabled meanwhile: whoever ends the domain's sessions may have missed it
            return Err(BindError::Gone);
        }
        self.load_at_bind(&account).await;
        self.publish_plain_event(SessionEventKind::Bound, Resource::new(session.clone())).await;
        Ok(Hold::new(self.clone(), session, 0, driver))
    }

    /// The full JID to bind, once a conflict is out of the way. The account's binding lock is held.
    async fn choose(
        self: &Arc<Self>,
        account: &Arc<Account>,
        resource: Option<String>,
    ) -> Result<Jid, BindError> {
        let make = |resource: &str| account.jid().with_resource(resource).map_err(|_| BindError::BadResource);
        let random = || make(&self.runtime().random.token(96));
        let Some(resource) = resource else { return random() };
        let jid = make(&resource)?;
        let Some(old) = jid.resource().and_then(|resource| account.state.lock().session(resource).cloned())
        else {
            return Ok(jid);
        };
        // Whoever waits to be resumed is not there: its owner is not locked out by it.
        let policy = match old.attachment() {
            Attachment::Attached => account.host().options().conflict,
            _ => Conflict::Replace,
        };
        match policy {
            Conflict::Refuse => Err(BindError::Conflict),
            Conflict::Rename => random(),
            Conflict::Replace => {
                old.close(StreamError::new(StreamCondition::Conflict).text("replaced by a new session"));
                self.end_locked(&old).await;
                Ok(jid)
            }
        }
    }

    /// The connection is lost and the session may be resumed: it waits (XEP-0198 section 5).
    pub(crate) async fn detach(self: &Arc<Self>, session: &Arc<Session>) {
        let seconds = session.host().options().limits.resume_seconds.get().map_or(0, NonZeroU64::get);
        let until_us = self
            .now_us()
            .saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000));
        {
            let mut state = session.state.lock();
            if state.attachment != Attachment::Attached {
                return;
            }
            session.set_attachment(&mut state, Attachment::Detached { until_us });
        }
        self.sessions.detach(session.clone());
        self.publish_plain_event(SessionEventKind::Detached, Resource::new(session.clone())).await;
        if let Some(oldest) = too_many_waiting(session.account()) {
            self.give_up(&oldest).await;
        }
    }

    /// Ends a session, on whatever way it comes to that: `unavailable` is told, and what its client had not
    /// received goes elsewhere (RFC 6121 section 8: other resource, offline store, or bounce). Once only. Once begun it
    /// comes to its end, also if nobody waits for it any more.
    pub async fn end(self: &Arc<Self>, resource: &Resource) {
        self.end_if(resource.session(), |_| true).await;
    }

    /// The time to resume the session is up, or its end was asked for. It may have been resumed since that was seen.
    pub(crate) async fn give_up(self: &Arc<Self>, session: &Arc<Session>) {
        self.end_if(session, |session| session.attachment() != Attachment::Attached).await;
    }

    /// Ends a session that nobody has taken over since this attachment.
    pub(crate) async fn end_untaken(self: &Arc<Self>, session: &Arc<Session>, epoch: u32) {
        if session.epoch.load(Ordering::Acquire) == epoch {
            self.end_if(session, |_| true).await;
        }
    }

    /// Ends a session if `test` holds once nobody else binds, resumes or ends it.
    async fn end_if(self: &Arc<Self>, session: &Arc<Session>, test: fn(&Session) -> bool) {
        let (kernel, session) = (self.clone(), session.clone());
        let ended = self.runtime().tasks.spawn("end", async move {
            let _serial = session.account().binding.lock().await;
            if test(&session) {
                kernel.end_locked(&session).await;
            }
        });
        if ended.await.is_err() {
            tracing::error!("session cleanup interrupted");
        }
    }

    async fn end_locked(self: &Arc<Self>, session: &Arc<Session>) {
        let account = session.account();
        let job = {
            let mut state = account.state.lock();
            let before = state.sessions.len();
            state.sessions.retain(|other| !Arc::ptr_eq(other, session));
            if state.sessions.len() == before {
                return;
            }
            let undelivered = self.left_by(session, &state);
            self.shut_for(session, &mut state, undelivered)
        };
        {
            let mut state = session.state.lock();
            session.set_attachment(&mut state, Attachment::Closed);
            if let Some(token) = state.token.take() {
                self.resumable.lock().remove(&token);
            }
        }
        self.sessions.remove(session.id());
        if session
            .mailbox
            .ending()
            .is_some_and(|error| error.condition == StreamCondition::ResourceConstraint)
        {
            self.counters().slow_readers.inc();
        }
        match job {
            None => {}
            // Nobody is there to wait for: they are stored or bounced before anybody binds.
            Some(job) if !account.is_available() => {
                job().await;
                self.open_gate(account).await;
            }
            Some(job) => self.run_gate(account, job),
        }
        self.publish_plain_event(SessionEventKind::Closed, Resource::new(session.clone())).await;
        session.set_presence(None);
    }

    /// What the session had not received. Stored messages that were still being read back are read by another session, or
    /// stay stored; what was left over follows them there.
    fn left_by(&self, session: &Arc<Session>, state: &State) -> VecDeque<Item> {
        let Left { mut items, unread } = session.mailbox.close();
        if unread {
            items.retain(|item| match &item.receipt {
                None => true,
                Some(receipt) => {
                    if !item.is_elsewhere() {
                        receipt.returned();
                    }
                    false
                }
            });
            session.state.lock().successor = state.successor();
        }
        items
    }

    /// Shuts the gate for what a session had not received: later stanzas queue behind it, so that a sender's order holds.
    /// The job is to be run now; there is none for nothing, and none if one that runs already takes it over.
    pub(crate) fn shut_for(
        self: &Arc<Self>,
        session: &Arc<Session>,
        state: &mut State,
        items: VecDeque<Item>,
    ) -> Option<Job> {
        if items.is_empty() {
            return None;
        }
        state.gate.shut_for(self.redelivery(session, items))
    }

    /// Delivers again what a session had not received, in order.
    fn redelivery(self: &Arc<Self>, session: &Arc<Session>, items: VecDeque<Item>) -> Job {
        let (kernel, session) = (self.clone(), session.clone());
        Box::new(move || {
            Box::pin(async move {
                for item in items {
                    kernel.redeliver_item(&session, item).await;
                }
            })
        })
    }

    /// What a session had not received. Presence, answers, pushes and copies were for that session alone; a message that
    /// another session got as well is not sent anew.
    async fn redeliver_item(self: &Arc<Self>, session: &Arc<Session>, mut item: Item) {
        if item.alone || item.stanza.kind() == xmpp::Kind::Presence || item.is_elsewhere() {
            return;
        }
        item.copies = None;
        if item.stanza.kind() == xmpp::Kind::Message {
            item.stamp(session.host().jid());
        }
        self.redeliver(session, item).await;
    }
}

/// The session that has waited longest to be resumed, if more of the account wait than may.
fn too_many_waiting(account: &Account) -> Option<Arc<Session>> {
    let limit = account.host().options().limits.waiting_sessions_per_account.bound();
    let state = account.state.lock();
    let waiting = state.sessions.iter().filter_map(|session| match session.attachment() {
        Attachment::Detached { until_us } => Some((until_us, session)),
        Attachment::Attached | Attachment::Closed => None,
    });
    let all: Vec<_> = waiting.collect();
    let oldest = all.iter().min_by_key(|(until_us, _)| *until_us).map(|(_, session)| (*session).clone());
    oldest.filter(|_| all.len() > limit)
}
