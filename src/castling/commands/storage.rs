//! `castling storage check` and `castling storage copy`

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::{Clock, Runtime, SystemClock};
use storage::{CopyError, CopyProgress, Options};

use super::target::take;
use super::{connect, tokio, usable};
use crate::cli::Storage;
use crate::config::{Loaded, load};
use crate::failure::Failure;
use crate::sources::{self, Looked};
use crate::{database, output};

/// Progress is shown at most this often, if nobody watches a terminal.
const PAUSE: Duration = Duration::from_secs(10);
const PAUSE_ON_TERMINAL: Duration = Duration::from_secs(1);

pub fn run(file: Option<&Path>, storage: Storage) -> Result<(), Failure> {
    let loaded = usable(load(file)?)?;
    match storage {
        Storage::Check => check(&loaded),
        Storage::Copy { from, to, from_password_file, to_password_file } => {
            let from = options(&loaded, "--from", &from, from_password_file)?;
            let to = options(&loaded, "--to", &to, to_password_file)?;
            copy(&loaded, &from, &to)
        }
    }
}

/// Reports what costs the database more than it has to; fails if there is anything.
fn check(loaded: &Loaded) -> Result<(), Failure> {
    let options = database::configured(loaded)?;
    let found = tokio()?.block_on(storage::check(&options, &Runtime::system()));
    let found = found.map_err(|error| format!("cannot check the database: {error}"))?;
    let rows: Vec<_> =
        found.tables.iter().map(|(name, rows)| vec![(*name).into(), rows.to_string()]).collect();
    output::table(&["table", "rows"], &rows);
    for finding in &found.findings {
        output::error(&format!("{} — {}", finding.what, finding.remedy));
    }
    let fine = check_sources(loaded)?;
    if !found.findings.is_empty() || !fine {
        return Err(Failure::Said);
    }
    output::line(&format!("OK, {} statements were looked at: each uses an index", found.statements));
    Ok(())
}

/// The same for the statements of data sources: what each takes and returns, and what is wrong with it. Returns whether
/// nothing is.
fn check_sources(loaded: &Loaded) -> Result<bool, Failure> {
    let looked = tokio()?.block_on(sources::look(&loaded.config));
    let (mut rows, mut complaints) = (Vec::new(), Vec::new());
    for Looked { name, found } in looked {
        match found {
            Err(complaint) => complaints.push(complaint),
            Ok(inspection) => {
                for report in &inspection.statements {
                    let (takes, returns) =
                        (sources::typed(&report.parameters), sources::typed(&report.columns));
                    rows.push(vec![format!("{name}/{}", report.name), takes, returns]);
                    complaints.extend(sources::errors(report).chain(sources::warnings(report)));
                }
            }
        }
    }
    if !rows.is_empty() {
        output::line("");
        output::table(&["data source/statement", "parameters", "columns"], &rows);
    }
    complaints.iter().for_each(|one| output::error(&format!("{} — {}", one.message, one.remedy)));
    Ok(complaints.is_empty())
}

fn copy(loaded: &Loaded, from: &Options, to: &Options) -> Result<(), Failure> {
    let data_dir = &loaded.config.data_dir;
    if connect(data_dir)?.is_some() {
        let why = format!("a server is running with the data directory {}", data_dir.display());
        return Err(Failure::Message(format!(
            "{why} — stop it first: what it writes meanwhile would be lost"
        )));
    }
    for options in [from, to] {
        // Beside a SQLite file stand the lock and the socket of the server that uses it.
        let place = options.sqlite_file().and_then(|file| file.parent().map(Path::to_owned));
        if let Some(place) = place.filter(|place| place != data_dir && place.is_dir())
            && connect(&place)?.is_some()
        {
            let why = format!("a server is running with the data directory {}", place.display());
            return Err(Failure::Message(format!("{why} — stop it first")));
        }
    }
    if from.url == to.url {
        return Err(Failure::Message("--from and --to are the same database — name another".into()));
    }
    let _lock = take(data_dir)?;
    let mut shown = Shown::default();
    let copied = tokio()?.block_on(storage::copy(from, to, &Runtime::system(), |step| shown.step(step)));
    let report = copied.map_err(|error| failure(&error))?;
    let rows: Vec<_> = report.iter().map(|(name, rows)| vec![(*name).into(), rows.to_string()]).collect();
    output::table(&["table", "rows"], &rows);
    output::line("OK, both databases contain the same; name the new one in storage.url");
    Ok(())
}

fn failure(error: &CopyError) -> String {
    let remedy = match error {
        CopyError::From(_) | CopyError::To(_) => {
            "remove the cause and run the command again: it goes on where it stopped"
        }
        CopyError::OldSchema => "run castling serve of this version on it, and stop it when it says ready",
        CopyError::Unfinished => "copy from the database that it was being copied from",
        CopyError::NotEmpty => "create another database, or empty this one",
        CopyError::Differ(_) => "see that no server uses the database to copy from",
    };
    format!("{error} — {remedy}")
}

/// When progress was shown last.
#[derive(Default)]
struct Shown(Option<Duration>);

impl Shown {
    fn step(&mut self, step: CopyProgress) {
        let now = SystemClock.monotonic();
        let pause = if stderr().is_terminal() { PAUSE_ON_TERMINAL } else { PAUSE };
        let (word, done, all) = match step {
            CopyProgress::Copied(done, all) => ("copied", done, all),
            CopyProgress::Compared(done, all) => ("compared", done, all),
        };
        if done == all || self.0.is_none_or(|last| now.saturating_sub(last) >= pause) {
            self.0 = Some(now);
            output::error(&format!("{word} {done} of {all} accounts"));
        }
    }
}

/// A database from the command line; the configuration's has its password from there.
fn options(loaded: &Loaded, flag: &str, url: &str, password: Option<PathBuf>) -> Result<Options, Failure> {
    let mut options = match loaded.config.storage.url.0 == url {
        true => database::configured(loaded)?,
        false => Options::new(url, &loaded.config.data_dir),
    };
    if let Some(file) = password {
        let read = database::read_password(&file);
        options.password =
            Some(read.map_err(|why| format!("cannot read the password in {}: {why}", file.display()))?);
    }
    storage::Store::understands(&options).map_err(|error| format!("{flag}: {error}"))?;
    Ok(options)
}
