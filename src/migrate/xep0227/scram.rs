//! SCRAM keys (XEP-0227 §3.3), as the servers write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use storage::{Hash, ScramKeys};
use xmpp::Node;

use crate::xep0227::names::SCRAM;

/// Each mechanism's hash.
pub(crate) const MECHANISMS: [(&str, Hash); 3] =
    [("SCRAM-SHA-1", Hash::Sha1), ("SCRAM-SHA-256", Hash::Sha256), ("SCRAM-SHA-512", Hash::Sha512)];

/// Bytes of a key.
fn key_len(hash: Hash) -> usize {
    match hash {
        Hash::Sha1 => 20,
        Hash::Sha256 => 32,
        Hash::Sha512 => 64,
    }
}

/// Reads `scram-credentials`.
///
/// # Errors
/// Why they are of no use.
pub(crate) fn read(credentials: Node<'_>) -> Result<ScramKeys, &'static str> {
    let mechanism = credentials.attr("mechanism").unwrap_or_default();
    let is_named = |name: &str| mechanism.trim().trim_end_matches("-PLUS").eq_ignore_ascii_case(name);
    let known = MECHANISMS.iter().find(|(name, _)| is_named(name));
    let (_, hash) = known.ok_or("an unknown mechanism")?;
    let text = |name| credentials.child(name, SCRAM).map(|child| child.text().into_owned());
    let field = |name| text(name).ok_or("a key, the salt or the iteration count is missing");
    let iterations = field("iter-count")?;
    keys(*hash, &field("stored-key")?, &field("server-key")?, &field("salt")?, &iterations)
}

/// Reads `scram:stored,server,salt,iterations`, as ejabberd wrote it into the attribute `password`; `None` if it is
/// nothing of the kind.
pub(crate) fn from_password(password: &str) -> Option<ScramKeys> {
    let parts: Vec<_> = password.strip_prefix("scram:")?.split(',').collect();
    let [stored, server, salt, iterations] = parts.as_slice() else { return None };
    Hash::ALL.into_iter().find_map(|hash| keys(hash, stored, server, salt, iterations).ok())
}

fn keys(
    hash: Hash,
    stored: &str,
    server: &str,
    salt: &str,
    iterations: &str,
) -> Result<ScramKeys, &'static str> {
    let decoded = |text| decode(text).ok_or("invalid base64");
    let (mut stored, mut server, mut salt) = (decoded(stored)?, decoded(server)?, decoded(salt)?);
    let len = key_len(hash);
    // ejabberd encodes twice.
    if stored.len() != len || server.len() != len {
        (stored, server, salt) = (again(&stored)?, again(&server)?, again(&salt)?);
    }
    if stored.len() != len || server.len() != len {
        return Err("keys of another length than the mechanism's");
    }
    let iterations = iterations.trim().parse().ok().filter(|count| *count > 0);
    let iterations = iterations.ok_or("an invalid iteration count")?;
    if salt.is_empty() {
        return Err("no salt");
    }
    Ok(ScramKeys { hash, iterations, salt, stored_key: stored, server_key: server })
}

fn again(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let text = std::str::from_utf8(text).ok();
    text.and_then(decode).ok_or("keys of another length than the mechanism's")
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok()
}
