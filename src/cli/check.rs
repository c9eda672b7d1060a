//! `phocho check`: holds the books against their rules, and against a sender's own notes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use super::open::{DataOptions, database_url, open_present};
use crate::flows::check_books::{self, NoticeName, Oracle, Told};
use crate::store::invariants::RULES;

/// How many counter-examples are shown.
const SHOWN: usize = 20;

/// Which books, and against what.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: phocho check --oracle sent.jsonl\n\n\
    A line of the oracle is one attempt to deliver one notice:\n  \
    {\"source\":\"sepay\",\"dedupe_key\":\"sepay:92704\",\"amount_vnd\":45000,\"outcome\":\"ok\"}\n\
    In place of dedupe_key, body_sha256 (hexadecimal) names a notice too. The outcome is ok,\n\
    refused or unknown (no answer came). A sender that writes before it sends and again\n\
    after the answer gives both lines the same attempt, a text: the last one counts.")]
pub struct CheckOptions {
    /// What a sender wrote down of its attempts, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    oracle: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataOptions,
}

/// One attempt, as a sender writes it; what else is in the line is the sender's own.
#[derive(Debug, Deserialize)]
struct Line {
    source: String,
    dedupe_key: Option<String>,
    body_sha256: Option<String>,
    amount_vnd: i64,
    outcome: Outcome,
    attempt: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok,
    Refused,
    Unknown,
}

/// Prints the first counter-examples; exit status 1 when there is one.
pub fn run(options: &CheckOptions) -> anyhow::Result<ExitCode> {
    let settings = options.data.settings()?;
    let oracle = options.oracle.as_deref().map(read_oracle).transpose()?;
    let sent = oracle.as_ref().map(Oracle::notices);
    let runtime = tokio::runtime::Runtime::new()?;
    let found = runtime.block_on(async {
        let store = open_present(&database_url(&settings)).await?;
        store.check_schema().await?;
        let limit = i64::try_from(SHOWN).expect("a small number");
        let mut found = check_books::check(&store, limit).await?;
        if let Some(oracle) = oracle {
            found.extend(check_books::compare(&store, oracle).await?);
        }
        store.close().await;
        anyhow::Ok(found)
    })?;
    let shown = &found[..found.len().min(SHOWN)];
    if options.json {
        let breaches: Vec<_> = shown
            .iter()
            .map(|breach| serde_json::json!({"rule": breach.rule, "subject": breach.subject}))
            .collect();
        let document = serde_json::json!({
            "ok": found.is_empty(), "breaches": breaches, "notices_sent": sent,
        });
        println!("{}", serde_json::to_string_pretty(&document)?);
    } else {
        for breach in shown {
            println!("✖ {}: {}", breach.rule, breach.subject);
        }
    }
    if found.is_empty() {
        let notices = sent.map_or_else(String::new, |sent| {
            format!(", and all of {sent} notices are as they were sent")
        });
        eprintln!("phocho: {RULES} rules and every audit chain hold{notices}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("phocho: {} counter-examples shown", shown.len());
    Ok(ExitCode::from(1))
}

fn read_oracle(path: &Path) -> anyhow::Result<Oracle> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut oracle = Oracle::default();
    let mut attempts = BTreeMap::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{shown}, line {}", index + 1);
        let line = line.with_context(place)?;
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&line).with_context(place)?;
        let notice = match (line.dedupe_key, line.body_sha256) {
            (Some(key), _) => NoticeName::Key(key),
            (None, Some(hash)) => NoticeName::Body(hex::decode(hash).with_context(place)?),
            (None, None) => bail!("{}: neither dedupe_key nor body_sha256", place()),
        };
        let told = match line.outcome {
            Outcome::Ok => Told::Ok,
            Outcome::Refused => Told::Refused,
            Outcome::Unknown => Told::Unknown,
        };
        let (source, amount_vnd) = (line.source, line.amount_vnd);
        match line.attempt {
            // One attempt can be about several notices.
            Some(attempt) => {
                attempts.insert((source, attempt, notice), (amount_vnd, told));
            }
            None => oracle.note(source, notice, amount_vnd, told),
        }
    }
    for ((source, _, notice), (amount_vnd, told)) in attempts {
        oracle.note(source, notice, amount_vnd, told);
    }
    Ok(oracle)
}
