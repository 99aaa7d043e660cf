//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// An XMPP server.
#[derive(Debug, Parser)]
#[command(name = "castling", version, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// The configuration; without it ./castling.toml, else a demo on loopback
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until SIGTERM; SIGHUP reloads
    Serve,
    /// Report every problem of the configuration with file, line and remedy
    Check,
    /// Accounts, on a running server or without one
    #[command(subcommand)]
    User(User),
    /// Domains that are served
    #[command(subcommand)]
    Domain(Domain),
    /// Plugins, loaded and removed while the server runs
    #[command(subcommand)]
    Plugin(Plugin),
    /// Connected clients
    #[command(subcommand)]
    Session(Session),
    /// What the server is doing
    Status(Format),
    /// Counters since the server started
    Stats(Format),
    /// Read the configuration and the certificates again
    Reload,
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
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    pub password_stdin: bool,
}

/// `castling user`
#[derive(Debug, Subcommand)]
pub enum User {
    /// Create an account, or many from a file
    Add {
        /// The account, as name@domain
        #[arg(required_unless_present = "from")]
        jid: Option<String>,
        /// Where the password comes from.
        #[command(flatten)]
        password: Password,
        /// A CSV file with an account and its password on each line
        #[arg(long, value_name = "FILE", conflicts_with_all = ["jid", "password_stdin"])]
        from: Option<PathBuf>,
    },
    /// Set an account's password
    Passwd {
        /// The account, as name@domain
        jid: String,
        /// Where the password comes from.
        #[command(flatten)]
        password: Password,
    },
    /// Delete an account and everything it has
    Del {
        /// The account, as name@domain
        jid: String,
    },
    /// List accounts, one a line
    List {
        /// Only those of this domain
        domain: Option<String>,
    },
    /// Show an account
    Show {
        /// The account, as name@domain
        jid: String,
        /// How to print.
        #[command(flatten)]
        format: Format,
    },
}

/// `castling domain`
#[derive(Debug, Subcommand)]
pub enum Domain {
    /// List the domains, each with who declared it
    List(Format),
    /// Serve another domain
    Add {
        /// Its name
        domain: String,
    },
    /// Serve a domain no longer; its data stays
    Remove {
        /// Its name
        domain: String,
        /// Delete its accounts and all their data as well
        #[arg(long)]
        purge: bool,
    },
    /// Serve a disabled domain again
    Enable {
        /// Its name
        domain: String,
    },
    /// Serve a domain no longer, but keep it
    Disable {
        /// Its name
        domain: String,
    },
}

/// `castling plugin`
#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Verify a component and keep it in the data directory, not yet enabled
    Install {
        /// The component
        file: PathBuf,
        /// Its name, if not the file's
        #[arg(long)]
        name: Option<String>,
    },
    /// Let a plugin decide, at once
    Enable {
        /// Its name
        name: String,
        /// Only on this domain; all if none is named
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
        /// Change a setting; the value is TOML, else a string
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
        /// What it may use; without it, what it asks for
        #[arg(long = "grant", value_name = "GRANT")]
        grants: Vec<String>,
    },
    /// Let a plugin decide no longer
    Disable {
        /// Its name
        name: String,
        /// Only on this domain; all if none is named
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
    },
    /// Replace a plugin by its file as it is now, or by another version
    Reload {
        /// Its name
        name: String,
        /// The other version
        file: Option<PathBuf>,
    },
    /// Remove an installed plugin
    Remove {
        /// Its name
        name: String,
    },
    /// List the plugins, each with who declared it
    List(Format),
    /// Show a plugin, or a component that is not installed
    Show {
        /// A name, or a file
        plugin: String,
        /// How to print.
        #[command(flatten)]
        format: Format,
    },
}

/// `castling session`
#[derive(Debug, Subcommand)]
pub enum Session {
    /// List the sessions
    List(Format),
    /// Close the sessions of an account, or the one of a full JID
    Kick {
        /// name@domain or name@domain/resource
        jid: String,
    },
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".into()),
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
            "castling plugin list --json",
            "castling session list --json",
            "castling session kick jack@chess.example/x",
            "castling status --json",
            "castling stats --json",
            "castling reload",
        ] {
            assert_eq!(kind(line), None, "{line}");
        }
    }

    #[test]
    fn wrong_usage() {
        use ErrorKind::*;
        for (line, expected) in [
            ("castling", DisplayHelpOnMissingArgumentOrSubcommand),
            ("castling import", InvalidSubcommand),
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
