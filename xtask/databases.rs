//! `cargo xtask databases`: the tests that touch storage on PostgreSQL and MariaDB, as Debian packages them. The servers
//! run on free ports, in a folder of their own that is removed afterwards.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::cargo_test::cargo_test;
use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome, While};
use crate::flags::Flags;
use crate::tests::Totals;
use crate::{packages, peers, plugins, say, shell};

/// What the tests read: the URL of the server on which each makes databases of its own, and its process, which some
/// stop and kill.
const SERVER: &str = "CASTLING_TEST_DATABASE";
const PID: &str = "CASTLING_TEST_DATABASE_PID";

/// How often, and with which pauses, a starting server is asked whether it is ready: for a minute.
const ATTEMPTS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

pub const NAMES: [&str; 3] = ["sqlite", "postgres", "mariadb"];

/// Runs the storage tests, the main job and all scenarios on one of the databases, or on all.
pub fn word(checkout: &Checkout, flags: Flags) -> Outcome {
    let only = flags.last()?;
    let names: Vec<_> =
        NAMES.into_iter().filter(|name| only.as_ref().is_none_or(|only| only == name)).collect();
    if names.is_empty() {
        return Err(Failure::new(format!("unknown database; expected one of: {}", NAMES.join(", "))));
    }
    plugins::build(checkout, None)?;
    let mut totals = Totals::default();
    let result = names.iter().try_for_each(|name| {
        let server = Server::start(name)?;
        contract(checkout, &mut totals, server.as_ref())?;
        say::step(&format!("{name}: the main job and all scenarios"));
        let mut job = cargo_test(checkout)?;
        job.args(["--workspace", "--test", "it", "--", "main_job", "scenario"]);
        totals.run(on(&mut job, server.as_ref()))?;
        outages(checkout, &mut totals, server.as_ref())
    });
    totals.close();
    result
}

/// What touches storage on both database servers. On SQLite it runs with all other tests.
pub fn step(checkout: &Checkout, totals: &mut Totals) -> Outcome {
    let servers: Vec<Server> =
        NAMES.iter().filter_map(|name| Server::start(name).transpose()).collect::<Outcome<_>>()?;
    for server in &servers {
        contract(checkout, totals, Some(server))?;
        outages(checkout, totals, Some(server))?;
    }
    members(checkout, totals, &servers)
}

/// Accounts in tables on all databases at once.
fn members(checkout: &Checkout, totals: &mut Totals, servers: &[Server]) -> Outcome {
    say::step("imports from all databases, accounts in tables on all of them");
    // The servers are killed in the last two, where one test would take another one's server away.
    let beside: &[&str] = &[];
    let alone: &[&str] = &["--test-threads", "1"];
    for (filter, threads) in [
        ("import::real::jabberd2_", beside),
        ("import::servers::", beside),
        ("provider::late::", beside),
        ("main_job::members::", beside),
        ("is_killed_on_", alone),
    ] {
        let mut tests = cargo_test(checkout)?;
        tests.args(["--workspace", "--test", "it", "--", filter, "--include-ignored"]).args(threads);
        for server in servers {
            let name = format!("CASTLING_TEST_{}", server.name.to_uppercase());
            tests.env(&name, &server.url).env(format!("{name}_PID"), server.pid().to_string());
        }
        totals.run(on(&mut tests, None))?;
    }
    Ok(())
}

fn contract(checkout: &Checkout, totals: &mut Totals, server: Option<&Server>) -> Outcome {
    say::step(&format!("{}: the storage tests", server.map_or("sqlite", |server| server.name)));
    let mut tests = cargo_test(checkout)?;
    // As all tests are built, so that nothing is built once more.
    tests.args(["--workspace", "--lib", "--", "contract::"]);
    if server.is_some() {
        tests.args(["--include-ignored", "--skip", "sqlite::"]);
    }
    totals.run(on(&mut tests, server))
}

/// The last tests on a server, one after the other: they stop it, kill it and start it again.
fn outages(checkout: &Checkout, totals: &mut Totals, server: Option<&Server>) -> Outcome {
    let Some(server) = server else { return Ok(()) };
    say::step(&format!("{}: the server is stopped and killed", server.name));
    let mut tests = cargo_test(checkout)?;
    tests.args(["--workspace", "--test", "it", "--", "outage::", "kill::", "--skip", "soak_"]);
    tests.args(["--include-ignored", "--test-threads", "1"]);
    totals.run(may_kill(&mut tests, Some(server)))
}

fn on<'a>(tests: &'a mut Command, server: Option<&Server>) -> &'a mut Command {
    match server {
        Some(server) => tests.env(SERVER, &server.url),
        None => tests.env_remove(SERVER),
    }
}

/// The tests run on this server and may kill it.
pub fn may_kill<'a>(tests: &'a mut Command, server: Option<&Server>) -> &'a mut Command {
    if let Some(server) = server {
        tests.env(PID, server.pid().to_string());
    }
    on(tests, server)
}

/// A running database server; it ends with this value.
pub struct Server {
    name: &'static str,
    url: String,
    pid: u32,
    /// Buries it as soon as it has ended; one that was killed could not be started again before.
    ended: Receiver<()>,
    folder: PathBuf,
}

impl Server {
    /// `None` for SQLite.
    pub fn start(name: &str) -> Outcome<Option<Self>> {
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("castling-{name}-{}", std::process::id()));
        match name {
            "postgres" => postgres(folder, port).map(Some),
            "mariadb" => mariadb(folder, port).map(Some),
            _ => Ok(None),
        }
    }

    /// Its process: the one that was started, or that a test has started since.
    fn pid(&self) -> u32 {
        let restarted = ["pid", "data/postmaster.pid"].iter().find_map(|file| {
            let text = fs::read_to_string(self.folder.join(file)).ok()?;
            text.lines().next()?.trim().parse().ok()
        });
        restarted.unwrap_or(self.pid)
    }

    /// Waits until the command succeeds.
    fn ready(self, mut ask: impl FnMut() -> Command) -> Outcome<Self> {
        for _ in 0..ATTEMPTS {
            if shell::succeeds(&mut ask()) {
                return Ok(self);
            }
            if self.ended.try_recv().is_ok() {
                break;
            }
            thread::sleep(PAUSE);
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(Failure::new(format!("{} does not start:\n{log}", self.name)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody needs its data any more.
        shell::succeeds(Command::new("kill").args(["-KILL", &self.pid().to_string()]));
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn postgres(folder: PathBuf, port: u16) -> Outcome<Server> {
    let found = || installed("/usr/lib/postgresql", "bin/postgres");
    if found().is_none() {
        peers::need(&["postgresql"], "the storage tests run on it")?;
    }
    let bin = found().ok_or_else(|| Failure::new("no PostgreSQL below /usr/lib/postgresql"))?;
    let bin = bin.parent().unwrap_or(Path::new("")).to_owned();
    own(&folder, "postgres")?;
    let data = folder.join("data");
    let mut init = packages::as_user("postgres", bin.join("initdb"));
    init.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
    shell::output(init.current_dir(&folder))?;
    let mut serve = packages::as_user("postgres", bin.join("postgres"));
    serve.arg("-D").arg(&data).arg("-p").arg(port.to_string()).arg("-k").arg(&folder);
    serve.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=500"]);
    // After each kill it would open all files of the databases of all tests.
    serve.args(["-c", "recovery_init_sync_method=syncfs"]);
    let url = format!("postgres://postgres@127.0.0.1:{port}");
    let server = started("postgres", url, serve, folder)?;
    server.ready(|| {
        let mut ask = Command::new(bin.join("pg_isready"));
        ask.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        ask
    })
}

fn mariadb(folder: PathBuf, port: u16) -> Outcome<Server> {
    if installed("/usr/sbin", "mariadbd").is_none() {
        peers::need(&["mariadb-server"], "the storage tests run on it")?;
    }
    own(&folder, "mysql")?;
    let data = folder.join("data");
    let mut init = packages::as_user("mysql", "mariadb-install-db");
    init.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    shell::output(init.arg(option("datadir", &data)).current_dir(&folder))?;
    let mut serve = packages::as_user("mysql", "/usr/sbin/mariadbd");
    serve.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=500"]);
    // What is killed here is the server, never the machine: nothing needs to be on the disk.
    serve.args(["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--sync-frm=0"]);
    serve.arg(format!("--port={port}"));
    serve.arg(option("datadir", &data)).arg(option("socket", &folder.join("socket")));
    serve.arg(option("pid-file", &folder.join("pid")));
    let url = format!("mysql://root@127.0.0.1:{port}");
    let server = started("mariadb", url, serve, folder)?;
    server.ready(|| {
        let mut ask = Command::new("mariadb-admin");
        ask.args(["--no-defaults", "-h", "127.0.0.1", "-u", "root", "-P", &port.to_string(), "ping"]);
        ask
    })
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// `folder/program`, or the same below the newest version in `folder`.
fn installed(folder: &str, program: &str) -> Option<PathBuf> {
    let folder = Path::new(folder);
    let versions = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let programs = versions.map(|version| version.join(program)).chain([folder.join(program)]);
    programs.filter(|program| program.is_file()).max()
}

/// A new folder of that user: database servers refuse to run as root.
fn own(folder: &Path, user: &str) -> Outcome {
    fs::create_dir_all(folder).when(folder.display())?;
    if packages::is_root() {
        shell::run(Command::new("chown").arg(user).arg(folder))?;
    }
    Ok(())
}

fn started(name: &'static str, url: String, mut server: Command, folder: PathBuf) -> Outcome<Server> {
    let log = fs::File::create(folder.join("log")).when(folder.display())?;
    let errors = log.try_clone().when(folder.display())?;
    server.current_dir(&folder).stdin(Stdio::null()).stdout(log).stderr(errors);
    let (started, pid) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    // It also starts the server, which ends with the thread that has started it.
    thread::spawn(move || {
        let child = server.spawn();
        let _ = started.send(child.as_ref().map(Child::id).map_err(ToString::to_string));
        if let Ok(mut child) = child {
            let _ = child.wait();
        }
        let _ = end.send(());
    });
    let pid = pid.recv().unwrap_or_else(|gone| Err(gone.to_string()));
    let pid = pid.map_err(|why| Failure::new(format!("cannot start {name}: {why}")))?;
    Ok(Server { name, url, pid, ended, folder })
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").when("looking for a free port")?;
    Ok(listener.local_addr().when("looking for a free port")?.port())
}
