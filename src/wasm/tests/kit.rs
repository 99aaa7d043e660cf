//! The platform with a manual clock and fake sessions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use ::kernel::Verdict;
use hashbrown::HashMap;
use parking_lot::Mutex;
use runtime::{ManualClock, Runtime, SeededRandom};
use serde_json::{Map, Value};
use tempfile::TempDir;
use xmpp::{Element, ElementLimits, Jid, Stanza, StreamError};

use crate::bindings::castling::plugin::types::Contact;
use crate::bindings::exports::castling::plugin::before_offline::Storing;
use crate::directory::{Directory, SessionFacts};
use crate::hook::Hook;
use crate::kept::Kept;
use crate::state::Account;
use crate::subject::Subject;
use crate::{
    DeployOptions, Deployment, DomainSettings, LoadError, Occasion, Platform, PlatformOptions, Plugin,
};
use crate::{facts, head};

pub const DOMAINS: [&str; 2] = ["chess.example", "wuchess.example"];

pub struct Kit {
    pub platform: Arc<Platform>,
    pub clock: Arc<ManualClock>,
    pub sessions: Arc<Sessions>,
    made: Arc<Made>,
    pub folder: TempDir,
}

/// Sessions 1 to 9 are on the first domain, 11 to 19 on the second.
#[derive(Default)]
pub struct Sessions {
    closed: Mutex<Vec<(u64, StreamError)>>,
}

impl Directory for Sessions {
    fn session(&self, id: u64) -> Option<SessionFacts> {
        let host = (*DOMAINS.get(usize::try_from(id / 10).unwrap())?).to_owned();
        (!id.is_multiple_of(10)).then(|| SessionFacts {
            id,
            jid: format!("user@{host}/{id}"),
            host,
            priority: None,
            transport: "tcp",
            ip: "127.0.0.1".into(),
            since_ms: 0,
        })
    }

    fn of_account(&self, _jid: &Jid) -> Vec<SessionFacts> {
        Vec::new()
    }

    fn close(&self, id: u64, error: StreamError) -> bool {
        self.closed.lock().push((id, error));
        true
    }

    fn push(&self, _id: u64, _payload: &Element) -> bool {
        true
    }

    fn roster_item(&self, _account: &Jid, _contact: &Jid) -> Option<Option<Contact>> {
        None
    }
}

impl Sessions {
    /// Those closed since the last call, with the stream error.
    pub fn closed(&self) -> Vec<(u64, StreamError)> {
        std::mem::take(&mut self.closed.lock())
    }
}

impl Kit {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::new(1_700_000_000_000_000));
        let runtime = Runtime::new(clock.clone(), Arc::new(SeededRandom::new(1)));
        let data_dir = folder.path().join("data");
        let platform =
            Platform::new(PlatformOptions { workers: 2, ..PlatformOptions::new(data_dir, runtime) }).unwrap();
        let sessions = Arc::new(Sessions::default());
        assert!(platform.services().directory.set(sessions.clone()).is_ok());
        Self { platform, clock, sessions, made: Arc::default(), folder }
    }

    pub fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("guest.wasm");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn load(&self, bytes: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        self.platform.load("guest", &self.file(bytes))
    }

    /// The plugin on both domains.
    pub fn deploy(&self, plugin: &Arc<Plugin>, options: Options<'_>) -> Result<Running, LoadError> {
        let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let own = [Map::new(), map(&options.on_second)];
        let domains = DOMAINS.into_iter().zip(own);
        let deployment = self.platform.deploy(
            plugin,
            &DeployOptions {
                config: map(&options.config),
                domains: domains
                    .map(|(domain, config)| DomainSettings { domain: domain.into(), config, address: None })
                    .collect(),
                grants: options.grants.iter().map(ToString::to_string).collect(),
                policy: options.policy,
            },
            Occasion::Start,
        )?;
        Ok(Running(deployment, self.made.clone()))
    }

    pub fn run(&self, bytes: &[u8]) -> Running {
        let plugin = self.load(bytes).unwrap();
        self.deploy(&plugin, Options::default()).unwrap()
    }

    /// Ends a session.
    pub fn end(&self, session: u64) {
        self.made.lock().remove(&session);
    }

    pub fn failures(&self, name: &str) -> Vec<(&'static str, u64)> {
        let hooks = self.platform.stats_of(name).hooks;
        hooks.into_iter().flat_map(|hook| hook.failures).collect()
    }
}

/// The operator's options.
#[derive(Default)]
pub struct Options<'a> {
    pub config: Value,
    pub on_second: Value,
    pub grants: &'a [&'a str],
    pub policy: Option<Value>,
}

/// A deployment that is called directly.
pub struct Running(pub Arc<Deployment>, Arc<Made>);

/// What is kept with fake sessions.
type Made = Mutex<HashMap<u64, Arc<Kept>>>;

impl Running {
    fn subject<'a>(&self, id: u64, stanza: &'a Stanza) -> Subject<'a> {
        let host = DOMAINS[usize::try_from(id / 10).unwrap()];
        let domain = self.0.scope.serves(host).unwrap();
        let made = Some((id, self.1.lock().entry(id).or_default().clone()));
        let facts = head::of_stanza(stanza) | facts::FROM_LOCAL;
        Subject {
            stanza,
            client: None,
            link: None,
            is_elsewhere: false,
            made,
            domain,
            account: Account::Senders,
            recipients: None,
            facts,
        }
    }

    /// Its verdict on a client's stanza.
    pub fn client_in(&self, session: u64, xml: &str) -> Verdict {
        let stanza = Stanza::parse_str(xml).unwrap();
        let subject = self.subject(session, &stanza);
        let counters = self.0.scope.memory.stats.hook(Hook::ClientIn, subject.domain);
        self.0.judge_entry(Hook::ClientIn, &counters, &subject, ElementLimits::default)
    }

    /// Its verdict on a stanza for the offline store, on the first domain.
    pub fn before_offline(&self, xml: &str) -> Storing {
        let stanza = Stanza::parse_str(xml).unwrap();
        let subject = Subject { made: None, ..self.subject(1, &stanza) };
        let counters = self.0.scope.memory.stats.hook(Hook::BeforeOffline, subject.domain);
        self.0.before_offline(&counters, &subject)
    }
}

/// A plugin from `plugins/`: as built by `cargo xtask test`, else built now.
pub fn built(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).join(format!("{name}.wasm"))
}

fn build() -> PathBuf {
    if let Some(folder) = std::env::var_os("CASTLING_PLUGINS") {
        return folder.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let guests = target.join("guests");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--target", "wasm32-wasip2"]);
    cargo.arg("--target-dir").arg(&guests).current_dir(root.join("plugins"));
    assert!(cargo.status().unwrap().success(), "the plugins do not build");
    for name in ["greeter", "hostile", "keeper", "offline-filter", "owner", "sunshine", "word-filter"] {
        let file = format!("wasm32-wasip2/release/{}.wasm", name.replace('-', "_"));
        std::fs::copy(guests.join(file), guests.join(format!("{name}.wasm"))).unwrap();
    }
    guests
}
