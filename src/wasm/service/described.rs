//! What a plugin says of where the accounts of a domain are stored.

use auth::{Format, Hash, Storing};

use crate::bindings::waiting::exports::castling::plugin::credentials::Description;
use crate::scope::Scope;

/// A description that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The statement that finds an account, `SOURCE/STATEMENT`.
    pub find: String,
    /// Its column with the stored password.
    pub secret: String,
    /// Its column with the salt.
    pub salt: Option<String>,
    /// Its column that tells whether the account is locked; it need not have it if this is the usual name.
    pub locked: Option<String>,
    /// The statement that tells whether an account exists; the operator need not have written it.
    pub exists: Option<String>,
    /// The statement that changes a password; the operator need not have written it.
    pub set_password: Option<String>,
    /// The parameters that have a value.
    pub parameters: Vec<String>,
    pub storing: Storing,
}

/// What the column that tells whether an account is locked is called unless the operator says so.
const LOCKED: &str = "locked";

impl Described {
    /// The column that tells whether an account is locked, if the operator has named it: then it must be there.
    pub fn locked_if_named(&self) -> Option<&str> {
        self.locked.as_deref().filter(|name| *name != LOCKED)
    }

    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn of(said: Description, scope: &Scope) -> Result<Self, String> {
        let format: Format = said.format.parse().map_err(|_| {
            let all = Format::ALL.iter().map(|format| format.word()).collect::<Vec<_>>().join(", ");
            format!("`{}` is not a known password format ({all})", said.format)
        })?;
        let hashes = said.hashes.iter().map(|word| hash(word)).collect::<Result<Vec<_>, _>>()?;
        if format == Format::Scram && hashes.is_empty() {
            return Err("with the format `scram`, hashes must be named: sha-1, sha-256 or sha-512".into());
        }
        if !scope.grants.allow_for("sql", "query", &said.find) {
            return Err(format!(
                "its settings name the statement {}, which is not among its grants",
                said.find
            ));
        }
        Ok(Self {
            find: said.find,
            secret: said.secret,
            salt: said.salt,
            locked: said.locked,
            exists: said.exists,
            set_password: said.set_password,
            parameters: said.parameters,
            storing: Storing { format, hashes, realm: said.realm },
        })
    }
}

fn hash(word: &str) -> Result<Hash, String> {
    match word {
        "sha-1" => Ok(Hash::Sha1),
        "sha-256" => Ok(Hash::Sha256),
        "sha-512" => Ok(Hash::Sha512),
        other => Err(format!("`{other}` is not a known hash (sha-1, sha-256, sha-512)")),
    }
}
