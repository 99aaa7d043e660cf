//! All streams between servers, and the link that they are to the kernel.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use auth::DialbackKeys;
use hashbrown::HashMap;
use kernel::{Destination, Host, Kernel, Link, LinkKind, Packet, Refused};
use net::{Connections, TlsStore};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use xmpp::{Jid, StanzaError, StreamCondition, StreamError};

use super::dialback::Between;
use super::figures::Facts;
use super::limits::S2sLimits;
use super::outgoing::{self, Failure};
use super::pair::Pair;
use super::policy::Policy;
use super::stream;
use super::traffic::ServerStream;
use crate::link::End;
use crate::pipe::Pipe;

/// How often is looked for what has waited too long, and for streams without traffic.
const LOOK: Duration = Duration::from_secs(1);

/// How long streams may take at shutdown to be sent what waits for them.
const LAST: Duration = Duration::from_secs(5);

/// How long a peer may take to acknowledge what it was sent.
const UNANSWERED: Duration = Duration::from_secs(60);

/// Proofs that are verified at once.
const VERIFYING: usize = 200;

pub struct S2sOptions {
    pub kernel: Arc<Kernel>,
    pub tls: TlsStore,
    pub connections: Arc<Connections>,
    /// Where other servers reach us.
    pub own: Vec<SocketAddr>,
    pub limits: S2sLimits,
}

type Pairs = HashMap<Between, Arc<Pair>>;

/// Streams to and from other servers.
pub struct S2s {
    kernel: Arc<Kernel>,
    tls: TlsStore,
    connections: Arc<Connections>,
    own: Vec<SocketAddr>,
    keys: DialbackKeys,
    limits: ArcSwap<S2sLimits>,
    /// What one stanza may have.
    stanza: ArcSwap<net::StreamLimits>,
    /// By the domain here.
    policies: ArcSwap<HashMap<Box<str>, Arc<Policy>>>,
    pairs: Mutex<Pairs>,
    pub(super) streams: Mutex<Vec<Weak<ServerStream>>>,
    pub(super) verifying: Semaphore,
    me: Weak<S2s>,
}

/// A domain here, as another server addresses it.
#[derive(Clone)]
pub(crate) struct LocalDomain {
    pub jid: Jid,
    /// The host that it is, or that it belongs to.
    pub home: Arc<Host>,
    pub policy: Arc<Policy>,
}

impl S2s {
    pub fn new(options: S2sOptions) -> Arc<Self> {
        let S2sOptions { kernel, tls, connections, own, limits } = options;
        let keys = DialbackKeys::new(&*kernel.runtime().random);
        Arc::new_cyclic(|me| Self {
            kernel,
            tls,
            connections,
            own,
            keys,
            limits: ArcSwap::from_pointee(limits),
            stanza: ArcSwap::default(),
            policies: ArcSwap::default(),
            pairs: Mutex::default(),
            streams: Mutex::default(),
            verifying: Semaphore::new(VERIFYING),
            me: me.clone(),
        })
    }

    /// Puts the policies of the domains here in force. Streams that a new one forbids end.
    pub fn put_in_force(
        &self,
        policies: HashMap<Box<str>, Arc<Policy>>,
        limits: S2sLimits,
        stanza: net::StreamLimits,
    ) {
        self.limits.store(Arc::new(limits));
        self.stanza.store(Arc::new(stanza));
        self.policies.store(Arc::new(policies));
        for stream in self.all_streams() {
            let carried = stream.carried();
            let carried = carried.iter().map(|pair| pair.between.clone());
            let proved = stream.proved().into_iter().map(|between| between.turned());
            let admits = |between: &Between| {
                self.local(&between.from).is_some_and(|local| local.policy.admits(between.to.domain()))
            };
            if !carried.chain(proved).all(|between| admits(&between)) {
                let error = StreamError::new(StreamCondition::PolicyViolation);
                stream.end(End::Error(error.text("this domain no longer exchanges stanzas with yours")));
            }
        }
    }

    pub(super) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    pub(super) fn tls(&self) -> &TlsStore {
        &self.tls
    }

    pub(super) fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    pub(super) fn keys(&self) -> &DialbackKeys {
        &self.keys
    }

    pub(super) fn limits(&self) -> Arc<S2sLimits> {
        self.limits.load_full()
    }

    /// The limits of what another server sends, on streams that are opened from now on.
    pub(super) fn stream_limits(&self) -> net::StreamLimits {
        self.limits.load().stream(**self.stanza.load())
    }

    pub(super) fn connect_seconds(&self) -> Duration {
        self.limits.load().s2s_connect_seconds.seconds()
    }

    /// Whether that is where other servers reach us.
    pub(super) fn is_own(&self, address: SocketAddr) -> bool {
        self.own.contains(&address)
    }

    pub(super) fn facts<P: Pipe>(&self, pipe: &P) -> Facts {
        Facts { address: pipe.about().address, tls: pipe.tls_version(), since_us: self.kernel.now_us() }
    }

    /// A domain here that exchanges stanzas with other servers.
    pub(super) fn local(&self, jid: &Jid) -> Option<LocalDomain> {
        let tables = self.kernel.tables();
        let home = match tables.destination(jid.domain())? {
            Destination::Host(host) => host.clone(),
            Destination::Service(service) => service.host().clone(),
            Destination::Link(link) => link.home(&self.kernel)?,
        };
        let policy = self.policies.load().get(home.name()).cloned()?;
        home.is_enabled().then(|| LocalDomain { jid: jid.domain_jid(), home, policy })
    }

    pub(super) fn pair(&self, between: &Between) -> Option<Arc<Pair>> {
        let mut pairs = self.pairs.lock();
        if let Some(pair) = pairs.get(between) {
            return Some(pair.clone());
        }
        if pairs.len() >= self.limits.load().s2s_pairs.bound() {
            return None;
        }
        let pair = Arc::new(Pair::new(between.from.clone(), between.to.clone()));
        pairs.insert(between.clone(), pair.clone());
        Some(pair)
    }

    pub(super) fn all_pairs(&self) -> Vec<Arc<Pair>> {
        self.pairs.lock().values().cloned().collect()
    }

    pub(super) fn all_streams(&self) -> Vec<Arc<ServerStream>> {
        let mut streams = self.streams.lock();
        streams.retain(|stream| stream.strong_count() > 0);
        streams.iter().filter_map(Weak::upgrade).collect()
    }

    /// Opens a stream for a pair that has something to send.
    pub(super) fn open(self: &Arc<Self>, pair: Arc<Pair>) {
        if let Some(stream) = self.stream_for(&pair.between)
            && stream.carry(pair.clone())
        {
            return;
        }
        let (s2s, tasks) = (self.clone(), self.kernel.runtime().tasks.clone());
        match self.stream_to_share(&pair.between) {
            Some(stream) => drop(tasks.spawn("s2s share", s2s.share(stream, pair))),
            None => drop(tasks.spawn("s2s out", async move { s2s.open_own(pair).await })),
        }
    }

    /// A stream that the other side has opened, and on which it takes stanzas of this pair (XEP-0288).
    fn stream_for(&self, between: &Between) -> Option<Arc<ServerStream>> {
        let turned = between.turned();
        self.all_streams()
            .into_iter()
            .find(|stream| !stream.is_ours && stream.is_both_ways() && stream.has_proved(&turned))
    }

    /// Opens a stream for this pair, and serves it to its end.
    pub(super) async fn open_own(self: Arc<Self>, pair: Arc<Pair>) {
        match Box::pin(self.try_open(&pair, &mut |_| {})).await {
            Ok(accepted) => stream::run_ours(self, pair, accepted).await,
            Err(failure) => {
                let (local, remote) = (&pair.between.from, &pair.between.to);
                tracing::info!(%local, %remote, %failure, "no stream to another server");
                self.fail(&pair, &failure.error()).await;
            }
        }
    }

    /// Opens a stream for a pair, and proves what we are.
    pub(super) async fn try_open(
        self: &Arc<Self>,
        pair: &Pair,
        tell: &mut (dyn FnMut(String) + Send),
    ) -> Result<outgoing::Accepted, Failure> {
        let between = &pair.between;
        let Some(local) = self.local(&between.from) else {
            return Err(Failure::NotAuthenticated(format!("{} is not served any more", between.from)));
        };
        let reached = outgoing::reach(self, &local.policy, &local.home, between, tell).await?;
        outgoing::accepted(self, &local.policy, between, reached, tell).await
    }

    pub(super) async fn fail(&self, pair: &Pair, error: &StanzaError) {
        let mut random = [0; 4];
        self.kernel.runtime().random.fill(&mut random);
        let spread = f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX);
        let left = pair.failed(error, Instant::now(), spread);
        self.kernel.bounce_parked(left, error).await;
    }

    /// Starts what goes on beside the streams.
    pub fn start(self: &Arc<Self>) {
        self.kernel.runtime().tasks.spawn("s2s", self.clone().look());
    }

    async fn look(self: Arc<Self>) {
        while self.kernel.runtime().tasks.pause(LOOK).await {
            self.tidy().await;
        }
    }

    async fn tidy(&self) {
        let now = Instant::now();
        let late = StanzaError::remote_server_timeout().text("the other server has not taken this in time");
        for pair in self.all_pairs() {
            let time = self.local(&pair.between.from).map(|local| local.policy.limits.bounds().time);
            let due = pair.take_due(time.unwrap_or(Duration::ZERO), now);
            self.kernel.bounce_parked(due, &late).await;
        }
        self.pairs.lock().retain(|_, pair| Arc::strong_count(pair) > 1 || !pair.is_idle(now));
        let idle = self.limits.load().s2s_idle_seconds.get();
        let idle = idle.map_or(Duration::MAX, |seconds| Duration::from_secs(seconds.get()));
        for stream in self.all_streams() {
            if stream.unanswered_since().is_some_and(|since| since + UNANSWERED <= now) {
                let error = StreamError::new(StreamCondition::ConnectionTimeout);
                stream.end(End::Error(error.text("you have acknowledged nothing")));
            } else if stream.useless_since().is_some_and(|since| since + self.connect_seconds() <= now) {
                let error = StreamError::new(StreamCondition::ConnectionTimeout);
                stream.end(End::Error(error.text("authentication timed out")));
            } else if stream.quiet_since().is_some_and(|since| now.duration_since(since) >= idle) {
                stream.end(End::Closed);
            }
        }
    }

    /// Ends all streams, once what waits for them is sent. At shutdown, after the sessions have ended: contacts elsewhere hear
    /// of that.
    pub async fn close(&self) {
        let error = StreamError::new(StreamCondition::SystemShutdown).text("the server is shutting down");
        let deadline = Instant::now() + LAST;
        self.all_streams().iter().for_each(|stream| stream.end(End::Error(error.clone())));
        while Instant::now() < deadline && !self.all_streams().is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn me(&self) -> Option<Arc<Self>> {
        self.me.upgrade()
    }
}

impl Link for S2s {
    fn name(&self) -> &str {
        "s2s"
    }

    fn kind(&self) -> LinkKind {
        LinkKind::Server
    }

    fn send(&self, _kernel: &Arc<Kernel>, packet: Box<Packet>) -> Result<(), Refused> {
        let addresses = packet.stanza.from().zip(packet.stanza.to());
        let Some(between) =
            addresses.map(|(from, to)| Between { from: from.domain_jid(), to: to.domain_jid() })
        else {
            return Err(Refused { packet, error: StanzaError::bad_request() });
        };
        let Some(local) = self.local(&between.from) else {
            return Err(Refused { packet, error: StanzaError::remote_server_not_found() });
        };
        if !local.policy.admits(between.to.domain()) {
            let text = format!("{} exchanges nothing with {}", between.from, between.to);
            return Err(Refused { packet, error: StanzaError::not_allowed().text(text) });
        }
        let Some(pair) = self.pair(&between) else {
            let error = StanzaError::resource_constraint().text("there are too many other servers");
            return Err(Refused { packet, error });
        };
        let now = Instant::now();
        if let Err(error) = pair.offer(local.policy.limits.bounds(), now) {
            return Err(Refused { packet, error });
        }
        if pair.push(packet.park(), now)
            && let Some(s2s) = self.me()
        {
            s2s.open(pair);
        }
        Ok(())
    }
}
