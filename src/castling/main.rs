//! The castling binary: command line, configuration, composition root.

#![expect(dead_code, reason = "the composition root, which uses the rest, is not part of the binary yet")]

mod accounts;
mod api;
mod cli;
mod commands;
mod config;
mod domains;
mod failure;
mod logging;
mod output;
mod password;
mod rows;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use crate::failure::Failure;

/// 0 when done, 1 when refused or failed, 2 on wrong usage (by clap).
fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Said) {
                output::error(&failure.to_string());
            }
            ExitCode::FAILURE
        }
    }
}
