//! Accounts and their passwords: the table `users`.

use crate::{Kind, RawAccount, RawPassword, Reason, Skipped};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use storage::{Hash, ScramKeys};

use super::remark;
use crate::row::{BadText, Row};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The rows of an account: one, or since 25.03 one for each form in which the password is kept.
#[derive(Default)]
pub(super) struct Account {
    rows: u64,
    created_us: Option<i64>,
    plain: Option<String>,
    keys: Vec<ScramKeys>,
    /// Rows whose password cannot be used: what is wrong with it.
    unusable: Vec<(Reason, &'static str)>,
}

/// What a row has for a password.
enum Secret {
    Plain(String),
    Keys(ScramKeys),
}

impl Account {
    pub fn take(&mut self, mut row: Row, skipped: &mut Vec<Skipped>) {
        self.rows += 1;
        if let Some(created_us) = row.moment("created_at") {
            self.created_us = Some(self.created_us.map_or(created_us, |earlier| earlier.min(created_us)));
        }
        match secret(&mut row) {
            Ok(Secret::Plain(password)) => self.plain = Some(password),
            Ok(Secret::Keys(keys)) => self.key(keys, skipped),
            Err(why) => self.unusable.push(why),
        }
    }

    /// Rows come in the order of `type`: one from before 25.03, without a type, is overtaken.
    fn key(&mut self, keys: ScramKeys, skipped: &mut Vec<Skipped>) {
        match self.keys.iter_mut().find(|earlier| earlier.hash == keys.hash) {
            Some(earlier) => {
                *earlier = keys;
                skipped.push(Skipped::one(Kind::Account, Reason::Stale, "users", "keys of the same hash"));
            }
            None => self.keys.push(keys),
        }
    }

    /// The account, if there is a row. A plain password makes keys of all hashes, and is preferred. If no row has a password
    /// that can be used, the account has none.
    pub fn finish(self, skipped: &mut Vec<Skipped>) -> Option<RawAccount> {
        if self.rows == 0 {
            return None;
        }
        let password = match (self.plain, self.keys.is_empty()) {
            (Some(password), _) => RawPassword::Plain(password),
            (None, false) => RawPassword::Keys(self.keys),
            (None, true) => RawPassword::None,
        };
        // One row is the account, whatever its password is.
        let mut is_account = matches!(password, RawPassword::None);
        for (reason, detail) in self.unusable {
            skipped.push(match std::mem::take(&mut is_account) {
                true => remark(Kind::Account, reason, "users", detail),
                false => Skipped::one(Kind::Account, reason, "users", detail),
            });
        }
        Some(RawAccount { password, created_us: self.created_us, ..RawAccount::default() })
    }
}

fn secret(row: &mut Row) -> Result<Secret, (Reason, &'static str)> {
    let is_text = |_: BadText| (Reason::BadText, "the password is not valid text");
    let unusable = |what| (Reason::UnusablePassword, what);
    let password = row.text("password").map_err(is_text)?;
    let (server_key, salt) = (row.text("serverkey").map_err(is_text)?, row.text("salt").map_err(is_text)?);
    let iterations = row.integer("iterationcount").unwrap_or_default();
    if iterations == 0 && server_key.is_empty() && salt.is_empty() {
        return Ok(Secret::Plain(password));
    }
    let (hash, stored_key) = hash(&password, row.integer("type")).map_err(unusable)?;
    let decoded = |text: &str, what| BASE64.decode(text.trim()).map_err(|_| unusable(what));
    let keys = ScramKeys {
        hash,
        iterations: u32::try_from(iterations).map_err(|_| unusable("the number of iterations"))?,
        salt: decoded(&salt, "the salt is not base64")?,
        stored_key: decoded(stored_key, "the stored key is not base64")?,
        server_key: decoded(&server_key, "the server key is not base64")?,
    };
    match fault(&keys) {
        Some(what) => Err(unusable(what)),
        None => Ok(Secret::Keys(keys)),
    }
}

/// The hash, and the stored key without the prefix that named it before 25.03. A row from then, and one of SHA-1, has none.
fn hash(password: &str, kind: Option<i64>) -> Result<(Hash, &str), &'static str> {
    if let Some(key) = password.strip_prefix("sha256:") {
        return Ok((Hash::Sha256, key));
    }
    if let Some(key) = password.strip_prefix("sha512:") {
        return Ok((Hash::Sha512, key));
    }
    match kind {
        None | Some(0 | 2) => Ok((Hash::Sha1, password)),
        Some(3) => Ok((Hash::Sha256, password)),
        Some(4) => Ok((Hash::Sha512, password)),
        Some(1) => Err("the type says that it is plain, and it has keys"),
        Some(_) => Err("an unknown type of password"),
    }
}

fn fault(keys: &ScramKeys) -> Option<&'static str> {
    let length = match keys.hash {
        Hash::Sha1 => 20,
        Hash::Sha256 => 32,
        Hash::Sha512 => 64,
    };
    match keys {
        _ if keys.stored_key.len() != length => Some("the stored key has not the length of its hash"),
        _ if keys.server_key.len() != length => Some("the server key has not the length of its hash"),
        _ if keys.salt.is_empty() => Some("there is no salt"),
        _ if keys.iterations == 0 => Some("the number of iterations"),
        _ => None,
    }
}
