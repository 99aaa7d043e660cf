//! Access to the socket, however long its path.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

pub(crate) const FILE: &str = "admin.sock";

/// Maximum bytes of a path in `sockaddr_un`, without its final zero.
const LONGEST: usize = 107;

/// A directory in which a socket is opened.
pub(crate) struct SocketDir {
    path: PathBuf,
    open: File,
}

impl SocketDir {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), open: File::open(path)? })
    }

    /// A path to the file short enough for a socket address; valid while `self` lives.
    pub(crate) fn address(&self, name: &str) -> PathBuf {
        let direct = self.path.join(name);
        if direct.as_os_str().as_bytes().len() <= LONGEST {
            return direct;
        }
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.open.as_raw_fd()))
    }
}

/// Binds the socket of a data directory whose lock is held. It is created in a directory that only this user
/// can enter and moved into place with its permissions set: at no moment can another user open it, and a
/// socket left by a crashed server is replaced.
pub(crate) fn bind(data_dir: &Path) -> io::Result<UnixListener> {
    let private = data_dir.join(".admin-new");
    match fs::remove_dir_all(&private) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => DirBuilder::new().mode(0o700).create(&private)?,
    }
    let listener = UnixListener::bind(SocketDir::open(&private)?.address(FILE))?;
    let made = private.join(FILE);
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    fs::rename(&made, data_dir.join(FILE))?;
    fs::remove_dir(&private)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
