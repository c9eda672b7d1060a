//! What the bank writes down, outside of us: a line before each attempt and one after its
//! answer, in the form that `phocho check --oracle` reads.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::domain::day::to_rfc3339;

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Stored, by our own word.
    Ok,
    /// Not stored, by our own word, or never sent.
    Refused,
    /// Nobody knows.
    Unknown,
    /// It stands in the list that the service fetches from: it has to be in the books once that
    /// is done.
    Listed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok | Self::Listed => "ok",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// One credit in one attempt.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The identity of its transaction inside the source.
    pub(super) dedupe_key: String,
    /// What the books have to say, đồng.
    pub(super) amount_vnd: i64,
    /// What was sent, which is another amount where the bank contradicts itself.
    pub(super) sent_vnd: i64,
    /// SHA-256 of what was sent, hexadecimal.
    pub(super) body_sha256: String,
}

/// The file, if one is asked for.
pub(super) struct OracleFile {
    source: String,
    file: Option<Mutex<File>>,
}

impl OracleFile {
    /// Opens the file to write behind what is there: a source's earlier notices stay known.
    pub(super) fn open(source: &str, path: Option<&Path>) -> anyhow::Result<Self> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.with_context(|| format!("cannot write {}", path.display()))
        };
        Ok(Self {
            source: source.to_owned(),
            file: path.map(open).transpose()?.map(Mutex::new),
        })
    }

    /// Writes an attempt's lines through to the disk.
    pub(super) fn note(
        &self,
        attempt: &str,
        entries: &[Entry],
        outcome: Outcome,
        at: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let mut lines = String::new();
        for entry in entries {
            let line = json!({
                "attempt": attempt,
                "source": self.source,
                "dedupe_key": entry.dedupe_key,
                "amount_vnd": entry.amount_vnd,
                "sent_vnd": entry.sent_vnd,
                "body_sha256": entry.body_sha256,
                "at": to_rfc3339(at),
                "outcome": outcome.as_str(),
            });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        let mut file = file.lock().expect("no writer of the oracle panics");
        file.write_all(lines.as_bytes())
            .and_then(|()| file.sync_data())
            .context("the oracle cannot be written")
    }
}
