//! What a stanza costs with a plugin that is called for it, with one that is not, and with a privacy list, as JSON: a message from one
//! session to another is parsed, goes through hooks and router, and is written; there is no network. And what a request costs that a
//! plugin answers.
//!
//! `calls PLUGINS [CASE]`, where PLUGINS is the folder with `sunshine.wasm`, `reader.wasm` and `keeper.wasm`. With a case only that is
//! measured, for a profile.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures real time")]

mod lists;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::{Chain, Decoys};
use kernel::{
    BindRequest, Brand, Conflict, DomainLimits, Hold, HostOptions, Kernel, KernelOptions, Matter, Module,
    Served, SessionAbout, Transport, Way, Web,
};
use runtime::Runtime;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use settings::Limit;
use storage::{Options, Store};
use wasm::{DeployOptions, DomainSettings, Occasion, Platform, PlatformOptions, PluginLimits};
use xmpp::{Framing, Jid, Stanza, StanzaType};

const DOMAIN: &str = "chess.example";
const ROUNDS: usize = 7;
/// Messages of a round, one after the other.
const HOT: u32 = 100_000;
/// Questions to the lists of a round.
const SCREENED: u32 = 1_000_000;
/// Messages of a round, one a millisecond.
const PACED: usize = 700;
/// How often other tasks have their turn until something must be received.
const TURNS: u32 = 100;
const PACE: Duration = Duration::from_millis(1);

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What is measured.
struct Case {
    name: &'static str,
    /// The plugin, and what that reads.
    plugin: Option<(&'static str, &'static str)>,
    /// How many items the default privacy list of the recipient has; 0: there is none.
    items: u32,
    passes: Passes,
}

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    Message,
    /// A request that the plugin answers, which may wait.
    Request,
}

const fn of(name: &'static str, plugin: Option<(&'static str, &'static str)>) -> Case {
    Case { name, plugin, items: 0, passes: Passes::Message }
}

const CASES: [Case; 7] = [
    of("alone", None),
    of("not interested", Some(("sunshine", ""))),
    of("envelope", Some(("reader", "envelope"))),
    of("payload", Some(("reader", "payload"))),
    Case { items: 1, ..of("list", None) },
    Case { items: 100, ..of("long list", None) },
    Case { passes: Passes::Request, ..of("request", Some(("keeper", ""))) },
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let plugins = PathBuf::from(std::env::args().nth(1).ok_or("usage: calls PLUGINS [CASE]")?);
    let only = std::env::args().nth(2);
    let cases = || CASES.into_iter().filter(|case| only.as_ref().is_none_or(|only| only == case.name));
    let site = Site::new(&plugins).await?;
    let (anna, bert) = (site.bind("anna").await?, site.bind("bert").await?);
    let mut figures: Vec<Vec<(f64, f64)>> = vec![Vec::new(); CASES.len()];
    for _ in 0..ROUNDS {
        for (case, figures) in cases().zip(&mut figures) {
            site.serve(case.plugin).await?;
            lists::choose(&site.kernel, &bert, case.items).await?;
            figures.push((hot(case.passes, &anna, &bert).await?, paced(case.passes, &anna, &bert).await?));
        }
    }
    for (case, figures) in cases().zip(figures) {
        let smallest = |of: fn(&(f64, f64)) -> f64| figures.iter().map(of).fold(f64::MAX, f64::min);
        println!(
            "{}",
            json!({ "case": case.name, "hot_us": smallest(|one| one.0), "paced_us": smallest(|one| one.1) })
        );
    }
    if only.is_none() {
        for items in [0, 1, 100] {
            lists::choose(&site.kernel, &bert, items).await?;
            let ns = (0..ROUNDS).map(|_| screened(&site.kernel, &anna, &bert)).fold(f64::MAX, f64::min);
            println!("{}", json!({ "case": "screen", "items": items, "ns": ns }));
        }
    }
    Ok(())
}

/// Nanoseconds of CPU time to find out whether the recipient's lists let a message pass.
fn screened(kernel: &Kernel, from: &Hold, to: &Hold) -> f64 {
    let matter = Matter::of(Way::In, &Stanza::message(StanzaType::Chat, None, None));
    let begun = cpu_time();
    for _ in 0..SCREENED {
        let (to, from) = (std::hint::black_box(to.resource()), std::hint::black_box(from.jid()));
        std::hint::black_box(kernel.admits_at(to, matter, from));
    }
    (cpu_time() - begun).as_secs_f64() * 1e9 / f64::from(SCREENED)
}

/// The text of what is sent, and who receives something because of it.
fn sent<'a>(passes: Passes, from: &'a Hold, to: &'a Hold) -> (String, &'a Hold) {
    match passes {
        Passes::Message => (message(to), to),
        Passes::Request => {
            let word = "<do xmlns='urn:example:keeper'>echo x</do>";
            (format!("<iq to='{DOMAIN}' type='get' id='r1'>{word}</iq>"), from)
        }
    }
}

/// A message as players send them: 300 bytes of text.
fn message(to: &Hold) -> String {
    let text = "e4 e5 ".repeat(50);
    format!("<message to='{}' type='chat' id='m1'><body>{text}</body></message>", to.jid())
}

/// Microseconds of CPU time for each of many messages.
async fn hot(passes: Passes, from: &Hold, to: &Hold) -> Outcome<f64> {
    let (stanza, to) = sent(passes, from, to);
    let begun = cpu_time();
    for _ in 0..HOT {
        pass(&stanza, from, to).await?;
    }
    Ok((cpu_time() - begun).as_secs_f64() * 1e6 / f64::from(HOT))
}

/// The median of the microseconds for each of some messages, before each of which nothing happens for a while.
async fn paced(passes: Passes, from: &Hold, to: &Hold) -> Outcome<f64> {
    let (stanza, to) = sent(passes, from, to);
    let mut times = Vec::with_capacity(PACED);
    for _ in 0..PACED {
        tokio::time::sleep(PACE).await;
        let begun = Instant::now();
        pass(&stanza, from, to).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times.get(PACED / 2).copied().ok_or_else(|| "no messages".into())
}

async fn pass(stanza: &str, from: &Hold, to: &Hold) -> Outcome {
    from.process(Stanza::parse_str(stanza)?.with_from(from.jid().clone())).await;
    let mut written = Vec::new();
    for _ in 0..TURNS {
        let count = to.gather(usize::MAX, |stanza| {
            stanza.write(&mut written, Framing::Inherit);
            1
        });
        match count.stanzas {
            1 => return Ok(()),
            0 => tokio::task::yield_now().await, // an answer that was waited for
            more => return Err(format!("{more} stanzas instead of one").into()),
        }
    }
    Err("nothing is received".into())
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

struct Site {
    kernel: Arc<Kernel>,
    platform: Arc<Platform>,
    plugins: PathBuf,
    folder: PathBuf,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Site {
    async fn new(plugins: &Path) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("castling-calls-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let runtime = Runtime::system();
        let store = Store::open(Options::new("sqlite:cost.db", &folder), &runtime).await?;
        for local in ["anna", "bert"] {
            store.accounts().create(DOMAIN, local, &[], 0).await?;
        }
        let kernel = Kernel::new(KernelOptions { runtime: runtime.clone(), store });
        // The whole machine is one plugin's here: it must not be told to rest.
        let limits = PluginLimits {
            plugin_cpu_percent: Limit::OFF,
            plugins_cpu_percent: Limit::OFF,
            ..Default::default()
        };
        let options = PlatformOptions { limits, ..PlatformOptions::new(&folder, runtime) };
        let site = Self { kernel, platform: Platform::new(options)?, plugins: plugins.to_owned(), folder };
        site.serve(None).await?;
        Ok(site)
    }

    async fn serve(&self, plugin: Option<(&str, &str)>) -> Outcome {
        let options = HostOptions {
            limits: DomainLimits::default(),
            conflict: Conflict::Replace,
            auth: Chain::new(Vec::new(), Decoys::new(vec![0; 32], 4096)),
            brand: Brand::default(),
            web: Web::default(),
            admins: Vec::new(),
        };
        let modules = plugin.map(|(name, reads)| self.module(name, reads)).transpose()?;
        let modules = modules.into_iter().collect();
        let served = Served { jid: Jid::domain_only(DOMAIN)?, options: options.into(), modules };
        self.kernel.serve(vec![served]).await?;
        Ok(())
    }

    fn module(&self, name: &str, reads: &str) -> Outcome<Arc<dyn Module>> {
        let plugin = self.platform.load(name, &self.plugins.join(format!("{name}.wasm")))?;
        let config = if reads.is_empty() { json!({}) } else { json!({ "reads": reads }) };
        let options = DeployOptions {
            config: config.as_object().cloned().unwrap_or_default(),
            domains: vec![DomainSettings { domain: DOMAIN.into(), ..Default::default() }],
            grants: plugin.manifest().grants.clone(),
            ..Default::default()
        };
        Ok(self.platform.deploy(&plugin, &options, Occasion::Start)?.module())
    }

    async fn bind(&self, local: &str) -> Outcome<Hold> {
        let host = self.kernel.host(DOMAIN).ok_or("the domain is not served")?;
        let account = self.kernel.account(&host, local).await?.ok_or("there is no such account")?;
        let about = SessionAbout { transport: Transport::Tcp, tls: true, address: "127.0.0.1:1".parse()? };
        let request = BindRequest { account, resource: Some("x".into()), about, login: None };
        self.kernel.bind(request).await.map_err(|_| "the session is refused".into())
    }
}
