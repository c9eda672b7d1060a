//! `phocho callback`: verification and matching as filters.

use std::process::ExitCode;

use clap::Subcommand;

/// What to do with each line of standard input.
#[derive(Debug, Subcommand)]
pub enum CallbackCommand {}

/// Runs the command over standard input.
pub fn run(command: &CallbackCommand) -> anyhow::Result<ExitCode> {
    match *command {}
}
