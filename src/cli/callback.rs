//! `phocho callback`: verification and matching as filters.
//!
//! What a bank's engineer tries here is judged by the same code as a live delivery. Lines are
//! read as strictly as notices are: a line with equal keys has no single meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::lines::{LineTooLong, answer_each};
use crate::banks::json::{Json, Object, read};
use crate::banks::{
    ADAPTERS, Adapter, Answer, Call, Credentials, Delivery, Outcome, Reading, Refusal, Remark,
    Secret, Verified, adapter_by_name,
};
use crate::domain::credit::{BankFact, FactOutcome};
use crate::domain::day::to_rfc3339;
use crate::domain::matching::{Texts, decide};

/// What to do with each line of standard input.
#[derive(Debug, Subcommand)]
pub enum CallbackCommand {
    /// Read {"method","path","headers","body"}, print the verdict, the facts and the answer.
    Verify(VerifyArgs),
    /// Read {"content","issued_codes"}, print {"match","why"}.
    Match,
}

/// How to judge deliveries.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The format, such as sepay_hmac.
    #[arg(long)]
    adapter: String,
    /// A JSON file with "secret" (a text, {"username","password"} or {"algorithm","public_key"}) and, where there are any, "previous_secret",
    /// "ed25519_public_key", "config" and "tolerance_seconds".
    #[arg(long, value_name = "FILE")]
    secrets: PathBuf,
    /// The time to judge by, in Unix seconds.
    #[arg(long, value_name = "UNIX")]
    now: i64,
}

/// Runs the command over standard input.
pub fn run(command: &CallbackCommand) -> anyhow::Result<ExitCode> {
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    match command {
        CallbackCommand::Verify(args) => match Judge::new(args) {
            Ok(judge) => filter(input, output, |line| judge.judge_line(line)),
            Err(error) => {
                eprintln!("phocho: {error:#}");
                Ok(ExitCode::from(2))
            }
        },
        CallbackCommand::Match => filter(input, output, match_line),
    }
}

fn filter<Answer: Serialize>(
    input: impl Read,
    output: impl Write,
    answer: impl FnMut(Result<&[u8], LineTooLong>) -> Answer,
) -> anyhow::Result<ExitCode> {
    answer_each(BufReader::new(input), BufWriter::new(output), answer)
        .context("reading standard input or writing standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// An adapter with the secrets and the time of this run.
struct Judge {
    adapter: &'static dyn Adapter,
    credentials: Credentials,
    now: DateTime<Utc>,
}

impl Judge {
    fn new(args: &VerifyArgs) -> anyhow::Result<Self> {
        let Some(adapter) = adapter_by_name(&args.adapter) else {
            let known: Vec<_> = ADAPTERS.iter().map(|adapter| adapter.name()).collect();
            bail!(
                "no adapter is called “{}”; there are {}",
                args.adapter,
                known.join(", ")
            );
        };
        let now = DateTime::from_timestamp(args.now, 0).context("--now is no time")?;
        Ok(Self {
            adapter,
            credentials: read_credentials(&args.secrets)
                .with_context(|| format!("reading {}", args.secrets.display()))?,
            now,
        })
    }

    fn judge_line(&self, line: Result<&[u8], LineTooLong>) -> Judged {
        let Some(given) = line.ok().and_then(read_given) else {
            let refused = Outcome::Refused(Refusal::MalformedBody);
            let answer = self.answer(&refused, None, None);
            return Judged::new("rejected", Some("malformed_line"), &[], &answer);
        };
        let mut credentials = self.credentials.clone();
        credentials.config.extend(given.config);
        match self.adapter.verify(&given.delivery, &credentials, self.now) {
            Ok(verified) => self.judge_verified(&verified),
            Err(refusal) => {
                let answer = self.answer(&Outcome::Refused(refusal), None, None);
                Judged::new("rejected", Some(refusal.as_str()), &[], &answer)
            }
        }
    }

    fn answer(
        &self,
        outcome: &Outcome,
        delivery_id: Option<&str>,
        remark: Option<Remark>,
    ) -> Answer {
        let now = self.now;
        let call = Call {
            delivery_id,
            now,
            remark,
        };
        self.adapter.acknowledge(outcome, call)
    }

    fn judge_verified(&self, verified: &Verified) -> Judged {
        let id = verified.delivery_id();
        let stored = |receipt, remark| self.answer(&Outcome::Stored { receipt }, id, remark);
        match verified.reading() {
            Reading::Transactions(facts) => {
                let any = |wanted| facts.iter().any(|fact| fact.outcome == wanted);
                let (verdict, reason) = if any(FactOutcome::Paid) {
                    ("accepted", None)
                } else if any(FactOutcome::Ignored) {
                    ("ignored", Some("not_a_credit"))
                } else {
                    ("failed", Some("not_paid"))
                };
                let receipt = facts.first().map(|fact| fact.dedupe_key.clone());
                Judged::new(verdict, reason, facts, &stored(receipt, None))
            }
            Reading::Nothing(kind) => {
                let answer = stored(None, kind.remark());
                Judged::new("ignored", Some(kind.as_str()), &[], &answer)
            }
            Reading::Handshake(answer) => Judged::new("accepted", None, &[], answer),
            Reading::Unusable(why) => {
                let remark = Remark::Quarantined(why.as_str());
                let answer = self.answer(&Outcome::Quarantined(*why), id, Some(remark));
                Judged::new("quarantined", Some(why.as_str()), &[], &answer)
            }
        }
    }
}

/// A line of `verify`.
struct Given {
    delivery: Delivery,
    config: BTreeMap<String, String>,
}

/// Reads a line; keys that mean nothing here are left alone, so a caller may number its lines.
fn read_given(line: &[u8]) -> Option<Given> {
    let line = read(line).ok()?;
    let line = line.as_object()?;
    let text = |key: &str, otherwise: &'static str| match line.get(key) {
        None | Some(Json::Null) => Some(otherwise.to_owned()),
        Some(value) => value.as_text().map(str::to_owned),
    };
    let headers = match line.get("headers") {
        None | Some(Json::Null) => Vec::new(),
        Some(headers) => read_headers(headers.as_object()?)?,
    };
    let config = match line.get("config") {
        None | Some(Json::Null) => BTreeMap::new(),
        Some(config) => read_config(config.as_object()?)?,
    };
    let body = text("body", "")?.into_bytes();
    Some(Given {
        delivery: Delivery::new(text("method", "POST")?, &text("path", "/")?, headers, body),
        config,
    })
}

/// Headers by name; a header that was sent more than once has an array of values.
fn read_headers(headers: &Object) -> Option<Vec<(String, Vec<u8>)>> {
    let mut out = Vec::new();
    for (name, value) in headers.members() {
        let values = match value {
            Json::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            out.push((name.clone(), value.as_text()?.as_bytes().to_vec()));
        }
    }
    Some(out)
}

/// Settings by name, numbers as they are written.
fn read_config(config: &Object) -> Option<BTreeMap<String, String>> {
    let members = config.members().iter().map(|(key, value)| match value {
        Json::Text(text) | Json::Number(text) => Some((key.clone(), text.clone())),
        _ => None,
    });
    members.collect()
}

/// Reads what a source shares with its sender.
pub(super) fn read_credentials(path: &Path) -> anyhow::Result<Credentials> {
    let document = read(&fs::read(path)?)?;
    let object = document.as_object().context("not a JSON object")?;
    let current = object.get("secret").context("“secret” is missing")?;
    let mut credentials = Credentials::new(read_secret(current)?);
    credentials.previous = match object.get("previous_secret") {
        None | Some(Json::Null) => None,
        Some(previous) => Some(read_secret(previous)?),
    };
    let key = object.get("ed25519_public_key").and_then(Json::as_text);
    credentials.ed25519_public_key = key.map(str::to_owned);
    if let Some(config) = object.get("config").filter(|config| **config != Json::Null) {
        let config = config.as_object().and_then(read_config);
        credentials.config = config.context("“config” is not an object of texts and numbers")?;
    }
    if let Some(Json::Number(seconds)) = object.get("tolerance_seconds") {
        let seconds = seconds.parse().ok();
        credentials.tolerance_s = seconds.context("“tolerance_seconds” is not whole seconds")?;
    }
    Ok(credentials)
}

fn read_secret(value: &Json) -> anyhow::Result<Secret> {
    let secret = match value {
        Json::Text(text) => Some(Secret::text(text)),
        document => Secret::from_json(document),
    };
    secret.context(
        "a secret is a text, or an object of “username” and “password” or of “algorithm” and \
         “public_key”",
    )
}

/// The answer to a line of `verify`.
#[derive(Serialize)]
struct Judged {
    verdict: &'static str,
    reason: Option<&'static str>,
    transactions: Vec<Told>,
    ack: Ack,
}

impl Judged {
    fn new(
        verdict: &'static str,
        reason: Option<&'static str>,
        facts: &[BankFact],
        answer: &Answer,
    ) -> Self {
        Self {
            verdict,
            reason,
            transactions: facts.iter().map(Told::new).collect(),
            ack: Ack {
                status: answer.status,
                body: serde_json::from_str(&answer.body).unwrap_or_default(),
            },
        }
    }
}

/// What the vendor is told.
#[derive(Serialize)]
struct Ack {
    status: u16,
    /// The answer's JSON; null for an empty body.
    body: serde_json::Value,
}

/// A fact as `verify` prints it.
#[derive(Serialize)]
struct Told {
    provider: &'static str,
    provider_txn_id: String,
    dedupe_key: String,
    direction: &'static str,
    amount_vnd: i64,
    currency: &'static str,
    account_number: Option<String>,
    virtual_account: Option<String>,
    content: Option<String>,
    bank_reference: Option<String>,
    merchant_reference: Option<String>,
    provider_payment_code: Option<String>,
    reverses: Option<String>,
    occurred_at: String,
    outcome: &'static str,
}

impl Told {
    fn new(fact: &BankFact) -> Self {
        Self {
            provider: fact.provider,
            provider_txn_id: fact.provider_txn_id.clone(),
            dedupe_key: fact.dedupe_key.clone(),
            direction: fact.direction.as_str(),
            amount_vnd: fact.amount.get(),
            currency: BankFact::CURRENCY,
            account_number: fact.account_number.clone(),
            virtual_account: fact.virtual_account.clone(),
            content: fact.content.clone(),
            bank_reference: fact.bank_reference.clone(),
            merchant_reference: fact.merchant_reference.clone(),
            provider_payment_code: fact.provider_payment_code.clone(),
            reverses: fact.reverses.clone(),
            occurred_at: to_rfc3339(fact.occurred_at),
            outcome: fact.outcome.as_str(),
        }
    }
}

/// The answer to a line of `match`.
#[derive(Serialize)]
struct Matched {
    #[serde(rename = "match")]
    reference: Option<String>,
    why: &'static str,
}

fn match_line(line: Result<&[u8], LineTooLong>) -> Matched {
    line.ok().and_then(read_and_match).unwrap_or(Matched {
        reference: None,
        why: "malformed_line",
    })
}

fn read_and_match(line: &[u8]) -> Option<Matched> {
    let line = read(line).ok()?;
    let line = line.as_object()?;
    let Some(Json::Array(issued)) = line.get("issued_codes") else {
        return None;
    };
    let issued: Option<BTreeSet<String>> = issued
        .iter()
        .map(|code| code.as_text().map(str::to_owned))
        .collect();
    let decision = decide(
        Texts {
            content: line.get("content")?.as_text()?,
            order_field: line.get("order_field").and_then(Json::as_text),
        },
        &issued?,
    );
    Some(Matched {
        why: decision.word(),
        reference: decision.reference,
    })
}
