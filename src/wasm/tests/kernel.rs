//! Plugins in a kernel without other modules: hooks, swaps, what is kept and what is dropped.

use std::sync::Arc;
use std::time::Duration;

use ::kernel::{
    BindRequest, Brand, Conflict, DomainLimits, Hold, HostOptions, Kernel, KernelOptions, Module, Served,
    SessionAbout, Transport,
};
use auth::{Chain, Decoys};
use runtime::{ManualClock, Runtime, SystemRandom};
use serde_json::json;
use storage::{Options, Store};
use tempfile::TempDir;
use xmpp::{Jid, Stanza, StreamCondition};

use super::guest::{ANSWER, Guest};
use super::kit::built;
use crate::{DeployOptions, Deployment, DomainSettings, Occasion, Platform, PlatformOptions};

const DOMAIN: &str = "chess.example";

struct Bench {
    kernel: Arc<Kernel>,
    platform: Arc<Platform>,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::new(1_700_000_000_000_000));
        let runtime = Runtime::new(clock.clone(), Arc::new(SystemRandom));
        let store = Store::open(Options::new("sqlite:test.db", folder.path()), &runtime).await.unwrap();
        for local in ["anna", "bert"] {
            store.accounts().create(DOMAIN, local, &[], 0).await.unwrap();
        }
        let kernel = Kernel::new(KernelOptions { runtime: runtime.clone(), store });
        let platform = Platform::new(PlatformOptions::new(folder.path(), runtime)).unwrap();
        Self { kernel, platform, clock, folder }
    }

    async fn serve(&self, modules: Vec<Arc<dyn Module>>) {
        let present = self.kernel.host(DOMAIN).map(|host| host.options());
        let options = present.unwrap_or_else(|| {
            Arc::new(HostOptions {
                limits: DomainLimits::default(),
                conflict: Conflict::Replace,
                auth: Chain::new(Vec::new(), Decoys::new(vec![0; 32], 4096)),
                brand: Brand::default(),
                web: kernel::Web::default(),
                admins: Vec::new(),
            })
        });
        let served = Served { jid: Jid::domain_only(DOMAIN).unwrap(), options, modules };
        assert!(self.kernel.serve(vec![served]).await.unwrap().gone().await, "nothing holds the old tables");
    }

    async fn bind(&self, local: &str) -> Hold {
        let host = self.kernel.host(DOMAIN).unwrap();
        let account = self.kernel.account(&host, local).await.unwrap().unwrap();
        let address = "127.0.0.1:1".parse().unwrap();
        let about = SessionAbout { transport: Transport::Tcp, tls: true, address };
        self.kernel
            .bind(BindRequest { account, resource: Some("x".into()), about, login: None })
            .await
            .ok()
            .unwrap()
    }

    async fn send(&self, from: &Hold, xml: &str) {
        let stanza = Stanza::parse_str(xml).unwrap().with_from(from.jid().clone());
        from.process(stanza).await;
    }

    fn deploy(&self, name: &str, file: &std::path::Path, grants: &[&str]) -> Arc<Deployment> {
        let plugin = self.platform.load(name, file).unwrap();
        let options = DeployOptions {
            domains: vec![DomainSettings { domain: DOMAIN.into(), ..Default::default() }],
            grants: grants.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        self.platform.deploy(&plugin, &options, Occasion::Start).unwrap()
    }
}

/// Takes what waits in a session's mailbox.
fn received(hold: &Hold) -> Vec<String> {
    let mut all = Vec::new();
    hold.gather(usize::MAX, |stanza| {
        all.push(stanza.to_string());
        1
    });
    all
}

#[tokio::test]
async fn sunshine_closes_a_session_and_what_it_kept_goes_with_it() {
    let bench = Bench::new().await;
    let sunshine = bench.deploy("sunshine", &built("sunshine"), &["sessions.close"]);
    bench.serve(vec![sunshine.module()]).await;
    let anna = bench.bind("anna").await;
    for _ in 0..10 {
        bench.clock.advance(Duration::from_secs(1));
        bench.send(&anna, "<presence/>").await;
    }
    assert_eq!(anna.ending(), None);
    assert_eq!(bench.platform.stats_of("sunshine").sessions, 1);

    drop(sunshine);
    bench.serve(Vec::new()).await;
    assert!(bench.platform.loaded().is_empty(), "unloaded");
    bench.send(&anna, "<presence/>").await;
    assert_eq!(anna.ending(), None, "nobody counts");

    let again = bench.deploy("sunshine", &built("sunshine"), &["sessions.close"]);
    bench.serve(vec![again.module()]).await;
    bench.send(&anna, "<presence/>").await;
    let error = anna.ending().unwrap();
    assert_eq!(error.condition, StreamCondition::PolicyViolation);
    assert_eq!(error.text.as_deref(), Some("Too many repeated presences"));
    let dropped = bench.kernel.counters().dropped_by("sunshine");
    assert_eq!(dropped, 1, "the stanza is swallowed, under the plugin's name");

    anna.end().await;
    drop(anna);
    assert_eq!(bench.platform.stats_of("sunshine").sessions, 0);
}

#[tokio::test]
async fn offline_filter_swallows_what_nobody_is_online_for() {
    let bench = Bench::new().await;
    let plugin = bench.platform.load("offline-filter", &built("offline-filter")).unwrap();
    let config = json!({ "drop": [{ "from": "anna@chess.example", "ns": "urn:example:move" }] });
    let options = DeployOptions {
        config: config.as_object().unwrap().clone(),
        domains: vec![DomainSettings { domain: DOMAIN.into(), ..Default::default() }],
        ..Default::default()
    };
    let filter = bench.platform.deploy(&plugin, &options, Occasion::Start).unwrap();
    bench.serve(vec![filter.module()]).await;
    let anna = bench.bind("anna").await;
    let to_bert = |inner: &str| format!("<message to='bert@{DOMAIN}' type='chat' id='m'>{inner}</message>");
    bench.send(&anna, &to_bert("<body>e4</body><move xmlns='urn:example:move'/>")).await;
    assert_eq!(received(&anna), [""; 0], "no bounce");
    bench.send(&anna, &to_bert("<body>hi</body>")).await;
    assert_eq!(received(&anna).len(), 1, "nobody stores here, so the other one comes back");
    let stats = bench.platform.stats_of("offline-filter");
    assert_eq!((stats.hooks[0].verdicts["discard"], stats.hooks[0].verdicts["keep"]), (1, 1));
    assert_eq!(bench.kernel.counters().dropped_by("offline-filter"), 1);
}

#[tokio::test]
async fn after_a_swap_only_the_new_version_judges() {
    let bench = Bench::new().await;
    // verdicts: pass, and drop for messages
    let drop_messages = "(i32.store8 (i32.const 1024) (i32.eqz (local.get 0))) (i32.const 1024)";
    let versions = [ANSWER, drop_messages].map(|filter| Guest::filter(filter).build());
    let (anna, bert);
    bench.serve(Vec::new()).await;
    (anna, bert) = (bench.bind("anna").await, bench.bind("bert").await);
    for round in 0..20 {
        let file = bench.folder.path().join("guest.wasm");
        std::fs::write(&file, &versions[round % 2]).unwrap();
        let deployment = bench.deploy("guest", &file, &[]);
        bench.serve(vec![deployment.module()]).await;
        bench.send(&anna, &format!("<message to='{}'><body>{round}</body></message>", bert.jid())).await;
        assert_eq!(received(&bert).len(), 1 - round % 2, "{round}");
    }
    assert_eq!(bench.platform.loaded().len(), 1);
    assert_eq!(bench.platform.stats_of("guest").hooks[0].calls, 20);
}

/// What nobody has changed is told to no session.
#[tokio::test]
async fn a_swap_is_no_change_of_the_domains_options() {
    let bench = Bench::new().await;
    bench.serve(Vec::new()).await;
    let host = bench.kernel.host(DOMAIN).unwrap();
    let (version, table) = (host.version(), bench.kernel.table(&host).unwrap());
    let sunshine = bench.deploy("sunshine", &built("sunshine"), &["sessions.close"]);
    bench.serve(vec![sunshine.module()]).await;
    assert_eq!(host.version(), version);
    assert!(!Arc::ptr_eq(&bench.kernel.table(&host).unwrap(), &table));
}
