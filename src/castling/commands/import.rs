//! `castling import`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use migrate::{
    EjabberdSource, Jabberd2Source, MigrateError, Mode, Order, ProsodySource, Report, Server, Shown, Source,
    StoreOnly, Target, Xep0227Source, import,
};
use runtime::Runtime;
use storage::source::{SourcePassword, Tables};
use storage::{Options, Store};

use super::target::take;
use super::{connect, tokio, usable};
use crate::cli::Import;
use crate::config::{load, prepared};
use crate::failure::Failure;
use crate::imports::{Remote, importer};
use crate::{database, output};

/// Records that are named on the terminal; all are in the report.
const LINES: usize = 100;

/// The longest wait for the store, of which nobody else wants anything.
const DEADLINE: Duration = Duration::from_secs(120);

/// Executes `import`.
pub fn run(file: Option<&Path>, args: Import) -> Result<(), Failure> {
    let order = order(&args)?;
    let loaded = load(file)?;
    let tokio = tokio()?;
    let runtime = Runtime::system();
    let data_dir = loaded.config.data_dir.clone();
    if connect(&data_dir)?.is_some() {
        let source = source(&args, &runtime)?;
        let target = Arc::new(Remote(data_dir));
        return tokio.block_on(go(source, target, order, &args, &runtime));
    }
    let loaded = usable(loaded)?;
    let _lock = take(&data_dir)?;
    let options = Options { deadline: DEADLINE, batch: 1, map: false, ..database::configured(&loaded)? };
    tokio.block_on(async {
        let store = Store::open(options, &runtime).await.map_err(|error| error.to_string())?;
        let alone = Arc::new(StoreOnly(store.clone()));
        let source = source(&args, &runtime)?;
        let target = importer(&loaded.config, &loaded.config.auth, store.clone(), &runtime, alone);
        let done = go(source, Arc::new(target), order, &args, &runtime).await;
        let closed = store.close().await.map_err(|error| error.to_string());
        done.and(closed.map_err(Failure::Message))
    })
}

fn order(args: &Import) -> Result<Order, Failure> {
    let map = args.map.iter().map(|(old, new)| (prepared(old), prepared(new)));
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
        map: map.collect(),
        kinds: args.kinds.clone(),
    })
}

/// The source of the arguments.
fn source(args: &Import, runtime: &Runtime) -> Result<Box<dyn Source>, Failure> {
    let is_url = args.from.split_once(':').is_some_and(|(scheme, _)| {
        matches!(scheme, "sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb")
    });
    let path = PathBuf::from(&args.from);
    let tables = || tables(args, is_url, runtime);
    Ok(match args.server.into() {
        Server::Jabberd2 => Box::new(Jabberd2Source::new(tables()?, args.realms.clone())),
        Server::Ejabberd => {
            let host = match &args.domains[..] {
                [one] => Some(prepared(one)),
                _ => None,
            };
            Box::new(EjabberdSource::new(tables()?, host))
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
    if let Some(file) = &args.report {
        save(&report, file).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    if let Some(error) = error {
        return Err(failure(&error));
    }
    if let Some((domain, kind)) = report.unbalanced().first() {
        let what = format!("the sums of {kind} on {domain} are wrong: not every record is accounted for");
        return Err(Failure::Message(format!("{what} — please report this")));
    }
    match report.differences() {
        0 => Ok(()),
        differences => Err(Failure::Message(format!("{differences} differences between source and store"))),
    }
}

fn failure(error: &MigrateError) -> Failure {
    let remedy = match error {
        MigrateError::Source(_) | MigrateError::Conflict(_) | MigrateError::TooLarge(_) => "",
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
    output::table(&Report::HEADING, &report.table());
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

/// Written beside the place, then moved there.
fn save(report: &Report, file: &Path) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    serde_json::to_writer_pretty(&mut out, report)?;
    out.write_all(b"\n")?;
    out.sync_all()?;
    std::fs::rename(&part, file)
}
