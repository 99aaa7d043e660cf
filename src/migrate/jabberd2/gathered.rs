//! The rows of one user, put together.

use xmpp::ns;

use super::account::Accounts;
use super::contacts::Contacts;
use super::table::Table;
use super::{nad, privacy, queue, vcard};
use crate::encoding::Encodings;
use crate::row::Row;
use crate::{Kind, RawLast, RawUser, Reason, Skipped};

/// About the most bytes that are taken of one user.
const BYTES: usize = 256 << 20;

/// What has been read of a user.
pub(super) struct Gathered {
    user: RawUser,
    accounts: Accounts,
    contacts: Contacts,
    a1hash: bool,
    bytes: usize,
}

impl Gathered {
    /// `name`: `local@host`.
    pub fn new(name: &str, a1hash: bool) -> Self {
        let (local, host) = name.rsplit_once('@').unwrap_or(("", name));
        Self {
            user: RawUser { local: local.to_owned(), host: host.to_owned(), ..RawUser::default() },
            accounts: Accounts::default(),
            contacts: Contacts::default(),
            a1hash,
            bytes: 0,
        }
    }

    /// Takes a row.
    pub fn take(&mut self, table: Table, mut row: Row, encodings: &mut Encodings) {
        self.bytes = self.bytes.saturating_add(row.bytes().0);
        if self.bytes > BYTES {
            let detail = "more than is taken of one user";
            return self.user.skipped.push(Skipped::one(
                table.kind(),
                Reason::TooLarge,
                table.name(),
                detail,
            ));
        }
        let mut fields = Fields { table: table.name(), row: &mut row, encodings };
        match table {
            Table::Authreg => self.account(&mut fields),
            Table::Active => self.accounts.active(fields.row.integer("time")),
            Table::Logout => self.logout(&mut fields),
            Table::RosterItems => self.contact(&mut fields),
            Table::RosterGroups => {
                let (jid, group) = (fields.text("jid"), fields.text("group"));
                self.contacts.group(jid, group);
            }
            Table::VCard => match vcard::element(|column| fields.optional(column)) {
                Some(vcard) => self.user.vcards.push(vcard.to_xml("")),
                None => self.user.skipped.push(Skipped::one(Kind::VCard, Reason::Empty, "", "")),
            },
            Table::Queue => queue::take(&mut self.user, &fields.text("xml")),
            Table::Private => self.private(&mut fields),
            Table::PrivacyItems => self.rule(&mut fields),
            Table::PrivacyDefault => self.user.default_lists.push(fields.text("default")),
        }
    }

    /// The row whose realm is the domain to the letter counts most.
    fn account(&mut self, fields: &mut Fields<'_>) {
        let (username, realm) = (fields.text("username"), fields.text("realm"));
        let password = fields.optional("password");
        self.accounts.row(username, realm, &self.user.host, password, self.a1hash);
    }

    fn logout(&mut self, fields: &mut Fields<'_>) {
        let seconds = fields.row.integer("time").filter(|seconds| *seconds > 0);
        match seconds.and_then(|seconds| seconds.checked_mul(1_000_000)) {
            Some(at_us) => self.user.last.push(RawLast { at_us, status: String::new() }),
            None => self.user.skipped.push(Skipped::one(Kind::Last, Reason::Empty, "", "")),
        }
    }

    fn contact(&mut self, fields: &mut Fields<'_>) {
        // Between its components jabberd2 sends it in an attribute, which comes out without tabs and line feeds.
        let name = fields.optional("name").map(|name| match name.contains(['\t', '\n', '\r']) {
            true => name.replace(['\t', '\n', '\r'], " "),
            false => name,
        });
        let jid = fields.text("jid");
        let (to, from) = (fields.row.flag("to"), fields.row.flag("from"));
        let ask = fields.row.integer("ask").unwrap_or(0);
        self.contacts.item(jid, name, to, from, ask);
    }

    /// The whole request as the client sent it, of which the first element's namespace is the key.
    fn private(&mut self, fields: &mut Fields<'_>) {
        let (namespace, xml) = (fields.text("ns"), fields.text("xml"));
        let mut skip = |reason, why: &str| {
            self.user.skipped.push(Skipped::one(Kind::Private, reason, namespace.as_str(), why));
        };
        let stanza = match nad::stanza(&xml) {
            Ok(stanza) => stanza,
            Err(why) => return skip(Reason::BrokenXml, &why),
        };
        let query = stanza.find("query", ns::PRIVATE);
        let elements: Vec<_> = query.into_iter().flat_map(|query| query.children()).collect();
        if elements.is_empty() {
            return skip(Reason::Empty, "");
        }
        self.user.private.extend(elements.into_iter().map(|element| element.to_xml("")));
    }

    fn rule(&mut self, fields: &mut Fields<'_>) {
        let item = privacy::Item {
            list: fields.text("list"),
            subject: fields.text("type"),
            value: fields.optional("value"),
            deny: fields.row.flag("deny"),
            order: fields.row.integer("order").unwrap_or(0),
            block: fields.row.integer("block").unwrap_or(0),
        };
        privacy::take(&mut self.user, item);
    }

    pub fn finish(mut self) -> RawUser {
        self.accounts.finish(&mut self.user);
        self.contacts.finish(&mut self.user);
        self.user
    }
}

/// The text of a row's columns, in whatever encoding.
struct Fields<'a> {
    table: &'static str,
    row: &'a mut Row,
    encodings: &'a mut Encodings,
}

impl Fields<'_> {
    fn optional(&mut self, column: &'static str) -> Option<String> {
        self.encodings.text(self.table, column, self.row.value(column))
    }

    fn text(&mut self, column: &'static str) -> String {
        self.optional(column).unwrap_or_default()
    }
}
