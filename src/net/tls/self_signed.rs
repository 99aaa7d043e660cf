//! Self-signed certificates, for demos and for domains that have none yet.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};

use super::error::{TlsError, TlsFault, TlsWarning};
use super::files::{Pair, read_pair};

const DAY_SECONDS: u64 = 86_400;
const VALID_DAYS: u64 = 3650;

/// The domain's certificate in `dir`, or a new one if there is no usable one.
pub(super) fn pair(domain: &str, dir: &Path, now_us: i64) -> Result<Pair, TlsError> {
    let (cert, key) = paths(domain, dir)?;
    let kept = read_pair(domain, &cert, &key, now_us);
    let mut pair = match kept {
        // Any warning (expired, wrong name) is reason enough to create a new one.
        Ok(pair) if pair.loaded.warnings.is_empty() => pair,
        _ => {
            make(domain, &cert, &key, now_us)?;
            read_pair(domain, &cert, &key, now_us)?
        }
    };
    pair.loaded.warnings.push(TlsWarning::SelfSigned);
    Ok(pair)
}

/// File names: the domain with characters special to a file system replaced.
fn paths(domain: &str, dir: &Path) -> Result<(PathBuf, PathBuf), TlsError> {
    let name = xmpp::to_ascii(domain).ok_or_else(|| unnameable(dir, domain))?;
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '_' };
    let file: String = name.chars().map(plain).collect();
    Ok((dir.join(format!("{file}.crt")), dir.join(format!("{file}.key"))))
}

fn unnameable(path: &Path, domain: &str) -> TlsError {
    TlsError::cert(path, TlsFault::Domain(domain.to_owned()))
}

fn make(domain: &str, cert: &Path, key: &Path, now_us: i64) -> Result<(), TlsError> {
    let broken = |e: rcgen::Error| TlsError::cert(cert, TlsFault::Library(e.to_string()));
    let pair = KeyPair::generate().map_err(broken)?;
    let params = params(domain, now_us).ok_or_else(|| unnameable(cert, domain))?;
    let made = params.self_signed(&pair).map_err(broken)?;
    let secret = pair.serialize_pem();
    if let Some(dir) = key.parent() {
        fs::create_dir_all(dir).map_err(|e| TlsError::key(dir, TlsFault::Unwritable(e)))?;
    }
    // After a crash in between, the two do not match, and both are created anew.
    write(key, secret.as_bytes(), 0o600).map_err(|e| TlsError::key(key, TlsFault::Unwritable(e)))?;
    write(cert, made.pem().as_bytes(), 0o644).map_err(|e| TlsError::cert(cert, TlsFault::Unwritable(e)))
}

fn params(domain: &str, now_us: i64) -> Option<CertificateParams> {
    let name = xmpp::to_ascii(domain)?.into_owned();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let names = match bare.parse::<IpAddr>() {
        Ok(_) => vec![bare.to_owned()],
        Err(_) => vec![name.clone(), format!("*.{name}")],
    };
    let mut params = CertificateParams::new(names).ok()?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let now = u64::try_from(now_us).unwrap_or(0) / 1_000_000;
    let at = |seconds| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    params.not_before = at(now.saturating_sub(DAY_SECONDS));
    params.not_after = at(now + VALID_DAYS * DAY_SECONDS);
    Some(params)
}

/// Renamed into place only once it is complete.
fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    // One left by a crashed run may have other permissions.
    match fs::remove_file(&part) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&part, path)
}
