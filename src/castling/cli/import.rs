//! The grammar of `castling import` and `castling export`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::setting;

/// `castling import`
#[derive(Debug, Args)]
pub struct Import {
    /// What the users come from
    pub server: ImportServer,
    /// Database (sqlite:FILE, mysql://…, postgres://…), directory or file to import from
    #[arg(long, value_name = "URL-OR-DIR")]
    pub from: String,
    /// File with the password for --from [default: the one in its URL]
    #[arg(long, value_name = "FILE")]
    pub from_password_file: Option<PathBuf>,
    /// Only this domain; for ejabberd's old schema, the domain of the database [default: all that this server has]
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// A domain that has another name here
    #[arg(long, value_name = "OLD=NEW", value_parser = setting)]
    pub map: Vec<(String, String)>,
    /// Only these kinds: account, roster, private, privacy, vcard, offline, last
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    pub kinds: Vec<migrate::Kind>,
    /// For jabberd2: a realm and a domain that it is for
    #[arg(long = "realm", value_name = "NAME=DOMAIN", value_parser = realm)]
    pub realms: Vec<(String, String)>,
    /// For jabberd2: what the names of its tables begin with, as `prefix` in its sm.xml
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// Only say what would be done
    #[arg(long, conflicts_with = "verify")]
    pub dry_run: bool,
    /// Compare source and store, and name each difference
    #[arg(long)]
    pub verify: bool,
    /// What happens to a record that was changed here since it was imported
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub on_conflict: ImportConflict,
    /// Whether keys are made of passwords in the clear now, or at the first log-in
    #[arg(long, value_name = "WHEN", default_value = "derive")]
    pub secrets: ImportSecrets,
    /// Write a report as JSON
    #[arg(long, value_name = "FILE.json")]
    pub report: Option<PathBuf>,
    /// Delete accounts that are gone in the source even if they are more than half of those imported
    #[arg(long)]
    pub force: bool,
}

/// What is imported from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ImportServer {
    /// A database of jabberd2 (MySQL, MariaDB, PostgreSQL, SQLite)
    Jabberd2,
    /// A database of ejabberd (SQL)
    Ejabberd,
    /// A data directory or a database of Prosody
    Prosody,
    /// Files in the Portable Import/Export Format, as ejabberd and Prosody export them
    Xep0227,
}

/// What happens to a record that was changed here.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ImportConflict {
    /// It stays as it is here
    Keep,
    /// It becomes as it is in the source
    Replace,
    /// The import ends
    Fail,
}

/// When keys are made.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ImportSecrets {
    /// Now
    Derive,
    /// At the first log-in; until then the password is kept as it is
    Keep,
}

/// Who is to read an export.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExportReader {
    /// server-data.xml and hosts/DOMAIN.xml, with keys encoded as it reads them
    Ejabberd,
    /// USER@DOMAIN.xml
    Prosody,
}

impl From<ExportReader> for migrate::export::Reader {
    fn from(reader: ExportReader) -> Self {
        match reader {
            ExportReader::Ejabberd => Self::Ejabberd,
            ExportReader::Prosody => Self::Prosody,
        }
    }
}

impl From<ImportServer> for migrate::Server {
    fn from(server: ImportServer) -> Self {
        match server {
            ImportServer::Jabberd2 => Self::Jabberd2,
            ImportServer::Ejabberd => Self::Ejabberd,
            ImportServer::Prosody => Self::Prosody,
            ImportServer::Xep0227 => Self::Xep0227,
        }
    }
}

impl From<ImportConflict> for migrate::OnConflict {
    fn from(on_conflict: ImportConflict) -> Self {
        match on_conflict {
            ImportConflict::Keep => Self::Keep,
            ImportConflict::Replace => Self::Replace,
            ImportConflict::Fail => Self::Fail,
        }
    }
}

impl From<ImportSecrets> for migrate::Secrets {
    fn from(secrets: ImportSecrets) -> Self {
        match secrets {
            ImportSecrets::Derive => Self::Derive,
            ImportSecrets::Keep => Self::Keep,
        }
    }
}

/// `castling export`
#[derive(Debug, Subcommand)]
pub enum ExportFormat {
    /// In the Portable Import/Export Format (XEP-0227)
    Xep0227 {
        /// Directory to write; it must be empty, or not exist
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Only this domain [default: all]
        #[arg(long = "domain", value_name = "DOMAIN", conflicts_with = "user")]
        domains: Vec<String>,
        /// Only this user, as name@domain
        #[arg(long, value_name = "JID")]
        user: Option<String>,
        /// The server that is to read it: ejabberd and Prosody want other files [default: any, as XEP-0227 says]
        #[arg(long = "for", value_name = "SERVER")]
        reader: Option<ExportReader>,
    },
}

/// A realm may have any name, and none.
fn realm(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((realm, domain)) if !domain.is_empty() => Ok((realm.to_owned(), domain.to_owned())),
        _ => Err("expected NAME=DOMAIN".into()),
    }
}
