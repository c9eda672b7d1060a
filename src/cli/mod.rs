//! The command line: standard output is data, standard error is talk; exit status 0 is
//! success, 1 a finding, 2 a usage fault, 3 a fault of the surroundings.

mod callback;
mod config;
mod import;
mod lines;
mod migrate;
mod open;
mod openapi;
mod serve;
mod vietqr;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// phocho: cashless payment for a market street, and the figures that show whether it worked.
#[derive(Debug, Parser)]
#[command(name = "phocho", version, about)]
struct Cli {
    /// What to do; `serve` when nothing is named.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages and the API.
    Serve(serve::ServeOptions),
    /// Encode and decode payment codes, one JSON object a line.
    #[command(subcommand)]
    Vietqr(vietqr::VietqrCommand),
    /// Verify bank notices and match transfer texts, one JSON object a line.
    #[command(subcommand)]
    Callback(callback::CallbackCommand),
    /// Import a census or merchants from a CSV file; a trial unless --commit is given.
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Bring the database's schema up to date.
    Migrate(migrate::MigrateOptions),
    /// Show the settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print the API document (OpenAPI 3.1, YAML).
    Openapi,
}

/// Runs the command named by the process's arguments.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let command = cli
        .command
        .unwrap_or_else(|| Command::Serve(serve::ServeOptions::default()));
    let outcome = match &command {
        Command::Serve(options) => serve::run(options),
        Command::Vietqr(command) => vietqr::run(command),
        Command::Callback(command) => callback::run(command),
        Command::Import(command) => import::run(command),
        Command::Migrate(options) => migrate::run(options),
        Command::Config(command) => config::run(command),
        Command::Openapi => openapi::run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("phocho: {error:#}");
            ExitCode::from(3)
        }
    }
}
