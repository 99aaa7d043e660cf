//! A kernel with plugins and without other modules.

use std::sync::Arc;

use ::kernel::{
    BindError, BindRequest, Brand, Conflict, DomainLimits, Hold, HostOptions, Kernel, KernelOptions, Module,
    Served, SessionAbout, Transport,
};
use auth::{Chain, Decoys};
use runtime::{ManualClock, Runtime, SystemRandom};
use storage::source::Sources;
use storage::{Options, Store};
use tempfile::TempDir;
use xmpp::{Jid, Stanza};

use crate::{DeployOptions, Deployment, DomainSettings, LoadError, Occasion, Platform, PlatformOptions};

pub const DOMAIN: &str = "chess.example";

pub struct Bench {
    pub kernel: Arc<Kernel>,
    pub platform: Arc<Platform>,
    pub clock: Arc<ManualClock>,
    pub sources: Arc<Sources>,
    pub folder: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::new(1_700_000_000_000_000));
        let runtime = Runtime::new(clock.clone(), Arc::new(SystemRandom));
        let store = Store::open(Options::new("sqlite:test.db", folder.path()), &runtime).await.unwrap();
        for local in ["anna", "bert"] {
            store.accounts().create(DOMAIN, local, &[], 0).await.unwrap();
        }
        let kernel = Kernel::new(KernelOptions { runtime: runtime.clone(), store });
        let platform = Platform::new(PlatformOptions::new(folder.path(), runtime.clone())).unwrap();
        let sources = Arc::new(Sources::new(runtime));
        platform.connect(&kernel, sources.clone());
        Self { kernel, platform, clock, sources, folder }
    }

    pub async fn serve(&self, modules: Vec<Arc<dyn Module>>) {
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

    pub async fn bind(&self, local: &str) -> Hold {
        self.try_bind(local, "x").await.ok().unwrap()
    }

    pub async fn try_bind(&self, local: &str, resource: &str) -> Result<Hold, BindError> {
        let host = self.kernel.host(DOMAIN).unwrap();
        let account = self.kernel.account(&host, local).await.unwrap().unwrap();
        let address = "127.0.0.1:1".parse().unwrap();
        let about = SessionAbout { transport: Transport::Tcp, tls: true, address };
        self.kernel.bind(BindRequest { account, resource: Some(resource.into()), about, login: None }).await
    }

    pub async fn send(&self, from: &Hold, xml: &str) {
        let stanza = Stanza::parse_str(xml).unwrap().with_from(from.jid().clone());
        from.process(stanza).await;
    }

    pub fn deploy(&self, name: &str, file: &std::path::Path, grants: &[&str]) -> Arc<Deployment> {
        self.try_deploy(name, file, grants, None).unwrap()
    }

    /// With an address that belongs to the plugin.
    pub fn try_deploy(
        &self,
        name: &str,
        file: &std::path::Path,
        grants: &[&str],
        address: Option<&str>,
    ) -> Result<Arc<Deployment>, LoadError> {
        let plugin = self.platform.load(name, file).unwrap();
        let address = address.map(str::to_owned);
        let options = DeployOptions {
            domains: vec![DomainSettings { domain: DOMAIN.into(), address, ..Default::default() }],
            grants: grants.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        self.platform.deploy(&plugin, &options, Occasion::Start)
    }
}

/// Takes what comes to a session next.
pub async fn next(hold: &Hold) -> String {
    loop {
        let mut got = None;
        hold.gather(1, |stanza| {
            got = Some(stanza.to_string());
            1
        });
        match got {
            Some(stanza) => return stanza,
            None => hold.woken().await,
        }
    }
}

/// Takes what waits in a session's mailbox.
pub fn received(hold: &Hold) -> Vec<String> {
    let mut all = Vec::new();
    hold.gather(usize::MAX, |stanza| {
        all.push(stanza.to_string());
        1
    });
    all
}
