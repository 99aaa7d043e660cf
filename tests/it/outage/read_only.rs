//! The database can be read and not written any more, as after a fault of the disk or by an administrator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Outage;
use crate::database;
use crate::fixture::until;

/// Stands between the server and the system: while a file exists, whose name is in `READ_ONLY`, nothing can be written to the
/// database's files, as on a file system that is read-only.
const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int refused(const char *path) {
    const char *flag = getenv("READ_ONLY");
    if (!flag || access(flag, F_OK) || !strstr(path, "/castling.db")) return 0;
    errno = EROFS;
    return 1;
}

static int refused_at(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return refused(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRITE(name, offset) \
    ssize_t name(int fd, const void *data, size_t size, offset at) { \
        return refused_at(fd) ? -1 : REAL(name)(fd, data, size, at); \
    }
#define TRUNCATE(name, offset) \
    int name(int fd, offset size) { return refused_at(fd) ? -1 : REAL(name)(fd, size); }
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        int mode = va_arg(rest, int); \
        va_end(rest); \
        return (flags & (O_WRONLY | O_RDWR)) && refused(path) ? -1 : REAL(name)(path, flags, mode); \
    }

WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)
OPEN(open)
OPEN(open64)
"#;

/// Compiles it; its path.
fn library(dir: &Path) -> PathBuf {
    let (source, library) = (dir.join("read_only.c"), dir.join("read_only.so"));
    fs::write(&source, LIBRARY).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl");
    assert!(compiler.status().unwrap().success(), "needs a C compiler");
    library
}

#[test]
fn a_disk_that_is_read_only_refuses_what_must_be_written() {
    if database::is_server() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (library, flag) = (library(dir.path()).display().to_string(), dir.path().join("flag"));
    let flag_name = flag.display().to_string();
    let mut outage = Outage::under(&[("LD_PRELOAD", &library), ("READ_ONLY", &flag_name)], |_| {});
    fs::write(&flag, "").unwrap();
    outage.endure(true);
    fs::remove_file(&flag).unwrap();
    outage.recovered();
}

/// MariaDB lets its administrator write all the same.
fn as_user(dir: &Path) {
    let file = dir.join("castling.toml");
    let url = database::url_in(dir).unwrap();
    if let (Some(rest), Some((_, name))) = (url.strip_prefix("mysql://root@"), url.rsplit_once('/')) {
        database::run(&format!("GRANT ALL ON {name}.* TO castling@'%'"));
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(&url, &format!("mysql://castling@{rest}"))).unwrap();
    }
}

#[test]
#[ignore = "makes the database server read-only"]
fn a_database_server_that_is_read_only_refuses_what_must_be_written() {
    if !database::is_postgres() {
        database::run("CREATE USER IF NOT EXISTS castling@'%'");
    }
    let mut outage = Outage::under(&[], as_user);
    let read_only = ReadOnly::new();
    // PostgreSQL's processes notice one after the other.
    until("writing is refused", || outage.is_refused());
    outage.endure(true);
    drop(read_only);
    outage.recovered();
}

/// The database server takes no writes while this value is there.
struct ReadOnly;

impl ReadOnly {
    fn new() -> Self {
        Self::switch("on");
        Self
    }

    fn switch(on: &str) {
        if database::is_postgres() {
            database::run(&format!("ALTER SYSTEM SET default_transaction_read_only = {on}"));
            database::run("SELECT pg_reload_conf()");
        } else {
            database::run(&format!("SET GLOBAL read_only = {on}"));
        }
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        Self::switch("off");
    }
}
