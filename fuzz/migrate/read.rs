//! Reads a source to its end. Sources of files never wait.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use migrate::{Leftover, MigrateError, RawUser, Source};

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// All users, and how many records are left over.
pub fn all(mut source: impl Source) -> Result<(Vec<RawUser>, usize), MigrateError> {
    let survey = now(source.survey())?;
    let mut users = Vec::new();
    while let Some(user) = now(source.next())? {
        assert!(survey.hosts.contains(&user.host), "a user of a host that was not told of: {}", user.host);
        users.push(user);
    }
    assert!(now(source.next())?.is_none(), "a user after the last one");
    let leftovers: Vec<Leftover> = source.leftovers();
    Ok((users, leftovers.len()))
}

/// The users in words, which can be compared.
pub fn words(users: &[RawUser]) -> String {
    serde_json::to_string(users).unwrap_or_default()
}

/// A folder in memory, of this process.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new("/dev/shm").join(format!("castling-fuzz-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
