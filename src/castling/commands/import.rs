//! `castling import`

mod report_file;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use admin::{Lock, LockError};
use migrate::{
    EjabberdSource, Jabberd2Source, MigrateError, Mode, Order, ProsodySource, Report, Server, Shown, Source,
    StoreOnly, Target, Xep0227Source, import,
};
use runtime::Runtime;
use storage::source::{SourcePassword, Tables};
use storage::{Options, Store};
use xmpp::Jid;

use super::target::take;
use super::{connect, tokio, usable};
use crate::cli::Import;
use crate::config::{load, prepared};
use crate::failure::Failure;
use crate::imports::{Remote, importer};
use crate::{database, output};
use report_file::ReportFile;

/// Records that are named on the terminal; all are in the report.
const LINES: usize = 100;

/// The longest wait for the store, of which nobody else wants anything.
const DEADLINE: Duration = Duration::from_secs(120);

/// Executes `import`.
pub fn run(file: Option<&Path>, args: Import) -> Result<(), Failure> {
    let order = order(&args)?;
    let loaded = load(file)?;
    for (_, new) in &args.map {
        loaded.known_domain(new)?;
    }
    let tokio = tokio()?;
    let runtime = Runtime::system();
    let data_dir = loaded.config.data_dir.clone();
    for (_, domain) in &args.realms {
        loaded.known_domain(order.renamed(&prepared(domain)))?;
    }
    let report = args.report.as_deref().map(|path| ReportFile::open(path, &data_dir)).transpose()?;
    if connect(&data_dir)?.is_some() {
        let _alone = alone(&data_dir)?;
        let source = source(&args, &runtime)?;
        let target = Arc::new(Remote(data_dir));
        return tokio.block_on(go(source, target, order, &args, report, &runtime));
    }
    let loaded = usable(loaded)?;
    let _lock = take(&data_dir)?;
    let options = Options { deadline: DEADLINE, batch: 1, map: false, ..database::configured(&loaded)? };
    tokio.block_on(async {
        let store = Store::open(options, &runtime).await.map_err(|error| error.to_string())?;
        let alone = Arc::new(StoreOnly(store.clone()));
        let source = source(&args, &runtime)?;
        let target = importer(&loaded.config, &loaded.config.auth, store.clone(), &runtime, alone);
        let done = go(source, Arc::new(target), order, &args, report, &runtime).await;
        let closed = store.close().await.map_err(|error| error.to_string());
        done.and(closed.map_err(Failure::Message))
    })
}

/// Held while this import goes on: two at once would meet in the same accounts.
fn alone(data_dir: &Path) -> Result<Lock, Failure> {
    let path = data_dir.join("import.lock");
    Lock::file(&path).map_err(|error| {
        Failure::Message(match error {
            LockError::Held(_) => "another import is under way — wait for it to end".into(),
            LockError::Io(error) => {
                format!("cannot write {}: {error} — run as the user that owns it", path.display())
            }
        })
    })
}

fn order(args: &Import) -> Result<Order, Failure> {
    let mut map = std::collections::BTreeMap::new();
    for (old, new) in &args.map {
        domain(old, "--map")?;
        if map.insert(prepared(old), prepared(new)).is_some_and(|other| other != prepared(new)) {
            return Err(Failure::Message(format!("--map: {old} has two new names — leave one out")));
        }
    }
    for (_, name) in &args.realms {
        domain(name, "--realm")?;
    }
    Ok(Order {
        server: args.server.into(),
        mode: match (args.dry_run, args.verify) {
            (true, _) => Mode::DryRun,
            (_, true) => Mode::Verify,
            _ => Mode::Write,
        },
        on_conflict: args.on_conflict.into(),
        secrets: args.secrets.into(),
        domains: args.domains.iter().map(|domain| prepared(domain)).collect(),
        map,
        kinds: args.kinds.clone(),
        keep_missing: false,
    })
}

fn domain(name: &str, option: &str) -> Result<(), Failure> {
    let is_valid = Jid::parse(name).is_ok_and(|jid| jid.is_domain());
    is_valid.then_some(()).ok_or_else(|| format!("{option}: {name:?} is not a domain — correct it").into())
}

/// The source of the arguments.
fn source(args: &Import, runtime: &Runtime) -> Result<Box<dyn Source>, Failure> {
    let is_url = args.from.split_once(':').is_some_and(|(scheme, _)| {
        matches!(scheme, "sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb")
    });
    let server = args.server.into();
    if server != Server::Jabberd2 && (!args.realms.is_empty() || args.prefix.is_some()) {
        return Err(Failure::Message("--realm and --prefix are for jabberd2 only — leave them out".into()));
    }
    let path = PathBuf::from(&args.from);
    let tables = || tables(args, is_url, runtime);
    Ok(match server {
        Server::Jabberd2 => {
            let source = Jabberd2Source::new(tables()?, args.realms.clone());
            Box::new(source.prefixed(args.prefix.as_deref().unwrap_or_default()).of_kinds(&args.kinds))
        }
        Server::Ejabberd => {
            let host = match &args.domains[..] {
                [one] => Some(prepared(one)),
                _ => None,
            };
            Box::new(EjabberdSource::new(tables()?, host).of_kinds(&args.kinds))
        }
        Server::Prosody if is_url => Box::new(ProsodySource::sql(tables()?)),
        Server::Prosody => Box::new(ProsodySource::files(path)),
        Server::Xep0227 => Box::new(Xep0227Source::new(path)),
    })
}

fn tables(args: &Import, is_url: bool, runtime: &Runtime) -> Result<Tables, Failure> {
    if !is_url {
        let why = format!("--from {} is not the URL of a database", args.from);
        return Err(Failure::Message(format!(
            "{why} — write sqlite:FILE, mysql://USER@HOST/DATABASE or postgres://USER@HOST/DATABASE"
        )));
    }
    let password = args.from_password_file.clone().map_or(SourcePassword::Url, SourcePassword::File);
    let here = std::env::current_dir().map_err(|error| format!("no current directory: {error}"))?;
    let tables = Tables::new(&args.from, &here, password, runtime);
    Ok(tables.map_err(|error| format!("--from: {error}"))?)
}

async fn go(
    source: Box<dyn Source>,
    target: Arc<dyn Target>,
    order: Order,
    args: &Import,
    file: Option<ReportFile>,
    runtime: &Runtime,
) -> Result<(), Failure> {
    let mut shown = Shown::new(runtime.clock.clone(), output::error);
    let done = import(source, target, order, runtime, args.force, &mut shown).await;
    shown.end();
    let (report, error) = match done {
        Ok(report) => (report, None),
        Err((report, error)) => (report, Some(error)),
    };
    print(&report, args.report.as_deref());
    if let (Some(file), Some(path)) = (file, &args.report) {
        file.save(&report).map_err(|error| format!("cannot write the report {}: {error}", path.display()))?;
    }
    match error {
        Some(error) => Err(failure(&error, &report)),
        None => verdict(&report),
    }
}

/// What is wrong with an import that went to its end.
fn verdict(report: &Report) -> Result<(), Failure> {
    if let Some((domain, kind)) = report.unbalanced().first() {
        let what = format!("the sums of {kind} on {domain} are wrong: not every record is accounted for");
        return Err(Failure::Message(format!("{what} — please report this")));
    }
    if report.damaged {
        let what = "a part of the source could not be read: what is missing there was left as it is here";
        return Err(Failure::Message(format!("{what} — see what is said above, and import it once more")));
    }
    match report.differences() {
        0 => Ok(()),
        1 => Err(Failure::Message("1 difference between source and store".into())),
        differences => Err(Failure::Message(format!("{differences} differences between source and store"))),
    }
}

fn failure(error: &MigrateError, report: &Report) -> Failure {
    let remedy = match error {
        MigrateError::Source(_) | MigrateError::Conflict(_) | MigrateError::TooLarge(_) => "",
        _ if !report.may_have_written() => "",
        _ => {
            " — remove the cause and run the command again: what has been imported stays, and is not imported twice"
        }
    };
    Failure::Message(format!("{error}{remedy}"))
}

fn print(report: &Report, file: Option<&Path>) {
    for note in &report.notes {
        output::line(note);
    }
    let table = report.table();
    if !table.is_empty() {
        output::table(&Report::HEADING, &table);
    }
    for (domain, accounts) in &report.foreign_passwords {
        output::line(&format!(
            "{domain}: {accounts} accounts have their password as other software kept it, until their first log-in"
        ));
    }
    report.lines().take(LINES).for_each(|line| output::error(&line));
    let more = report.tally.listed.len().saturating_sub(LINES) as u64 + report.tally.not_listed;
    if more > 0 {
        let remedy = match file {
            Some(file) => format!("all are in {}", file.display()),
            None => "--report FILE.json lists all".to_owned(),
        };
        output::error(&format!("and {more} more — {remedy}"));
    }
}
