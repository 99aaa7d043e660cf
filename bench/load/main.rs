//! A load generator: one scenario against one XMPP server, one JSON object on standard output.
//!
//! The accounts it uses are `PREFIX0`, `PREFIX1`, … of the domain, all with one password.

mod busy;
mod churn;
mod client;
mod contacts;
mod crowd;
mod fanout;
mod figures;
mod flood;
mod half_open;
mod idle;
mod login;
mod offline;
mod pairs;
mod ping;
mod place;
mod procfs;
mod roster;
mod storm;

use std::sync::Arc;

use ::client::Transport;
use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::Value;

use place::Place;

/// From one account to the next when they are spread: a prime, so that each comes once before one comes again. Accounts
/// that are close in time are not close in number, also modulo 400: neighbours may be contacts.
const STRIDE: usize = 8_089;

/// What every scenario needs to know.
#[derive(Parser, Clone)]
#[command(about = "One load scenario against one XMPP server")]
pub struct Plan {
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    #[arg(long)]
    port: u16,
    #[arg(long, default_value = "localhost")]
    domain: String,
    #[arg(long, default_value = "starttls", value_parser = place::transports())]
    transport: Transport,
    #[arg(long, default_value = "user")]
    prefix: String,
    #[arg(long, default_value = "pass")]
    password: String,
    /// The server is `floor`, which knows no XMPP
    #[arg(long)]
    bare: bool,
    /// First account number to use
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// Number of accounts in the database; those used are spread over all of them. 0: consecutive accounts
    #[arg(long, default_value_t = 0)]
    spread: usize,
    /// Process ids of the server, for CPU and memory
    #[arg(long, value_delimiter = ',')]
    pid: Vec<i32>,
    /// Log-ins under way at once
    #[arg(long, default_value_t = 16)]
    at_once: usize,
    /// Seconds before measuring
    #[arg(long, default_value_t = 2)]
    warm: u64,
    /// Seconds measured
    #[arg(long, default_value_t = 8)]
    secs: u64,
    #[command(subcommand)]
    scenario: Scenario,
}

impl Plan {
    /// Name of the account that stands so far behind the first one.
    fn user(&self, number: usize) -> String {
        let number = self.first + number;
        let number = if self.spread == 0 { number } else { number * STRIDE % self.spread };
        format!("{}{number}", self.prefix)
    }
}

#[derive(Subcommand, Clone)]
enum Scenario {
    /// Sessions log in and stay idle: memory of each
    Idle {
        /// Rising numbers of sessions; memory is read at each
        #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
        steps: Vec<usize>,
        /// Seconds to settle before each reading
        #[arg(long, default_value_t = 5)]
        settle: u64,
    },
    /// Pairs that answer each other, one stanza under way in each pair
    Pairs {
        #[arg(long, value_enum, default_value = "message")]
        what: pairs::What,
        #[arg(long, default_value_t = 100)]
        pairs: usize,
        /// Length of the text
        #[arg(long, default_value_t = 300)]
        body: usize,
        /// Stanzas a second on a fixed timetable instead, for an honest latency; 0: answer at once
        #[arg(long, default_value_t = 0.0)]
        rate: f64,
    },
    /// The first account broadcasts presence to its contacts
    Fanout {
        #[arg(long, default_value_t = 100)]
        contacts: usize,
        /// Contacts that are logged in
        #[arg(long, default_value_t = 100)]
        online: usize,
    },
    /// Messages of several senders to one account
    Busy {
        #[arg(long, default_value_t = 8)]
        senders: usize,
        /// Messages that each sender has under way
        #[arg(long, default_value_t = 16)]
        ahead: usize,
        #[arg(long, default_value_t = 300)]
        body: usize,
    },
    /// One account writes to another as fast as it can, then whether each message was delivered or refused
    Flood {
        #[arg(long, default_value_t = 20_000)]
        messages: usize,
        #[arg(long, default_value_t = 300)]
        body: usize,
    },
    /// Connections that have said half of something and never authenticate: memory of each
    HalfOpen {
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
        /// Bytes of an element that does not end
        #[arg(long, default_value_t = 9_000)]
        bytes: usize,
    },
    /// Log in and out so many times: memory that stays
    Churn {
        #[arg(long, default_value_t = 20_000)]
        total: usize,
        /// Log-ins between two readings of memory
        #[arg(long, default_value_t = 5_000)]
        step: usize,
        #[arg(long, default_value_t = 1_000)]
        accounts: usize,
        /// Seconds to settle before each reading
        #[arg(long, default_value_t = 3)]
        settle: u64,
    },
    /// Log in and out over and over
    Login {
        #[arg(long, default_value_t = 1000)]
        accounts: usize,
    },
    /// XEP-0199 pings to the server, one under way in each session
    Ping {
        #[arg(long, default_value_t = 100)]
        sessions: usize,
    },
    /// Changes of rosters, one under way in each session
    Roster {
        #[arg(long, default_value_t = 16)]
        sessions: usize,
    },
    /// Sessions that repeat the same presence: when they are closed, and what reaches a contact of each
    Storm {
        #[arg(long, default_value_t = 100)]
        sessions: usize,
        /// Presences a second of each
        #[arg(long, default_value_t = 1_000)]
        rate: u64,
    },
    /// Messages to accounts that are away, then whether each arrives exactly once
    Offline {
        #[arg(long, default_value_t = 500)]
        accounts: usize,
        #[arg(long, default_value_t = 20)]
        each: usize,
        #[arg(long, default_value_t = 300)]
        body: usize,
    },
}

async fn run(plan: Plan) -> Result<Value> {
    let place = Arc::new(Place::new(&plan)?);
    match plan.scenario.clone() {
        Scenario::Idle { steps, settle } => idle::run(&place, &plan, &steps, settle).await,
        Scenario::Pairs { what, pairs, body, rate } => {
            pairs::run(&place, &plan, what, pairs, body, rate).await
        }
        Scenario::Fanout { contacts, online } => fanout::run(&place, &plan, contacts, online).await,
        Scenario::Busy { senders, ahead, body } => busy::run(&place, &plan, senders, ahead, body).await,
        Scenario::Flood { messages, body } => flood::run(&place, &plan, messages, body).await,
        Scenario::HalfOpen { connections, bytes } => half_open::run(&place, &plan, connections, bytes).await,
        Scenario::Churn { total, step, accounts, settle } => {
            churn::run(&place, &plan, total, step, accounts, settle).await
        }
        Scenario::Login { accounts } => login::run(&place, &plan, accounts).await,
        Scenario::Ping { sessions } => ping::run(&place, &plan, sessions).await,
        Scenario::Roster { sessions } => roster::run(&place, &plan, sessions).await,
        Scenario::Storm { sessions, rate } => storm::run(&place, &plan, sessions, rate).await,
        Scenario::Offline { accounts, each, body } => offline::run(&place, &plan, accounts, each, body).await,
    }
}

fn main() -> Result<()> {
    let plan = Plan::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(run(plan))?;
    println!("{figures}");
    // Thousands of sessions need not be closed one by one.
    std::process::exit(0)
}
