//! `phocho vietqr`: the codec as a filter.

use std::process::ExitCode;

use clap::Subcommand;

/// What to do with each line of standard input.
#[derive(Debug, Subcommand)]
pub enum VietqrCommand {}

/// Runs the command over standard input.
pub fn run(command: &VietqrCommand) -> anyhow::Result<ExitCode> {
    match *command {}
}
