//! Looks at a database that more than one command takes: its schema, its audit, its key.

use super::findings::Finding;
use super::open::{key_fits, key_path, read_key};
use crate::config::Settings;
use crate::store::{DatabaseUrl, Store, StoreError, audit};

/// Whether the schema is one that this program can work on.
pub async fn look_at_schema(store: &Store) -> anyhow::Result<Finding> {
    let newest = match store.check_not_ahead().await {
        Err(fault @ StoreError::SchemaAhead { .. }) => {
            let fix = "restore it with the program that made it, or a newer one";
            return Ok(Finding::bad("schema", fault.to_string(), fix));
        }
        outcome => outcome.map(|()| store.migrations())?.await?,
    };
    let applied = newest.iter().filter(|migration| migration.applied).count();
    Ok(match newest.len() - applied {
        _ if applied == 0 => Finding::bad(
            "schema",
            "this is no database of phocho",
            "name a file that phocho backup made",
        ),
        0 => Finding::good("schema", "that of this program"),
        behind => Finding::good(
            "schema",
            format!("{behind} migrations behind; brought up to date at the next start"),
        ),
    })
}

/// Whether every chain of the audit is whole.
pub async fn look_at_audit(store: &Store) -> anyhow::Result<Finding> {
    let mut tx = store.begin_read().await?;
    let chains = audit::chains(&mut tx).await?;
    for chain in &chains {
        if let Some(sequence) = audit::first_break(&mut tx, chain).await? {
            return Ok(Finding::bad(
                "audit",
                format!("chain {chain} breaks at entry {sequence}: it was altered"),
                "compare with an older backup: phocho restore --check FILE",
            ));
        }
    }
    Ok(Finding::good(
        "audit",
        format!("{} chains, each whole", chains.len()),
    ))
}

/// Whether the key opens the secrets; nothing when there is no key or no secret to try.
pub async fn look_at_key(
    store: &Store,
    settings: &Settings,
    url: &DatabaseUrl,
) -> anyhow::Result<Option<Finding>> {
    const NAME: &str = "key";
    let Some(path) = key_path(settings, url).filter(|path| path.exists()) else {
        return Ok(None);
    };
    let shown = path.display().to_string();
    let key = match read_key(&path) {
        Ok(key) => key,
        Err(fault) => {
            let fix = format!("put the copy of the key that you kept apart at {shown}");
            return Ok(Some(Finding::bad(NAME, format!("{fault:#}"), fix)));
        }
    };
    Ok(match key_fits(store, &key).await? {
        None => None,
        Some(true) => Some(Finding::good(NAME, format!("{shown} opens the secrets"))),
        Some(false) => Some(Finding::bad(
            NAME,
            format!("{shown} does not open the secrets"),
            format!("put the key of this database at {shown}"),
        )),
    })
}
