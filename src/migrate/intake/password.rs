//! Which password a user has, and how it can be kept.

use auth::{Format, kept};
use storage::Kept;
use xmpp::prep_local;

use crate::person::Password;
use crate::{RawAccount, RawPassword, RawUser};

/// The account among the rows, and the others: the one whose name is the user's to the letter, else the first.
pub(super) fn chosen<'a>(raw: &'a RawUser, local: &str) -> (&'a RawAccount, Vec<&'a RawAccount>) {
    const NONE: &RawAccount =
        &RawAccount { local: None, password: RawPassword::None, created_us: None, disabled: None };
    let name = |account: &RawAccount| account.local.as_ref().unwrap_or(&raw.local) == local;
    let preps = |account: &RawAccount| {
        prep_local(account.local.as_ref().unwrap_or(&raw.local)).is_ok_and(|name| name == local)
    };
    let at = raw.accounts.iter().position(name).or_else(|| raw.accounts.iter().position(preps)).unwrap_or(0);
    let rest = raw.accounts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, account)| account);
    (raw.accounts.get(at).unwrap_or(NONE), rest.collect())
}

/// The password as it can be kept.
///
/// # Errors
/// Nobody could log in with it: why.
pub(super) fn read(password: &RawPassword) -> Result<Password, String> {
    match password {
        RawPassword::None => Ok(Password::None),
        RawPassword::Keys(keys) if keys.is_empty() => Err("no keys".into()),
        RawPassword::Keys(keys) => {
            let sound = |keys: &storage::ScramKeys| {
                let length = auth_length(keys.hash);
                keys.stored_key.len() == length && keys.server_key.len() == length && keys.iterations > 0
            };
            match keys.iter().all(sound) {
                true => Ok(Password::Keys(keys.clone())),
                false => Err("keys of another length than their hash has".into()),
            }
        }
        RawPassword::Plain(text) => plain(text),
        RawPassword::Foreign { format, text, salt } => {
            let format: Format = format.parse().map_err(|error: auth::UnknownFormat| error.to_string())?;
            match kept(format, text, salt.as_deref()).map_err(|error| error.to_string())? {
                Kept::Keys(keys) => Ok(Password::Keys(keys)),
                Kept::Secret(secret) if secret.one_way => Ok(Password::Foreign(secret)),
                Kept::Secret(secret) => plain(&secret.text),
            }
        }
        RawPassword::Unknown { text, realm } => unknown(text, realm.as_deref()),
    }
}

fn auth_length(hash: storage::Hash) -> usize {
    match hash {
        storage::Hash::Sha1 => 20,
        storage::Hash::Sha256 => 32,
        storage::Hash::Sha512 => 64,
    }
}

fn plain(text: &str) -> Result<Password, String> {
    match text {
        "" => Err("the password is empty".into()),
        _ if text.contains('\0') => Err("no password has a NUL".into()),
        _ => Ok(Password::Plain(text.to_owned())),
    }
}

/// By its form: what names its format, or 32 hexadecimal digits; else the password itself. What looks like a hash and
/// cannot be read as one is no password: whoever knows the hash could log in with it.
fn unknown(text: &str, realm: Option<&str>) -> Result<Password, String> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let format = if is_hex { Some(Format::A1Hash) } else { Format::Auto.of(text) };
    let salt = realm.filter(|_| is_hex);
    match format.map(|format| kept(format, text, salt)) {
        Some(Ok(Kept::Keys(keys))) => Ok(Password::Keys(keys)),
        Some(Ok(Kept::Secret(secret))) => Ok(Password::Foreign(secret)),
        Some(Err(why)) if looks_hashed(text) => Err(why.to_string()),
        None if looks_hashed(text) => Err("a hash of a kind that is not known".into()),
        Some(Err(_)) | None => plain(text),
    }
}

/// Names of kinds of hashes: `$id$…` (crypt), `{SCHEME}…` (RFC 2307).
const CRYPT: [&str; 19] = [
    "1", "2", "2a", "2b", "2x", "2y", "3", "5", "6", "7", "y", "gy", "md5", "sha1", "apr1", "argon2d",
    "argon2i", "argon2id", "scrypt",
];
const SCHEMES: [&str; 8] = ["SHA", "SSHA", "MD5", "SMD5", "CRYPT", "PBKDF2", "ARGON2", "SCRAM"];

/// Whether it begins as a hash does and goes on for as long as no password that was typed by chance.
fn looks_hashed(text: &str) -> bool {
    let named = |open: char, close: char| {
        let (name, rest) = text.strip_prefix(open)?.split_once(close)?;
        Some((name, rest.len() >= 6))
    };
    let is_crypt =
        matches!(named('$', '$'), Some((name, true)) if CRYPT.contains(&name) || name.starts_with("pbkdf2"));
    let is_scheme = |name: &str| SCHEMES.iter().any(|scheme| name.starts_with(scheme));
    let is_ldap = matches!(named('{', '}'), Some((name, true)) if is_scheme(name));
    is_crypt || is_ldap || text.starts_with("scram:")
}
