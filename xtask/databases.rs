//! `cargo xtask databases`: the tests that touch storage on PostgreSQL and MariaDB, as Debian packages them. The servers
//! run on free ports, in a folder of their own that is removed afterwards.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cargo_test::cargo_test;
use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome, While};
use crate::flags::Flags;
use crate::tests::Totals;
use crate::{packages, peers, plugins, say, shell};

/// What the tests read: the URL of the server on which each makes databases of its own.
const SERVER: &str = "CASTLING_TEST_DATABASE";

/// How often, and with which pauses, a starting server is asked whether it is ready: for a minute.
const ATTEMPTS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

const NAMES: [&str; 3] = ["sqlite", "postgres", "mariadb"];

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
        job.args(["--package", "castling", "--test", "it", "--", "main_job", "scenario"]);
        totals.run(on(&mut job, server.as_ref()))
    });
    totals.close();
    result
}

/// The storage tests on both database servers. On SQLite they run with all other tests.
pub fn step(checkout: &Checkout, totals: &mut Totals) -> Outcome {
    NAMES
        .iter()
        .filter_map(|name| Server::start(name).transpose())
        .try_for_each(|server| contract(checkout, totals, Some(&server?)))
}

fn contract(checkout: &Checkout, totals: &mut Totals, server: Option<&Server>) -> Outcome {
    say::step(&format!("{}: the storage tests", server.map_or("sqlite", |server| server.name)));
    let mut tests = cargo_test(checkout)?;
    tests.args(["--package", "castling-storage", "--lib", "--"]);
    if server.is_some() {
        tests.args(["--include-ignored", "--skip", "sqlite::"]);
    }
    totals.run(on(&mut tests, server))
}

fn on<'a>(tests: &'a mut Command, server: Option<&Server>) -> &'a mut Command {
    match server {
        Some(server) => tests.env(SERVER, &server.url),
        None => tests.env_remove(SERVER),
    }
}

/// A running database server; it ends with this value.
struct Server {
    name: &'static str,
    url: String,
    child: Child,
    folder: PathBuf,
}

impl Server {
    /// `None` for SQLite.
    fn start(name: &str) -> Outcome<Option<Self>> {
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("castling-{name}-{}", std::process::id()));
        match name {
            "postgres" => postgres(folder, port).map(Some),
            "mariadb" => mariadb(folder, port).map(Some),
            _ => Ok(None),
        }
    }

    /// Waits until the command succeeds.
    fn ready(mut self, mut ask: impl FnMut() -> Command) -> Outcome<Self> {
        for _ in 0..ATTEMPTS {
            if shell::succeeds(&mut ask()) {
                return Ok(self);
            }
            if self.child.try_wait().when(self.name)?.is_some() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(Failure::new(format!("{} does not start:\n{log}", self.name)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody needs its data any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    let url = format!("postgres://postgres@127.0.0.1:{port}");
    let server = Server { name: "postgres", url, child: started(serve, &folder)?, folder };
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
    serve.args(["--innodb-flush-log-at-trx-commit=0", &format!("--port={port}")]);
    serve.arg(option("datadir", &data)).arg(option("socket", &folder.join("socket")));
    serve.arg(option("pid-file", &folder.join("pid")));
    let url = format!("mysql://root@127.0.0.1:{port}");
    let server = Server { name: "mariadb", url, child: started(serve, &folder)?, folder };
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

fn started(mut server: Command, folder: &Path) -> Outcome<Child> {
    let log = fs::File::create(folder.join("log")).when(folder.display())?;
    let errors = log.try_clone().when(folder.display())?;
    server.current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(errors);
    server.spawn().when("starting a database server")
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").when("looking for a free port")?;
    Ok(listener.local_addr().when("looking for a free port")?.port())
}
