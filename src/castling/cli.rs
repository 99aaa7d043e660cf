//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::compiler;

/// An XMPP server.
#[derive(Debug, Parser)]
#[command(name = "castling", version, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// Configuration file [default: ./castling.toml, else a built-in demo on loopback]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: SIGTERM stops it, SIGHUP reloads the configuration
    Serve,
    /// Check the configuration
    Check,
    /// Manage accounts
    #[command(subcommand)]
    User(User),
    /// Manage domains
    #[command(subcommand)]
    Domain(Domain),
    /// Manage plugins, while the server runs or not
    #[command(subcommand)]
    Plugin(Plugin),
    /// List and close sessions
    #[command(subcommand)]
    Session(Session),
    /// Show version, uptime and listeners
    Status(Format),
    /// Show counters since the server started
    Stats(Format),
    /// Reload the configuration and the certificates
    Reload,
    /// Check the database, or copy it to another one
    #[command(subcommand)]
    Storage(Storage),
    /// Import users from another server, while this one runs or not
    Import(Box<Import>),
    /// Export users, while the server runs or not
    #[command(subcommand)]
    Export(ExportFormat),
    /// Write a copy of a SQLite database into a file, while the server may run
    Backup {
        /// File to write; it must not exist
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// For the server itself: compile a component
    #[command(name = compiler::WORD, hide = true)]
    CompilePlugin {
        /// Component
        from: PathBuf,
        /// File to write
        to: PathBuf,
    },
}

/// `castling storage`
#[derive(Debug, Subcommand)]
pub enum Storage {
    /// Check that each statement of a running server uses an index, and name those that are missing
    Check,
    /// Copy everything to an empty database, while no server runs; an interrupted copy goes on where it stopped
    Copy {
        /// Database to copy from, as storage.url
        #[arg(long, value_name = "URL")]
        from: String,
        /// Database to copy to, as storage.url
        #[arg(long, value_name = "URL")]
        to: String,
        /// File with the password for --from [default: the configuration's, if it is its database]
        #[arg(long, value_name = "FILE")]
        from_password_file: Option<PathBuf>,
        /// File with the password for --to
        #[arg(long, value_name = "FILE")]
        to_password_file: Option<PathBuf>,
    },
}

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
    /// In the Portable Import/Export Format (XEP-0227): a file for each domain, which includes one for each user
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
    },
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub struct Format {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Where the password comes from.
#[derive(Clone, Copy, Debug, Args)]
pub struct Password {
    /// Read the password from standard input instead of prompting
    #[arg(long)]
    pub password_stdin: bool,
}

/// `castling user`
#[derive(Debug, Subcommand)]
pub enum User {
    /// Create an account, or many from a file
    Add {
        /// Account, as name@domain
        #[arg(required_unless_present = "from")]
        jid: Option<String>,
        /// Where the password comes from.
        #[command(flatten)]
        password: Password,
        /// CSV file with an account and its password on each line
        #[arg(long, value_name = "FILE", conflicts_with_all = ["jid", "password_stdin"])]
        from: Option<PathBuf>,
    },
    /// Set an account's password
    Passwd {
        /// Account, as name@domain
        jid: String,
        /// Where the password comes from.
        #[command(flatten)]
        password: Password,
    },
    /// Delete an account and all its data
    Del {
        /// Account, as name@domain
        jid: String,
    },
    /// Delete adopted accounts that no auth provider of the domain has any more
    Prune {
        /// Domain whose accounts are looked at
        #[arg(long)]
        domain: String,
        /// Only list the accounts
        #[arg(long)]
        dry_run: bool,
        /// Also delete accounts of a provider that the domain's auth no longer names
        #[arg(long)]
        orphaned: bool,
        /// Delete them even if more than half of the adopted accounts are gone
        #[arg(long)]
        force: bool,
    },
    /// List accounts, one per line, adopted ones with their auth provider
    List {
        /// Only accounts of this domain
        domain: Option<String>,
    },
    /// Show an account
    Show {
        /// Account, as name@domain
        jid: String,
        /// How to print.
        #[command(flatten)]
        format: Format,
    },
}

/// `castling domain`
#[derive(Debug, Subcommand)]
pub enum Domain {
    /// List domains and where each is declared
    List(Format),
    /// Add a domain
    Add {
        /// Domain name
        domain: String,
    },
    /// Stop serving a domain; its data is kept
    Remove {
        /// Domain name
        domain: String,
        /// Also delete its accounts and all their data
        #[arg(long)]
        purge: bool,
    },
    /// Enable a disabled domain
    Enable {
        /// Domain name
        domain: String,
    },
    /// Disable a domain without removing it
    Disable {
        /// Domain name
        domain: String,
    },
}

/// `castling plugin`
#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Verify a component and store it in the data directory, without enabling it
    Install {
        /// Component file
        file: PathBuf,
        /// Name [default: the plugin's own]
        #[arg(long)]
        name: Option<String>,
    },
    /// Enable a plugin
    Enable {
        /// Plugin name
        name: String,
        /// Only on this domain [default: all domains]
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
        /// Change a setting; a value that is not TOML is taken as a string
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
        /// Remove a setting made by a command
        #[arg(long = "unset", value_name = "KEY")]
        unset: Vec<String>,
        /// What it may do [default: what it was granted before, else all that it asks for]
        #[arg(long = "grant", value_name = "GRANT")]
        grants: Vec<String>,
    },
    /// Disable a plugin
    Disable {
        /// Plugin name
        name: String,
        /// Only on this domain [default: all domains]
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
    },
    /// Reload a plugin from its file, or replace it with another version
    Reload {
        /// Plugin name
        name: String,
        /// Component file of the other version
        file: Option<PathBuf>,
        /// What it may do from now on [default: what it was granted before]
        #[arg(long = "grant", value_name = "GRANT")]
        grants: Vec<String>,
        /// Change a setting with it; a value that is not TOML is taken as a string
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
        /// Remove a setting made by a command
        #[arg(long = "unset", value_name = "KEY")]
        unset: Vec<String>,
        /// The settings are those of this domain [default: of all domains]
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
    },
    /// Remove an installed plugin
    Remove {
        /// Plugin name
        name: String,
    },
    /// List plugins and where each is declared
    List(Format),
    /// Show a plugin, or a component that is not installed
    Show {
        /// Plugin name or component file
        plugin: String,
        /// How to print.
        #[command(flatten)]
        format: Format,
    },
}

/// `castling session`
#[derive(Debug, Subcommand)]
pub enum Session {
    /// List sessions
    List(Format),
    /// Close all sessions of an account, or the one with a full JID
    Kick {
        /// name@domain or name@domain/resource
        jid: String,
    },
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".into()),
    }
}

/// A realm may have any name, and none.
fn realm(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((realm, domain)) if !domain.is_empty() => Ok((realm.to_owned(), domain.to_owned())),
        _ => Err("expected NAME=DOMAIN".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn kind(line: &str) -> Option<ErrorKind> {
        Cli::try_parse_from(line.split(' ')).err().map(|error| error.kind())
    }

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help() {
        let mut command = Cli::command();
        command.build();
        let mut text = command.render_long_help().to_string();
        for part in command.get_subcommands_mut() {
            text += &format!("\n=== {}\n{}", part.get_name().to_owned(), part.render_long_help());
            for word in part.get_subcommands_mut() {
                text += &format!("\n=== ... {}\n{}", word.get_name().to_owned(), word.render_long_help());
            }
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn commands_of_the_design() {
        for line in [
            "castling serve",
            "castling serve --config x.toml",
            "castling --config x.toml check",
            "castling user add jack@chess.example --password-stdin",
            "castling user add --from users.csv --config x.toml",
            "castling user list",
            "castling domain remove a.example --purge",
            "castling plugin install x.wasm --name x",
            "castling plugin enable x --domain a --domain b --set max=3 --set text=a=b --grant sessions.close",
            "castling plugin reload x y.wasm",
            "castling plugin reload x y.wasm --set a=b --unset c --domain a --grant content",
            "castling plugin list --json",
            "castling session list --json",
            "castling session kick jack@chess.example/x",
            "castling status --json",
            "castling stats --json",
            "castling reload",
            "castling storage check",
            "castling storage copy --from sqlite:a.db --to postgres://h/d",
            "castling import jabberd2 --from mysql://h/d --from-password-file p --map a=b --realm r=a --domain a --domain b",
            "castling import ejabberd --from sqlite:f --kind account,roster --on-conflict fail --secrets keep --dry-run",
            "castling import prosody --from dir --verify --report x.json",
            "castling import xep0227 --from dir --force",
            "castling export xep0227 --to dir --domain a",
            "castling export xep0227 --to dir --user jack@chess.example",
            "castling backup --to file.db",
        ] {
            assert_eq!(kind(line), None, "{line}");
        }
    }

    #[test]
    fn wrong_usage() {
        use ErrorKind::*;
        for (line, expected) in [
            ("castling", DisplayHelpOnMissingArgumentOrSubcommand),
            ("castling import", MissingRequiredArgument),
            ("castling import jabberd", InvalidValue),
            ("castling import jabberd2 --from x --dry-run --verify", ArgumentConflict),
            ("castling export xep0227", MissingRequiredArgument),
            ("castling cert", InvalidSubcommand),
            ("castling plugin sign", InvalidSubcommand),
            ("castling user add", MissingRequiredArgument),
            ("castling user add a@b --from x", ArgumentConflict),
            ("castling plugin enable x --set max", ValueValidation),
            ("castling serve --port 1", UnknownArgument),
        ] {
            assert_eq!(kind(line), Some(expected), "{line}");
        }
    }
}
