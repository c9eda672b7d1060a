//! `phocho openapi`: the API document on standard output.

use std::io::Write;
use std::process::ExitCode;

use crate::http::openapi;

/// Prints the document as YAML.
pub fn run() -> anyhow::Result<ExitCode> {
    let yaml = openapi::to_yaml(&openapi::document());
    std::io::stdout().write_all(yaml.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
