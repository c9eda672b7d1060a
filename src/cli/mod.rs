//! The command line: standard output is data, standard error is talk; exit status 0 is
//! success, 1 a finding, 2 a usage fault, 3 a fault of the surroundings.

mod backup;
pub mod bank;
mod callback;
mod check;
mod completions;
mod config;
mod day;
mod demo;
mod dice;
mod doctor;
mod findings;
mod healthcheck;
mod import;
mod inspect;
mod lines;
mod migrate;
mod open;
mod openapi;
mod reconcile;
mod rekey;
mod restore;
mod serve;
mod simulate;
mod upkeep;
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
    /// Show the whole pilot at work on sample data.
    Demo(demo::DemoOptions),
    /// Encode and decode payment codes, one JSON object a line.
    #[command(subcommand)]
    Vietqr(vietqr::VietqrCommand),
    /// Verify bank notices and match transfer texts, one JSON object a line.
    #[command(subcommand)]
    Callback(callback::CallbackCommand),
    /// Import a census or merchants from a CSV file; a trial unless --commit is given.
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Hold a bank statement against the books.
    Reconcile(reconcile::ReconcileOptions),
    /// Bring the database's schema up to date.
    Migrate(migrate::MigrateOptions),
    /// Copy the database, while it is in use, into a new file.
    Backup(backup::BackupOptions),
    /// Put a backup in the database's place; the one that is there is kept aside.
    Restore(restore::RestoreOptions),
    /// Seal every secret of the database under a new master key.
    Rekey(rekey::RekeyOptions),
    /// Hold the books against their rules, and against what a sender wrote down.
    Check(check::CheckOptions),
    /// Send signed notices as a bank does, with all that goes wrong on the way.
    SimulateBank(Box<simulate::SimulateOptions>),
    /// Look whether everything is in order, and say how to put right what is not.
    Doctor(doctor::DoctorOptions),
    /// Ask whether the process beside it takes requests.
    Healthcheck(healthcheck::HealthcheckOptions),
    /// Print a script with which a shell completes the commands.
    Completions(completions::CompletionsOptions),
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
        Command::Demo(options) => demo::run(options),
        Command::Vietqr(command) => vietqr::run(command),
        Command::Callback(command) => callback::run(command),
        Command::Import(command) => import::run(command),
        Command::Reconcile(options) => reconcile::run(options),
        Command::Migrate(options) => migrate::run(options),
        Command::Backup(options) => backup::run(options),
        Command::Restore(options) => restore::run(options),
        Command::Rekey(options) => rekey::run(options),
        Command::Check(options) => check::run(options),
        Command::SimulateBank(options) => simulate::run(options),
        Command::Doctor(options) => doctor::run(options),
        Command::Healthcheck(options) => healthcheck::run(options),
        Command::Completions(options) => Ok(completions::run(*options)),
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
