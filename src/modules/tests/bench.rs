//! A kernel with two domains and all features, and clients that are only sessions.

use std::sync::Arc;
use std::time::Duration;

use auth::{Chain, Decoys, Hash, Hashing, Internal, Provider};
use kernel::{
    BindRequest, Brand, Conflict, DomainLimits, Hold, HostOptions, Kernel, KernelOptions, Module, Resource,
    Served, SessionAbout, Taken, Transport,
};
use runtime::{ManualClock, Runtime, SystemRandom};
use serde_json::{Value, json};
use settings::{Group, Values};
use storage::{Options, Store};
use xmpp::{Jid, Stanza};

use crate::catalog;

/// Noon of a day in November.
pub const NOW_US: i64 = 1_795_521_600_000_000;

/// The time limit for anything a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Bench {
    pub kernel: Arc<Kernel>,
    pub clock: Arc<ManualClock>,
    dir: tempfile::TempDir,
}

impl Bench {
    /// anna, bert and carl on chess.example, and another anna on wuchess.example.
    pub async fn new() -> Self {
        Self::with(json!({}), DomainLimits::default()).await
    }

    /// The same with these options of the offline store and these limits.
    pub async fn with(offline: Value, limits: DomainLimits) -> Self {
        Self::with_modules(json!({ "offline": offline }), limits).await
    }

    /// The same with these feature options, by feature name.
    pub async fn with_modules(options: Value, limits: DomainLimits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(NOW_US));
        let runtime = Runtime::new(clock.clone(), Arc::new(SystemRandom));
        let store = Store::open(Options::new("sqlite:castling.db", dir.path()), &runtime).await.unwrap();
        for (domain, local) in [
            ("chess.example", "anna"),
            ("chess.example", "bert"),
            ("chess.example", "carl"),
            ("wuchess.example", "anna"),
        ] {
            store.accounts().create(domain, local, &[], NOW_US).await.unwrap();
        }
        let kernel = serve(KernelOptions { runtime, store }, &options, limits).await;
        Self { kernel, clock, dir }
    }

    /// The same store under a new kernel, as after a restart, without sessions.
    pub async fn restarted(self) -> Self {
        self.kernel.store().close().await.unwrap();
        let runtime = Runtime::new(self.clock.clone(), Arc::new(SystemRandom));
        let store = Store::open(Options::new("sqlite:castling.db", self.dir.path()), &runtime).await.unwrap();
        let kernel = serve(KernelOptions { runtime, store }, &json!({}), DomainLimits::default()).await;
        Self { kernel, ..self }
    }

    /// Serves chess.example with these modules in front of the server's own, all built anew.
    pub async fn try_serve(&self, mut extra: Vec<Arc<dyn Module>>) -> Result<bool, Taken> {
        extra.extend(modules(&json!({})));
        let domains = vec![served(host_options("chess.example", DomainLimits::default()), extra)];
        Ok(self.kernel.serve(domains).await?.gone().await)
    }

    /// Serves chess.example with accounts that have passwords.
    pub async fn serve_passwords(&self) {
        self.serve_passwords_behind(Vec::new()).await;
    }

    /// The same behind other providers.
    pub async fn serve_passwords_behind(&self, mut providers: Vec<Arc<dyn Provider>>) {
        let decoys = Decoys::new(vec![0; 32], 4096);
        let hashing =
            Hashing { hashes: vec![Hash::Sha256], iterations: 4096, at_once: std::num::NonZeroUsize::MIN };
        let random = Arc::new(SystemRandom);
        let internal = Internal::new(self.kernel.store().clone(), random, decoys.clone(), hashing);
        providers.push(Arc::new(internal));
        self.serve_accounts_of(Chain::new(providers, decoys), Vec::new()).await;
    }

    /// Serves chess.example with these administrators, and these modules in front of the server's own.
    pub async fn serve_admins(&self, admins: &[&str], mut extra: Vec<Arc<dyn Module>>) {
        let admins = admins.iter().map(|jid| Jid::parse(jid).unwrap()).collect();
        let options = HostOptions { admins, ..host_options("chess.example", DomainLimits::default()) };
        extra.extend(modules(&json!({})));
        assert!(self.kernel.serve(vec![served(options, extra)]).await.unwrap().gone().await);
    }

    /// Serves chess.example with the accounts of these providers, and these modules in front of the server's
    /// own.
    pub async fn serve_accounts_of(&self, auth: Chain, mut extra: Vec<Arc<dyn Module>>) {
        let options = HostOptions { auth, ..host_options("chess.example", DomainLimits::default()) };
        extra.extend(modules(&json!({})));
        assert!(self.kernel.serve(vec![served(options, extra)]).await.unwrap().gone().await);
    }

    /// The same, which must succeed.
    pub async fn serve(&self, extra: Vec<Arc<dyn Module>>) {
        assert!(self.try_serve(extra).await.unwrap());
    }

    /// A client that has bound its resource and sent nothing yet.
    pub async fn bind(&self, jid: &str) -> Client {
        let jid = Jid::parse(jid).unwrap();
        let host = self.kernel.host(jid.domain()).unwrap();
        let account = self.kernel.account(&host, jid.local().unwrap()).await.unwrap().unwrap();
        let about =
            SessionAbout { transport: Transport::Tcp, tls: true, address: "127.0.0.1:1".parse().unwrap() };
        let resource = jid.resource().map(str::to_owned);
        let hold =
            self.kernel.bind(BindRequest { account, resource, about, login: None }).await.ok().unwrap();
        Client { hold }
    }

    /// A client that has requested its roster and is available; what it received by then is discarded.
    pub async fn online(&self, jid: &str) -> Client {
        let client = self.bind(jid).await;
        client.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>").await;
        client.send("<presence/>").await;
        client.settled().await;
        client
    }

    /// Two clients that see each other's presence, with empty mailboxes.
    pub async fn friends(&self, one: &str, other: &str) -> (Client, Client) {
        let (a, b) = (self.online(one).await, self.online(other).await);
        for (a, b) in [(&a, &b), (&b, &a)] {
            a.send(&format!("<presence type='subscribe' to='{}'/>", b.bare())).await;
            b.send(&format!("<presence type='subscribed' to='{}'/>", a.bare())).await;
        }
        a.settled().await;
        b.settled().await;
        (a, b)
    }

    /// So many accounts `c0`, `c1`, …, which are online and see the client's presence.
    pub async fn watchers(&self, of: &Client, count: usize) -> Vec<Client> {
        let mut watchers = Vec::new();
        for number in 0..count {
            let name = format!("c{number}");
            self.kernel.store().accounts().create("chess.example", &name, &[], 0).await.unwrap();
            let watcher = self.online(&format!("{name}@chess.example/r")).await;
            watcher.send(&format!("<presence type='subscribe' to='{}'/>", of.bare())).await;
            of.send(&format!("<presence type='subscribed' to='{}'/>", watcher.bare())).await;
            watcher.received();
            watchers.push(watcher);
        }
        of.received();
        watchers
    }

    /// How many statements the store has run.
    pub fn statements(&self) -> u64 {
        self.kernel.store().statement_counts().iter().map(|stat| stat.calls).sum()
    }

    /// Waits until the store has `count` messages for an account.
    pub async fn kept(&self, jid: &str, count: u64) {
        let jid = Jid::parse(jid).unwrap();
        let store = self.kernel.store();
        let id = store.accounts().lookup(jid.domain(), jid.local().unwrap()).await.unwrap().unwrap().id;
        let reached = async {
            while store.offline().count(id).await.unwrap() != count {
                tokio::task::yield_now().await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, reached).await.is_ok(), "{jid}: not {count} messages kept");
    }
}

/// The limits of a domain with these settings.
pub fn limits(set: Value) -> DomainLimits {
    DomainLimits::read(&Values::from(set.as_object().unwrap().clone()))
}

fn served(options: HostOptions, modules: Vec<Arc<dyn Module>>) -> Served {
    Served { jid: Jid::domain_only("chess.example").unwrap(), options: options.into(), modules }
}

fn host_options(name: &str, limits: DomainLimits) -> HostOptions {
    HostOptions {
        limits,
        conflict: Conflict::Replace,
        auth: Chain::new(Vec::new(), Decoys::new(vec![0; 32], 4096)),
        brand: Brand { title: name.trim_end_matches(".example").to_owned(), color: String::new() },
        web: kernel::Web::default(),
        admins: Vec::new(),
    }
}

async fn serve(of: KernelOptions, options: &Value, limits: DomainLimits) -> Arc<Kernel> {
    let kernel = Kernel::new(of);
    let domains = ["chess.example", "wuchess.example"].map(|name| Served {
        jid: Jid::domain_only(name).unwrap(),
        options: host_options(name, limits.clone()).into(),
        modules: modules(options),
    });
    assert!(kernel.serve(domains.into()).await.unwrap().gone().await);
    kernel
}

fn modules(options: &Value) -> Vec<Arc<dyn Module>> {
    let of = |name: &str| options.get(name).cloned().unwrap_or_else(|| json!({}));
    catalog().iter().map(|entry| (entry.build)(&of(entry.name)).unwrap()).collect()
}

pub struct Client {
    hold: Hold,
}

impl Client {
    pub fn hold(&self) -> &Hold {
        &self.hold
    }

    pub fn resource(&self) -> &Resource {
        self.hold.resource()
    }

    pub fn bare(&self) -> Jid {
        self.resource().jid().bare()
    }

    /// Sends a stanza as its stream would, and waits until its fate is decided, commits included.
    pub async fn send(&self, xml: &str) {
        let stanza = Stanza::parse_str(xml).unwrap().with_from(self.resource().jid().clone());
        self.hold.process(stanza).await;
        self.hold.settled(self.hold.read()).await;
    }

    /// Sends a stanza and waits only until the session reads on.
    pub async fn read(&self, xml: &str) {
        let stanza = Stanza::parse_str(xml).unwrap().with_from(self.resource().jid().clone());
        self.hold.process(stanza).await;
    }

    /// Takes what is in the mailbox, as if it were written to a socket.
    pub fn received(&self) -> Vec<String> {
        let mut written = Vec::new();
        let batch = self.hold().gather(usize::MAX, |stanza| {
            let xml = stanza.to_string();
            written.push(match stanza.payload() {
                Some(_) => xml,
                None => xml.replace("></presence>", "/>").replace("></iq>", "/>"),
            });
            1
        });
        batch.receipts.iter().for_each(|receipt| receipt.delivered());
        written
    }

    /// Waits for `count` stanzas.
    pub async fn receives(&self, count: usize) -> Vec<String> {
        let mut all = self.received();
        let more = async {
            while all.len() < count {
                self.hold().woken().await;
                all.extend(self.received());
            }
        };
        let done = tokio::time::timeout(PATIENCE, more).await;
        assert!(done.is_ok(), "{} got {} of {count}: {all:#?}", self.resource().jid(), all.len());
        all
    }

    /// Waits until the account's stored messages have been read back. Returns what was received by then.
    pub async fn settled(&self) -> Vec<String> {
        let to = self.resource().jid();
        self.send(&format!("<message type='headline' id='barrier' to='{to}'><body>x</body></message>")).await;
        let mut all = self.received();
        while !all.last().is_some_and(|stanza| stanza.contains("id='barrier'")) {
            all.extend(self.receives(1).await);
        }
        all.pop();
        all
    }

    /// The only stanza in the mailbox.
    pub fn one(&self) -> String {
        let mut all = self.received();
        assert_eq!(all.len(), 1, "{}: {all:#?}", self.resource().jid());
        all.remove(0)
    }

    /// Sends a request and returns the only answer.
    pub async fn ask(&self, xml: &str) -> String {
        self.send(xml).await;
        self.one()
    }

    /// Loses its connection.
    pub async fn drop_connection(self) {
        self.hold.end().await;
        assert!(self.resource().is_closed());
    }
}

/// The text without the account's id in roster versions, which a test cannot know.
pub fn plain(xml: &str) -> String {
    match xml.split_once(" ver='") {
        Some((before, rest)) => {
            let (_, after) = rest.split_once('\'').unwrap();
            format!("{before}{after}")
        }
        None => xml.to_owned(),
    }
}
