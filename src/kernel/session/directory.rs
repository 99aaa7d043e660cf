//! All sessions of this server, and the jobs that maintain them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use xmpp::{StreamCondition, StreamError};

use crate::session::Session;
use crate::session::asking;
use crate::{Attachment, Kernel, Resource, SessionAbout};

const SHARDS: usize = 16;
/// How often detached sessions are checked.
const TICK: Duration = Duration::from_secs(1);
/// How long a session may take to read its last answers before it is closed.
const PARTING: Duration = Duration::from_secs(5);

/// Sessions by id.
#[derive(Default)]
pub(crate) struct Sessions {
    shards: [Mutex<HashMap<u64, Arc<Session>>>; SHARDS],
    next: AtomicU64,
    /// Those without a connection; checked once a second.
    detached: Mutex<HashMap<u64, Arc<Session>>>,
}

/// A session as `castling session list` shows it.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    /// Its id in this process.
    pub id: u64,
    /// Its full JID.
    pub jid: xmpp::Jid,
    /// Its connection, current or last.
    pub about: SessionAbout,
    /// When it was bound, UTC microseconds.
    pub since_us: i64,
    /// Attached, detached or closed.
    pub attachment: Attachment,
    /// Presence priority; `None` while not available.
    pub priority: Option<i8>,
}

impl Sessions {
    pub fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn shard(&self, id: u64) -> &Mutex<HashMap<u64, Arc<Session>>> {
        &self.shards[id as usize % SHARDS]
    }

    pub fn get(&self, id: u64) -> Option<Arc<Session>> {
        self.shard(id).lock().get(&id).cloned()
    }

    pub fn insert(&self, session: Arc<Session>) {
        self.shard(session.id()).lock().insert(session.id(), session);
    }

    pub fn remove(&self, id: u64) {
        self.shard(id).lock().remove(&id);
    }

    pub fn all(&self) -> Vec<Arc<Session>> {
        let mut all = Vec::new();
        self.each(|session| all.push(session.clone()));
        all
    }

    /// Calls `run` with each session. It must be quick: binds and ends of a part of the sessions wait for it.
    fn each(&self, mut run: impl FnMut(&Arc<Session>)) {
        self.shards.iter().for_each(|shard| shard.lock().values().for_each(&mut run));
    }

    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    pub fn detach(&self, session: Arc<Session>) {
        self.detached.lock().insert(session.id(), session);
    }

    /// Sessions whose time is up or whose end was requested; forgets those that were resumed or have ended.
    fn due(&self, now: Duration) -> Vec<Arc<Session>> {
        let mut due = Vec::new();
        self.detached.lock().retain(|_, session| match session.attachment() {
            Attachment::Detached { until } if until <= now || session.mailbox.ending().is_some() => {
                due.push(session.clone());
                false
            }
            Attachment::Detached { .. } => true,
            Attachment::Attached | Attachment::Closed => false,
        });
        due
    }
}

impl Kernel {
    /// For how long a client may be silent that was asked for an acknowledgement; `None`: for ever.
    pub fn set_peer_limit(&self, limit: Option<Duration>) {
        self.peer_limit.store(limit.map_or(0, asking::seconds), Ordering::Relaxed);
    }

    /// Wakes the connections whose clients have vanished.
    fn give_up_silent(&self) {
        let limit = self.peer_limit.load(Ordering::Relaxed);
        if limit == 0 {
            return;
        }
        let now = asking::seconds(self.runtime().clock.monotonic());
        self.sessions.each(|session| {
            if session.asking.judge(now, limit) {
                session.mailbox.nudge();
            }
        });
    }

    /// The resource whose session has this id.
    pub fn resource(&self, id: u64) -> Option<Resource> {
        self.sessions.get(id).map(Resource::new)
    }

    /// The number of sessions, attached or detached.
    pub fn session_count(&self) -> usize {
        self.sessions.count()
    }

    /// All sessions, sorted by JID.
    pub fn session_list(&self) -> Vec<SessionInfo> {
        let mut list: Vec<_> = self
            .sessions
            .all()
            .iter()
            .map(|session| SessionInfo {
                id: session.id(),
                jid: session.jid().clone(),
                about: session.about(),
                since_us: session.since_us(),
                attachment: session.attachment(),
                priority: session.priority(),
            })
            .collect();
        list.sort_by(|a, b| a.jid.cmp(&b.jid));
        list
    }

    /// Ends a session from outside: closes its stream with this error, or ends it at once if it is detached.
    pub async fn kick(self: &Arc<Self>, resource: &Resource, error: StreamError) {
        resource.close(error);
        self.end(resource).await;
    }

    /// Ends a session once its client's requests are answered: the client reads the answer, then its stream
    /// is closed with this error. Does not wait for that.
    pub fn part(self: &Arc<Self>, resource: &Resource, error: StreamError) {
        let (kernel, resource) = (self.clone(), resource.clone());
        self.runtime().tasks.spawn("part", async move {
            let session = resource.session();
            let parted = async {
                session.intake.quiet().await;
                session.close(error.clone());
                session.mailbox.closed().await;
            };
            if tokio::time::timeout(PARTING, parted).await.is_err() {
                session.close(error.clone());
            }
            kernel.end(&resource).await;
        });
    }

    /// Shutdown: closes every session with `system-shutdown`, stores what they had not received, and waits
    /// for the writes in flight.
    pub async fn shut_down(self: &Arc<Self>) {
        for host in self.hosts() {
            host.set_enabled(false);
        }
        for session in self.sessions.all() {
            let error = StreamError::new(StreamCondition::SystemShutdown).text("the server is shutting down");
            self.kick(&Resource::new(session), error).await;
        }
        for account in self.hosts().iter().flat_map(|host| host.accounts.all()) {
            crate::delivery::gate::quiet(&account).await;
        }
    }
}

/// The kernel's own jobs, until shutdown begins.
pub(crate) async fn jobs(kernel: Arc<Kernel>) {
    let mut ticks = 0u64;
    while kernel.runtime().tasks.pause(TICK).await {
        ticks += 1;
        for session in kernel.sessions.due(kernel.runtime().clock.monotonic()) {
            let kernel = kernel.clone();
            // An account whose sessions take long to end must not delay the others.
            kernel.clone().runtime().tasks.spawn("give up", async move { kernel.give_up(&session).await });
        }
        kernel.give_up_silent();
        if ticks.is_multiple_of(60) {
            kernel.forget_idle_accounts();
        }
        kernel.run_jobs(ticks);
    }
}
