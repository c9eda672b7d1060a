//! `phocho completions`: lets a shell complete the commands.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

/// For which shell.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Example: phocho completions bash > /etc/bash_completion.d/phocho")]
pub struct CompletionsOptions {
    /// bash, zsh, fish, elvish or powershell.
    shell: Shell,
}

/// Prints the script to standard output.
pub fn run(options: CompletionsOptions) -> ExitCode {
    let mut out = std::io::stdout();
    clap_complete::generate(options.shell, &mut Cli::command(), "phocho", &mut out);
    ExitCode::SUCCESS
}
