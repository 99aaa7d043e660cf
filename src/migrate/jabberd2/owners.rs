//! Whose the rows are. The session manager stores addresses normalized; administrators add accounts as they like, an old
//! table may have been encoded twice, and on MySQL jabberd2 loses backslashes (`d\27artagnan` becomes `d27artagnan`) in every
//! table but `authreg`. Whoever has more than one spelling is put together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use storage::source::{Scan, ScanKey, Tables, Value};
use xmpp::Jid;

use super::realm_map::RealmMap;
use super::table::{Found, OWNER};
use crate::encoding::Encodings;
use crate::feeds::key;
use crate::{MigrateError, digest};

/// Whose rows have a key.
pub(super) struct Owner {
    /// `local@host`, normalized if it can be.
    pub name: String,
    /// How many spellings there are.
    pub spellings: usize,
}

/// The spellings of addresses. Of those that are spelt as they should be, which are nearly all, it keeps a number each.
#[derive(Default)]
pub(super) struct Owners {
    is_mariadb: bool,
    plain: HashSet<u64>,
    /// Other spellings, with the address that is meant.
    odd: HashMap<Vec<u8>, String>,
    /// How many spellings those have that have other ones.
    spellings: HashMap<String, usize>,
    /// Addresses without their backslashes.
    stripped: HashMap<String, String>,
    /// How many addresses there are, by host.
    hosts: BTreeMap<String, u64>,
}

/// How passwords look.
#[derive(Default)]
pub(super) struct Passwords {
    hashes: u64,
    others: u64,
    named: u64,
}

impl Owners {
    pub fn new(is_mariadb: bool) -> Self {
        Self { is_mariadb, ..Self::default() }
    }

    /// Reads who has rows in a table.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read(
        &mut self,
        tables: &Tables,
        found: &Found,
        encodings: &mut Encodings,
    ) -> Result<(), MigrateError> {
        let scan = Scan {
            table: found.name.clone(),
            columns: Vec::new(),
            key: ScanKey::Column(OWNER.into()),
            then: Vec::new(),
            distinct: true,
            many: false,
        };
        let mut cursor = tables.scan(&scan).await?;
        while let Some(mut row) = cursor.next().await? {
            if let Some(owner) = row.pop() {
                self.add(found.table.name(), key(owner), encodings);
            }
        }
        Ok(())
    }

    /// Reads who has an account, and how passwords look.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn read_accounts(
        &mut self,
        tables: &Tables,
        found: &Found,
        realms: &RealmMap,
        encodings: &mut Encodings,
    ) -> Result<Passwords, MigrateError> {
        let password = found.columns.iter().position(|name| *name == "password");
        let mut cursor = tables.scan(&found.feeding(realms).scan).await?;
        let mut passwords = Passwords::default();
        while let Some(mut row) = cursor.next().await? {
            if let Some(Value::Text(text)) = password.and_then(|at| row.get(at + 1)) {
                passwords.look(text);
            }
            if !row.is_empty() {
                let raw = key(row.swap_remove(0));
                self.add("authreg", raw.clone(), encodings);
                self.strip(&raw);
            }
        }
        Ok(passwords)
    }

    fn add(&mut self, table: &'static str, raw: Vec<u8>, encodings: &mut Encodings) {
        let name = named(table, &raw, encodings);
        let fresh = match name.as_bytes() == raw {
            true => self.plain.insert(digest::key(&[&name])),
            false => self.odd.insert(raw, name.clone()).is_none(),
        };
        if fresh && let Some((_, host)) = name.rsplit_once('@') {
            match self.hosts.get_mut(host) {
                Some(count) => *count += 1,
                None => drop(self.hosts.insert(host.to_owned(), 1)),
            }
        }
    }

    fn strip(&mut self, raw: &[u8]) {
        if self.is_mariadb
            && let Ok(name) = std::str::from_utf8(raw)
            && name.contains('\\')
        {
            self.stripped.insert(name.replace('\\', ""), name.to_owned());
        }
    }

    /// All have been read: who has several spellings.
    pub fn finish(&mut self) {
        for (stripped, name) in std::mem::take(&mut self.stripped) {
            // Unless somebody really has that name, who was seen with an account.
            if self.plain.remove(&digest::key(&[&stripped])) {
                self.odd.insert(stripped.into_bytes(), name);
            }
        }
        let mut spellings: HashMap<String, usize> = HashMap::new();
        for name in self.odd.values() {
            *spellings.entry(name.clone()).or_default() += 1;
        }
        for (name, count) in &mut spellings {
            *count += usize::from(self.plain.contains(&digest::key(&[name])));
        }
        self.spellings = spellings;
    }

    /// Whose the rows with a key are.
    pub fn owner(&self, raw: &[u8], encodings: &mut Encodings) -> Owner {
        let name = match self.odd.get(raw) {
            Some(name) => name.clone(),
            None => named("", raw, encodings),
        };
        let spellings = self.spellings.get(&name).copied().unwrap_or(1);
        Owner { name, spellings }
    }

    /// How many users there are.
    pub fn count(&self) -> u64 {
        let odd: BTreeSet<&String> = self.odd.values().collect();
        let alone = odd.into_iter().filter(|name| !self.plain.contains(&digest::key(&[name]))).count();
        (self.plain.len() + alone) as u64
    }

    /// The domains.
    pub fn hosts(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }
}

/// The address that is meant: normalized, if it is one.
fn named(table: &'static str, raw: &[u8], encodings: &mut Encodings) -> String {
    let value = match std::str::from_utf8(raw) {
        Ok(text) => Value::from(text),
        Err(_) => Value::from(raw.to_vec()),
    };
    let text = encodings.text(table, OWNER, value).unwrap_or_default();
    match Jid::parse(&text) {
        Ok(jid) if jid.is_bare() => jid.as_str().to_owned(),
        _ => text,
    }
}

impl Passwords {
    fn look(&mut self, text: &str) {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let counter = match (is_hex, auth::Format::Auto.of(text).is_some()) {
            (true, _) => &mut self.hashes,
            (_, true) => &mut self.named,
            _ => &mut self.others,
        };
        *counter += 1;
    }

    /// Passwords of 32 hexadecimal digits are hashes if hardly any looks otherwise.
    pub fn are_a1hash(&self) -> bool {
        self.hashes > 0 && self.hashes >= self.others.saturating_mul(9)
    }

    pub fn note(&self) -> Option<String> {
        let Self { hashes, others, named } = self;
        let what = match (self.are_a1hash(), named) {
            (true, _) => format!("{hashes} are a1hash (MD5 of user, realm and password)"),
            (false, 1..) if *others == 0 => {
                format!("{named} are hashes that say how they were made (crypt, bcrypt)")
            }
            (false, 0) if *others > 0 => "they are in the clear".to_owned(),
            (false, 0) => return None,
            _ => format!(
                "{named} are hashes that say how they were made (crypt, bcrypt), {others} are in the clear"
            ),
        };
        Some(format!("authreg.password: {what}"))
    }
}
