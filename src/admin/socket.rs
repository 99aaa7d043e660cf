//! Where the socket is, however long the path to it.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The socket's name in the data directory.
pub(crate) const FILE: &str = "admin.sock";

/// Bytes of a path that `sockaddr_un` takes, its closing zero left out.
const LONGEST: usize = 107;

/// A directory that a socket is opened in.
pub(crate) struct SocketDir {
    path: PathBuf,
    open: File,
}

impl SocketDir {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), open: File::open(path)? })
    }

    /// A path to the file that fits a socket address; it holds while `self` lives.
    pub(crate) fn address(&self, name: &str) -> PathBuf {
        let direct = self.path.join(name);
        if direct.as_os_str().as_bytes().len() <= LONGEST {
            return direct;
        }
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.open.as_raw_fd()))
    }
}

/// Binds the socket of a data directory whose lock is held. It is made in a folder that nobody else can enter
/// and moved into place with its permissions set: no moment in which another user could open it, and what a
/// dead server left is replaced.
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
