//! `castling component` and `castling s2s`

use clap::Subcommand;

use super::Format;

/// `castling component`
#[derive(Debug, Subcommand)]
pub enum Component {
    /// List external components, where each is declared and whether it is connected
    List(Format),
    /// Add an external component; prints its secret, unless that is given
    Add {
        /// Its address, a domain name
        name: String,
        /// Read the secret from standard input instead of making one
        #[arg(long)]
        secret_stdin: bool,
        /// A domain that may reach it, the first is its home [default: all domains]
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
        /// Keep what is sent to it while it is not connected, instead of returning errors
        #[arg(long)]
        queue: bool,
    },
    /// Remove an external component that was added by command
    Remove {
        /// Its address
        name: String,
    },
}

/// `castling s2s`
#[derive(Debug, Subcommand)]
pub enum S2s {
    /// List streams to and from other servers
    List(Format),
    /// Close all streams of a domain elsewhere
    Close {
        /// Domain elsewhere
        domain: String,
    },
    /// Try to reach a domain elsewhere, and say what fails
    Check {
        /// Domain elsewhere
        domain: String,
        /// Domain here that tries [default: all of them]
        #[arg(long = "from", value_name = "DOMAIN")]
        from: Option<String>,
    },
}
