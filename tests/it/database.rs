//! Databases on the server that `cargo xtask databases` has started.

use std::process::{Command, id};
use std::sync::atomic::{AtomicU32, Ordering};

/// Names the server; without it, tests run on SQLite.
const SERVER: &str = "CASTLING_TEST_DATABASE";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The URL of a new database; `None`: SQLite.
pub fn url() -> Option<String> {
    let server = std::env::var(SERVER).ok()?;
    let name = format!("it_{}_{}", id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let create = format!("CREATE DATABASE {name}");
    let mut client = if server.starts_with("postgres") {
        let mut psql = Command::new("psql");
        psql.args(["--quiet", "--command", &create, &format!("{server}/postgres")]);
        psql
    } else {
        let (host, port) = server.rsplit_once('@').unwrap().1.split_once(':').unwrap();
        let mut mariadb = Command::new("mariadb");
        mariadb.args(["--no-defaults", "-u", "root", "-h", host, "-P", port, "-e", &create]);
        mariadb
    };
    let made = client.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(format!("{server}/{name}"))
}
