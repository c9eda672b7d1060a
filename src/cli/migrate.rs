//! `phocho migrate`: brings the database's schema up to date.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::open::database_url;
use crate::config::{Loaded, Overrides};
use crate::store::Store;

/// Which database, and whether to change it.
#[derive(Args, Clone, Debug, Default)]
pub struct MigrateOptions {
    /// The settings file (default: phocho.toml, if it is there).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only show what is applied and what is missing; exit status 1 when something is.
    #[arg(long)]
    status: bool,
}

/// Applies what is missing and prints the state of every migration.
pub fn run(options: &MigrateOptions) -> anyhow::Result<ExitCode> {
    let settings = Loaded::from_process(&Overrides::default(), options.config.as_deref())?.settings;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let store = Store::connect(&database_url(&settings)).await?;
        if !options.status {
            store.migrate().await?;
        }
        let migrations = store.migrations().await?;
        for migration in &migrations {
            let state = if migration.applied {
                "applied"
            } else {
                "missing"
            };
            println!(
                "{:04}\t{state}\t{}",
                migration.version, migration.description
            );
        }
        store.close().await;
        let complete = migrations.iter().all(|migration| migration.applied);
        Ok(if complete {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    })
}
