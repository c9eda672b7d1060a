//! The `phocho` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    phocho::cli::run()
}
