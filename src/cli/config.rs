//! `phocho config`: the settings and where each came from.

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;

use crate::config::{Loaded, Overrides, example};

/// What to tell about the settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its value and origin, secrets hidden.
    Show,
    /// Print the example file: every setting with its meaning and default.
    Example,
}

/// Prints to standard output.
pub fn run(command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match command {
        ConfigCommand::Example => out.write_all(example().as_bytes())?,
        ConfigCommand::Show => {
            for shown in Loaded::from_process(&Overrides::new(), None)?.shown {
                writeln!(
                    out,
                    "{} = {:?}  # {}",
                    shown.name, shown.value, shown.origin
                )?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
