//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::compiler;

mod import;
mod links;

pub use import::{ExportFormat, Import};
pub use links::{Component, S2s};

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
    /// Manage external components, while the server runs or not
    #[command(subcommand)]
    Component(Component),
    /// Show, close and try streams to other servers
    #[command(subcommand)]
    S2s(S2s),
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
            "castling component list --json",
            "castling component add bot.chess.example --secret-stdin --domain a --domain b --queue",
            "castling component remove bot.chess.example",
            "castling s2s list --json",
            "castling s2s close remote.example",
            "castling s2s check remote.example --from chess.example",
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
            ("castling component add", MissingRequiredArgument),
            ("castling user add", MissingRequiredArgument),
            ("castling user add a@b --from x", ArgumentConflict),
            ("castling plugin enable x --set max", ValueValidation),
            ("castling serve --port 1", UnknownArgument),
        ] {
            assert_eq!(kind(line), Some(expected), "{line}");
        }
    }
}
