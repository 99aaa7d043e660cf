//! Checks of the machine: files that must exist, ports that must be free.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::net::{self as sockets, AddressFamily, SocketFlags, SocketType, sockopt};
use settings::{Complaint, item, join};

use super::domain::{Domain, Tls};
use super::externals;
use super::origin::Origin;
use super::overlay;
use super::problem::{Problems, Severity};
use super::s2s;
use super::types::Config;
use crate::ownership;

/// Checks files and ports. `own` are the addresses of this data directory's running server, whose use is
/// expected. `now_us` in UTC microseconds is used for the validity of certificates.
pub fn check(config: &Config, own: &[SocketAddr], now_us: i64, problems: &mut Problems) {
    check_own(config, problems);
    certificates(config, now_us, problems);
    externals::check_files(config, problems);
    config.domains.iter().for_each(|domain| s2s::check_files(&domain.s2s, &domain.path, problems));
    ports(config, own, problems);
}

/// Checks what commands change: the data directory and the plugins.
pub fn check_own(config: &Config, problems: &mut Problems) {
    data_dir(&config.data_dir, problems);
    plugins(config, problems);
}

fn data_dir(path: &Path, problems: &mut Problems) {
    let trouble = match fs::metadata(path) {
        Ok(about) if about.is_dir() => written(path),
        Ok(_) => Err("it is not a directory".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => made(path).map_err(|error| reason(&error)),
        Err(error) => Err(reason(&error)),
    };
    let Err(trouble) = trouble else { return };
    if let Some(complaint) = ownership::complaint(path) {
        return problems.error("data_dir", complaint);
    }
    let message = format!("cannot use the data directory {}: {trouble}", path.display());
    problems.error("data_dir", Complaint::new(message, "name a directory that the server may write to"));
}

/// Whether a file can be created in the directory, by creating one temporarily.
fn written(path: &Path) -> Result<(), String> {
    let file = path.join(format!(".check-{}", std::process::id()));
    let made = File::create(&file).map(drop);
    let _ = fs::remove_file(&file);
    made.map_err(|error| reason(&error))
}

/// Whether the directory can be created, by creating it temporarily.
fn made(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|one| !one.exists()).collect();
    let made = fs::create_dir_all(path);
    for one in missing.into_iter().filter(|one| !one.as_os_str().is_empty()) {
        let _ = fs::remove_dir(one);
    }
    made
}

fn plugins(config: &Config, problems: &mut Problems) {
    for (name, plugin) in config.plugins.iter().filter(|(_, plugin)| !plugin.file.as_os_str().is_empty()) {
        let Err(trouble) = component(&plugin.file) else { continue };
        let message = format!("cannot use {} as plugin {name}: {trouble}", plugin.file.display());
        match plugin.file_origin {
            Origin::File => {
                let path = join(&join("plugins", name), "file");
                problems.error(&path, Complaint::new(message, "build the plugin or correct the path"));
            }
            Origin::Command => {
                let remedy =
                    format!("run castling plugin reload {name} FILE, or castling plugin remove {name}");
                let overlay = config.data_dir.join(overlay::FILE);
                let at = join("plugins", name);
                problems.elsewhere_about(&at, &overlay, Severity::Error, Complaint::new(message, remedy));
            }
        }
    }
}

/// Checks only a file's first bytes: whether it implements the plugin interface is found when it is compiled.
pub fn component(path: &Path) -> Result<(), String> {
    let mut magic = [0; 4];
    // Not opened: a pipe would wait.
    if !path.metadata().map_err(|error| reason(&error))?.is_file() {
        return Err("it is not a file".into());
    }
    let mut file = File::open(path).map_err(|error| reason(&error))?;
    match file.read_exact(&mut magic) {
        Ok(()) if magic == *b"\0asm" => Ok(()),
        Ok(()) => Err("it is not a WebAssembly file".into()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err("it is not a WebAssembly file".into())
        }
        Err(error) => Err(reason(&error)),
    }
}

fn certificates(config: &Config, now_us: i64, problems: &mut Problems) {
    for domain in &config.domains {
        let Some(tls) = &domain.tls else { continue };
        let path = join(&domain.path, "tls");
        let mut readable = true;
        for (key, file) in [("cert", &tls.cert), ("key", &tls.key)] {
            // An empty path is missing in the file, and has been reported.
            readable &= !file.as_os_str().is_empty() && can_be_read(file, &join(&path, key), problems);
        }
        if let Some(file) = tls.client_ca.as_ref().filter(|file| !file.as_os_str().is_empty())
            && let Err(error) = net::Roots::file(file)
        {
            let complaint = Complaint::new(error.to_string(), error.remedy());
            problems.error(&join(&path, "client_ca"), complaint);
        }
        if readable {
            pair(domain, tls, &path, now_us, problems);
        }
    }
}

fn can_be_read(file: &Path, path: &str, problems: &mut Problems) -> bool {
    let Err(error) = File::open(file).and_then(|mut file| file.read(&mut [0; 1])) else { return true };
    let message = format!("cannot read {}: {}", file.display(), reason(&error));
    problems.error(path, Complaint::new(message, "correct the path, or let the server's user read the file"));
    false
}

/// Checks whether certificate and key can be used, and match.
fn pair(domain: &Domain, tls: &Tls, path: &str, now_us: i64, problems: &mut Problems) {
    match net::check_files(&domain.name, &tls.cert, &tls.key, now_us) {
        Ok(loaded) => {
            for warning in loaded.warnings {
                let message = format!("{}: {warning}", tls.cert.display());
                let remedy = "get a new certificate; clients will reject this one";
                problems.warning(&join(path, "cert"), Complaint::new(message, remedy));
            }
        }
        Err(error) => {
            let key = if error.field == net::CertField::Cert { "cert" } else { "key" };
            problems.error(&join(path, key), Complaint::new(error.to_string(), error.remedy()));
        }
    }
}

/// Binds all addresses at once, temporarily.
fn ports(config: &Config, own: &[SocketAddr], problems: &mut Problems) {
    let mut seen: Vec<(SocketAddr, String)> = Vec::new();
    let mut bound = Vec::new();
    for (key, addresses) in config.listen.all() {
        for (index, address) in addresses.iter().enumerate() {
            let Some(address) = address.0 else { continue };
            let path = item(&join("listen", key), index);
            if let Some((_, other)) = seen.iter().find(|(other, _)| overlap(*other, address)) {
                let message = format!("{address} is already used by {other}");
                problems.error(&path, Complaint::new(message, "choose another port"));
            } else if !own.iter().any(|own| overlap(*own, address)) {
                match bind(address) {
                    Ok(listener) => bound.push(listener),
                    Err(error) => problems.error(&path, refusal(address, &error)),
                }
            }
            seen.push((address, path));
        }
    }
}

/// Binds as the server does: IPv6 only, so that `0.0.0.0` and `[::]` can be used side by side, and despite
/// the last run's connections in TIME_WAIT.
fn bind(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = sockets::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    sockets::bind(&socket, &address)?;
    sockets::listen(&socket, 1)?;
    Ok(socket)
}

fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let same_host = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() == b.port() && a.port() != 0 && same_host && (a.is_ipv4() == b.is_ipv4())
}

/// Why an address cannot be listened on.
pub fn refusal(address: SocketAddr, error: &io::Error) -> Complaint {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => "stop the other program or choose another port",
        io::ErrorKind::AddrNotAvailable => "write an address that this machine has",
        io::ErrorKind::PermissionDenied => {
            "choose a port above 1023, or grant CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=)"
        }
        _ => "choose another address",
    };
    Complaint::new(format!("cannot listen on {address}: {}", reason(error)), remedy)
}

/// An error message without the number that the standard library appends.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
