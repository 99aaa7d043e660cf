//! `castling export`

use std::path::Path;

use migrate::export::{Export, ExportUser, Reader};
use migrate::page;
use runtime::Runtime;
use storage::Store;
use xmpp::Jid;

use super::target::take;
use super::{connect, reply, tokio, usable};
use crate::accounts::answer;
use crate::api::ExportPage;
use crate::cli::ExportFormat;
use crate::config::{Loaded, load, prepared};
use crate::failure::Failure;
use crate::{database, output};

/// Where users come from.
enum Users {
    Server(Box<admin::Client>),
    Store(tokio::runtime::Runtime, Box<Store>),
}

/// What is written, and where.
struct What<'a> {
    to: &'a Path,
    reader: Reader,
    domains: &'a [String],
    user: Option<&'a str>,
}

/// Executes `export`.
pub fn run(file: Option<&Path>, format: ExportFormat) -> Result<(), Failure> {
    let ExportFormat::Xep0227 { to, domains, user, reader } = format;
    let what = What {
        to: &to,
        reader: reader.map_or(Reader::Any, Reader::from),
        domains: &domains,
        user: user.as_deref(),
    };
    let loaded = load(file)?;
    let data_dir = loaded.config.data_dir.clone();
    if let Some(client) = connect(&data_dir)? {
        return write(&loaded, &mut Users::Server(Box::new(client)), what);
    }
    let loaded = usable(loaded)?;
    let _lock = take(&data_dir)?;
    let tokio = tokio()?;
    let store = tokio.block_on(Store::open(database::configured(&loaded)?, &Runtime::system()));
    let store = store.map_err(|error| error.to_string())?;
    let mut users = Users::Store(tokio, Box::new(store));
    let written = write(&loaded, &mut users, what);
    if let Users::Store(tokio, store) = &users {
        tokio.block_on(store.close()).map_err(|error| error.to_string())?;
    }
    written
}

fn write(loaded: &Loaded, users: &mut Users, what: What<'_>) -> Result<(), Failure> {
    let user = what.user.map(account).transpose()?;
    let chosen: Vec<String> = match (&user, what.domains) {
        (Some(jid), _) => vec![jid.domain().to_owned()],
        (None, []) => loaded.config.domains.iter().map(|domain| domain.name.clone()).collect(),
        (None, some) => some.iter().map(|domain| prepared(domain)).collect(),
    };
    for domain in &chosen {
        loaded.known_domain(domain)?;
    }
    if let Some(jid) = &user
        && users.page(jid.domain(), "", jid.local())?.is_empty()
    {
        return Err(Failure::Message(format!("account {jid} does not exist — see castling user list")));
    }
    let mut export = Export::begin(what.to, what.reader).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for domain in &chosen {
        export.host(domain).map_err(|error| error.to_string())?;
        let written = host(&mut export, users, domain, user.as_ref().and_then(Jid::local))?;
        rows.push(vec![domain.clone(), written.to_string()]);
    }
    export.finish().map_err(|error| error.to_string())?;
    output::table(&["domain", "users"], &rows);
    Ok(())
}

fn account(text: &str) -> Result<Jid, Failure> {
    let jid = Jid::parse(text).ok().filter(|jid| jid.local().is_some() && jid.is_bare());
    Ok(jid.ok_or_else(|| format!("{text:?} is not a valid account address — write it as name@domain"))?)
}

fn host(export: &mut Export, users: &mut Users, domain: &str, only: Option<&str>) -> Result<u64, Failure> {
    let (mut after, mut written) = (String::new(), 0);
    loop {
        let page = users.page(domain, &after, only)?;
        let Some(last) = page.last() else { return Ok(written) };
        after.clone_from(&last.local);
        for user in &page {
            for skipped in export.user(user).map_err(|error| error.to_string())? {
                output::error(&format!(
                    "{}@{domain}: {} {}",
                    user.local,
                    skipped.kind,
                    skipped.reason.words()
                ));
            }
            written += 1;
        }
        if only.is_some() {
            return Ok(written);
        }
    }
}

impl Users {
    fn page(&mut self, domain: &str, after: &str, only: Option<&str>) -> Result<Vec<ExportUser>, Failure> {
        match self {
            Self::Server(client) => {
                let (domain, after, only) = (domain.to_owned(), after.to_owned(), only.map(str::to_owned));
                let args = answer(&ExportPage { domain, after, only })?;
                reply(client.call(&admin::Request::new("export.page", args))?)
            }
            Self::Store(tokio, store) => {
                let found = tokio.block_on(page(store, domain, after, only));
                Ok(found.map_err(|error| error.to_string())?)
            }
        }
    }
}
