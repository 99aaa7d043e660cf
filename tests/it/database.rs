//! Databases on the server that `cargo xtask databases` has started.

use std::path::Path;
use std::process::{Command, id};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::outage::database_server::DatabaseServer;

/// Names the server; without it, tests run on SQLite.
const SERVER: &str = "CASTLING_TEST_DATABASE";

/// Its process, for tests that stop it.
const PID: &str = "CASTLING_TEST_DATABASE_PID";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Processes that were started again, and by which.
static RESTARTED: Mutex<Vec<(u32, u32)>> = Mutex::new(Vec::new());

pub fn is_server() -> bool {
    std::env::var_os(SERVER).is_some()
}

/// Of the two servers.
pub fn is_postgres() -> bool {
    std::env::var(SERVER).is_ok_and(|url| speaks_postgres(&url))
}

fn speaks_postgres(url: &str) -> bool {
    url.starts_with("postgres")
}

/// The URL of the server that the tests run on.
pub fn server() -> String {
    std::env::var(SERVER).unwrap()
}

/// `host:port` of a server.
pub fn address(server: &str) -> &str {
    server.rsplit_once('@').unwrap().1
}

pub fn pid() -> u32 {
    current(std::env::var(PID).unwrap().parse().unwrap())
}

/// The process that has taken another one's place.
fn current(pid: u32) -> u32 {
    let restarted = RESTARTED.lock().unwrap();
    restarted.iter().fold(pid, |pid, (old, new)| if *old == pid { *new } else { pid })
}

pub fn restarted(old: u32, new: u32) {
    RESTARTED.lock().unwrap().push((old, new));
}

/// The URL in a folder's configuration; `None`: the default.
pub fn url_in(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("castling.toml")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("url = "))?;
    Some(line.trim_matches('"').to_owned())
}

/// The URL of a new database; `None`: SQLite.
pub fn url() -> Option<String> {
    let server = std::env::var(SERVER).ok()?;
    let name = format!("it_{}_{}", id(), COUNT.fetch_add(1, Ordering::Relaxed));
    run(&format!("CREATE DATABASE {name}"));
    Some(format!("{server}/{name}"))
}

/// Runs a statement as the server's administrator.
pub fn run(sql: &str) {
    run_on(&server(), None, sql);
}

/// The same on this server, in a database of it.
pub fn run_on(server: &str, database: Option<&str>, sql: &str) {
    let made = client(server, database, sql).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Whether a server answers.
pub fn answers(server: &str) -> bool {
    client(server, None, "SELECT 1").output().unwrap().status.success()
}

fn client(server: &str, database: Option<&str>, sql: &str) -> Command {
    if speaks_postgres(server) {
        let mut psql = Command::new("psql");
        let url = format!("{server}/{}", database.unwrap_or("postgres"));
        psql.args(["--quiet", "--command", sql, &url]);
        return psql;
    }
    let mut mariadb = mariadb(server, database);
    mariadb.args(["-e", sql]);
    mariadb
}

fn mariadb(server: &str, database: Option<&str>) -> Command {
    let (host, port) = address(server).split_once(':').unwrap();
    let mut mariadb = Command::new("mariadb");
    mariadb.args(["--no-defaults", "-u", "root", "-h", host, "-P", port]);
    mariadb.args(database);
    mariadb
}

/// A new database, with the site's own tables, on the server of that name (`POSTGRES`, `MARIADB`); and its URL.
pub fn site(name: &str, tables: &str) -> (DatabaseServer, String) {
    let read = |name: String| {
        std::env::var(&name).unwrap_or_else(|_| panic!("{name} is set by cargo xtask databases"))
    };
    let server = read(format!("CASTLING_TEST_{name}"));
    let process = current(read(format!("CASTLING_TEST_{name}_PID")).parse().unwrap());
    let database = format!("site_{}_{}", id(), COUNT.fetch_add(1, Ordering::Relaxed));
    run_on(&server, None, &format!("create database {database}"));
    run_on(&server, Some(&database), tables);
    (DatabaseServer::of(server.clone(), process), format!("{server}/{database}"))
}

/// A dump loaded into a new database on the server of that name (`POSTGRES`, `MARIADB`); its URL.
pub fn loaded(name: &str, dump: &Path) -> String {
    let server = std::env::var(format!("CASTLING_TEST_{name}")).unwrap();
    let database = format!("it_{}_{}", id(), COUNT.fetch_add(1, Ordering::Relaxed));
    run_on(&server, None, &format!("CREATE DATABASE {database}"));
    let url = format!("{server}/{database}");
    let mut load = match speaks_postgres(&server) {
        true => Command::new("psql"),
        false => mariadb(&server, Some(&database)),
    };
    match speaks_postgres(&server) {
        true => load.args(["--quiet", "--set", "ON_ERROR_STOP=1", "--file"]).arg(dump).arg(&url),
        // Not by `source`, which goes on after an error.
        false => load.stdin(std::fs::File::open(dump).unwrap()),
    };
    let output = load.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    url
}
