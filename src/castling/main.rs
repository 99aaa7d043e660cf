//! The castling binary: command line, configuration, composition root.

mod accounts;
mod api;
mod cli;
mod commands;
mod compiler;
mod config;
mod database;
mod domains;
mod externals;
mod failure;
mod imports;
mod logging;
mod output;
mod ownership;
mod password;
mod plugins;
mod providers;
mod rows;
mod server;
mod signals;
mod sources;

use std::process::ExitCode;

use clap::Parser;

use crate::failure::Failure;

/// 0 on success, 1 when refused or failed, 2 on wrong usage (by clap).
fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()) {
        Ok(()) => match output::failure() {
            None => ExitCode::SUCCESS,
            Some(error) => {
                output::error(&format!("castling: cannot write to standard output: {error}"));
                ExitCode::FAILURE
            }
        },
        Err(failure) => {
            if !matches!(failure, Failure::Said) {
                output::error(&failure.to_string());
            }
            ExitCode::FAILURE
        }
    }
}
