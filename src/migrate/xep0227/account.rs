//! An account and its password.

use crate::{Kind, RawAccount, RawPassword, Reason, Skipped};
use storage::ScramKeys;
use xmpp::{Node, datetime};

use crate::xep0227::scram;

/// What a user's elements say of the account. No `Debug`: there are secrets in it.
pub(crate) struct Account {
    /// The attribute `password` (XEP-0227 §3.2). Some exporters write a hash there.
    password: Option<String>,
    keys: Vec<ScramKeys>,
    secret: Option<Secret>,
    created_us: Option<i64>,
    disabled: Option<bool>,
    /// Whether the attribute is known to be the password itself.
    is_plain: bool,
}

/// A password in another software's format, in this server's own element.
struct Secret {
    format: String,
    text: String,
    salt: Option<String>,
}

impl Account {
    pub(crate) fn new(password: Option<&str>) -> Self {
        let password = password.filter(|password| !password.is_empty()).map(str::to_owned);
        let (keys, secret, created_us) = (Vec::new(), None, None);
        Self { password, keys, secret, created_us, disabled: None, is_plain: false }
    }

    /// Adds `scram-credentials`. Of two with one mechanism the first counts.
    pub(crate) fn credentials(&mut self, credentials: Node<'_>, skipped: &mut Vec<Skipped>) {
        let mechanism = credentials.attr("mechanism").unwrap_or_default();
        let skip = |reason, why| Skipped::one(Kind::Account, reason, mechanism, why);
        match scram::read(credentials) {
            Ok(keys) if self.keys.iter().any(|known| known.hash == keys.hash) => {
                skipped.push(skip(Reason::Duplicate, "the mechanism's first ones are taken"));
            }
            Ok(keys) => self.keys.push(keys),
            Err(why) => skipped.push(skip(Reason::UnusablePassword, why)),
        }
    }

    /// Adds this server's own `account`.
    pub(crate) fn facts(&mut self, account: Node<'_>) {
        self.created_us =
            account.attr("created").and_then(|stamp| datetime::parse(&stamp)).or(self.created_us);
        let disabled = account.attr("disabled").is_some_and(|value| value == "true");
        self.disabled = Some(disabled || self.disabled == Some(true));
        self.is_plain |= account.attr("password").is_some_and(|form| form == "plain");
    }

    /// Adds this server's own `secret`.
    pub(crate) fn secret(&mut self, secret: Node<'_>) {
        self.secret = Some(Secret {
            format: secret.attr("format").unwrap_or_default().into_owned(),
            text: secret.text().into_owned(),
            salt: secret.attr("salt").map(std::borrow::Cow::into_owned),
        });
    }

    /// The account, once all elements are known.
    pub(crate) fn finish(mut self, skipped: &mut Vec<Skipped>) -> RawAccount {
        let password = self.choose(skipped);
        RawAccount { local: None, password, created_us: self.created_us, disabled: self.disabled }
    }

    /// Keys are certain to be keys; the attribute may be anything.
    fn choose(&mut self, skipped: &mut Vec<Skipped>) -> RawPassword {
        let mut overtaken = |what: &str, is_there: bool| {
            if is_there {
                let why = "the user has another form of the password that is taken";
                skipped.push(Skipped::one(Kind::Account, Reason::Stale, what, why));
            }
        };
        if !self.keys.is_empty() {
            overtaken("password", self.password.is_some());
            overtaken("secret", self.secret.is_some());
            return RawPassword::Keys(std::mem::take(&mut self.keys));
        }
        if let Some(secret) = self.secret.take() {
            overtaken("password", self.password.is_some());
            return secret.password();
        }
        let Some(text) = self.password.take() else { return RawPassword::None };
        if self.is_plain {
            return RawPassword::Plain(text);
        }
        match scram::from_password(&text) {
            Some(keys) => RawPassword::Keys(vec![keys]),
            None => RawPassword::Unknown { text, realm: None },
        }
    }
}

impl Secret {
    fn password(self) -> RawPassword {
        match self.format.as_str() {
            "plain" => RawPassword::Plain(self.text),
            _ => RawPassword::Foreign { format: self.format, text: self.text, salt: self.salt },
        }
    }
}
