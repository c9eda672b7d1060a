//! `phocho simulate-bank`: a bank on the other side of the table, with everything that goes
//! wrong on the way, for trying an installation before a real bank is there.
//!
//! What is sent follows from a seed ([`plan`], [`texts`], [`faults`]); how it is sent is
//! [`sending`] over [`wire`], signed with its [`proofs`]; what never arrives ([`outage`]) stands
//! in its list all the same ([`listing`]); what the bank knows afterwards is its [`oracle`] and
//! [`report`].

mod faults;
mod listing;
mod oracle;
mod outage;
mod plan;
mod proofs;
mod report;
mod sending;
mod texts;
mod wire;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use self::faults::{Fault, FaultShare};
use self::listing::ListOptions;
use self::oracle::OracleFile;
use self::outage::Outage;
use self::plan::{Trade, plan};
use self::proofs::{ProofOptions, Proofs};
use self::report::Report;
use self::sending::Bank;
use self::wire::Place;
use super::bank::{FORMATS, Format, format_of};
use crate::clock::Clock;
use crate::entropy::Entropy;

/// How many notices are on their way at once.
const TOGETHER: usize = 32;

/// What stands below the options.
const MORE_HELP: &str = "\
Examples:
  phocho simulate-bank --base http://127.0.0.1:8080 --source mau --adapter sepay_hmac \\
    --secret-file bank.json --account 1030000000117 --reference TH7K2M9XQ4 \\
    --fault duplicate=20 --fault hang_up=10 --oracle sent.jsonl
  phocho simulate-bank --base http://127.0.0.1:8080 --source mau --adapter camt054 \\
    --private-key bank.key.pem --algorithm jws_es256 --account 1030000000117 \\
    --reference TH7K2M9XQ4 --fault wrong_key=10

Faults, each with its share of all notices:
  duplicate           it comes twice more after it was acknowledged
  reorder             the next one overtakes it
  delay               it was booked up to half an hour before it is sent
  loss                the first attempt gets lost; the bank sends it again
  wrong_key           it comes first signed with a secret or key that was made just now and
                      that nobody knows: that has to be refused
  rotated_key         it is signed with the secret or key before the last change
  stale_time          it comes first with a time that is long over: that has to be refused
  truncated           the end of the transfer text is cut off
  recased             the transfer text is in small letters
  mangled             marks of the bank stand around and inside the transfer text
  changed_amount      the same number comes again with another amount
  failed_then_booked  the payment fails before it succeeds
  batch               it tells of several credits
  slow_read           the answer is read slowly
  hang_up             the first attempt ends before the answer

Equal seeds give equal notices: a second run with the same seed repeats the first.";

/// What is sent where, and what goes wrong.
#[derive(Args, Clone, Debug)]
#[command(after_help = MORE_HELP)]
pub struct SimulateOptions {
    /// The service's address, such as http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    base: String,
    /// The name of the source that is sent to.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    source: String,
    /// The source's format, such as sepay_hmac.
    #[arg(long)]
    adapter: String,
    #[command(flatten)]
    proofs: ProofOptions,
    /// An account that is paid to, one that the source may speak for: a notice about another is
    /// acknowledged and waits for people, and `check --oracle` misses it. Several times for several.
    #[arg(long = "account", value_name = "NUMBER", required = true)]
    accounts: Vec<String>,
    /// A reference that is paid under; several times for several. The first belongs to the
    /// first account and so on, round and round.
    #[arg(
        long = "reference",
        value_name = "TH…",
        required_unless_present = "reference_file"
    )]
    references: Vec<String>,
    /// A file of such references, one a line.
    #[arg(long, value_name = "FILE")]
    reference_file: Option<PathBuf>,
    /// What everyone pays, đồng (default: chance amounts).
    #[arg(long, value_name = "VND", value_parser = clap::value_parser!(i64).range(1..=100_000_000_000))]
    amount: Option<i64>,
    /// Notices a second.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// How many notices.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    count: u32,
    /// No notice is begun after this many seconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Equal seeds give equal notices. A run whose list is fetched from takes a higher seed than
    /// the one before it: the service reads on from the highest number that it has seen.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// What goes wrong with how many of a hundred notices; several times for several.
    #[arg(long = "fault", value_name = "NAME=PERCENT")]
    faults: Vec<FaultShare>,
    /// An outage between two seconds of the run, such as 10-70: nothing that the bank sends then
    /// arrives, and it is not sent again. With --list the service can fetch it; else it is lost.
    #[arg(long, value_name = "FROM-TO")]
    outage: Option<Outage>,
    /// Writes every attempt behind what is in this file, for `phocho check --oracle`.
    #[arg(long, value_name = "FILE")]
    oracle: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    /// Send to other machines, too.
    #[arg(long)]
    anywhere: bool,
    #[command(flatten)]
    list: ListOptions,
}

/// Sends the notices; exit status 1 when an answer was not as it has to be.
pub fn run(options: &SimulateOptions) -> anyhow::Result<ExitCode> {
    let (bank, trade) = match prepare(options) {
        Ok(prepared) => prepared,
        Err(fault) => {
            eprintln!("phocho: {fault:#}");
            return Ok(ExitCode::from(2));
        }
    };
    let oracle = OracleFile::open(&options.source, options.oracle.as_deref())?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    let opened = options.list.open(bank.format, options.seed);
    let listing = runtime.block_on(opened)?;
    let bank = Arc::new(Bank {
        oracle,
        listing,
        ..bank
    });
    runtime.block_on(send(options, &bank, &trade))?;
    let report = bank.report.lock().expect("no counter panics");
    if options.json {
        let document = report.document(options.seed);
        println!("{}", serde_json::to_string_pretty(&document)?);
    } else {
        print!("{}", report.lines(options.seed));
    }
    if !report.heard_anything() {
        bail!("nothing answered at {}", options.base);
    }
    Ok(if report.surprises().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Everything that can be wrong with what was asked for, before anything is sent.
fn prepare(options: &SimulateOptions) -> anyhow::Result<(Bank, Trade)> {
    let place = Place::parse(&options.base, options.anywhere)?;
    let Some(format) = format_of(&options.adapter) else {
        let known: Vec<_> = FORMATS.iter().map(|format| format.adapter).collect();
        bail!(
            "no adapter is called “{}”; there are {}",
            options.adapter,
            known.join(", ")
        );
    };
    let proofs = options.proofs.read(format)?;
    let trade = Trade {
        accounts: options.accounts.clone(),
        references: references(options)?,
        amount_vnd: options.amount,
        shares: shares(format, &proofs, &options.faults)?,
        outage: options.outage,
        seed: options.seed,
    };
    options.list.check(format, options.rate, options.anywhere)?;
    let wanted = |fault| trade.shares.iter().any(|share| share.fault == fault);
    let forged = wanted(Fault::WrongKey).then(|| proofs.forged());
    let run = Entropy::System.bytes::<8>();
    let bank = Bank {
        place,
        source: options.source.clone(),
        format,
        forged,
        proofs,
        oracle: OracleFile::open(&options.source, None)?,
        listing: None,
        run: hex::encode(run),
        clock: Clock::System,
        attempts: AtomicU64::new(0),
        report: Mutex::new(Report::default()),
    };
    Ok((bank, trade))
}

fn references(options: &SimulateOptions) -> anyhow::Result<Vec<String>> {
    let mut references = options.references.clone();
    if let Some(path) = &options.reference_file {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("reading {}", path.display()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        references.extend(lines.map(str::to_owned));
    }
    if references.is_empty() {
        bail!("no reference is given");
    }
    let plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if let Some(other) = references.iter().find(|text| !plain(text)) {
        bail!("“{other}” is no reference");
    }
    Ok(references)
}

/// The faults that the format has; the others are named and left out.
fn shares(
    format: &Format,
    proofs: &Proofs,
    wanted: &[FaultShare],
) -> anyhow::Result<Vec<FaultShare>> {
    let rotated = wanted.iter().any(|it| it.fault == Fault::RotatedKey);
    if rotated && proofs.previous.is_none() {
        bail!(
            "rotated_key needs a “previous_secret” in the secret file, or --previous-private-key"
        );
    }
    let (of_format, others): (Vec<FaultShare>, Vec<FaultShare>) = wanted
        .iter()
        .copied()
        .partition(|share| share.fault.is_of(format));
    for other in others {
        let (name, adapter) = (other.fault.name(), format.adapter);
        eprintln!("phocho: {adapter} has no {name}; it is left out");
    }
    Ok(of_format)
}

/// Sends at the pace that was asked for.
async fn send(options: &SimulateOptions, bank: &Arc<Bank>, trade: &Trade) -> anyhow::Result<()> {
    let pause = Duration::from_secs(1) / options.rate;
    let start = bank.clock.now();
    let notices = plan(trade, options.count, start, TimeDelta::from_std(pause)?);
    let begun = Instant::now();
    let end = begun + Duration::from_secs(options.seconds);
    let mut due = begun;
    let mut under_way = JoinSet::new();
    for notice in notices {
        sleep_until(due.into()).await;
        due += pause;
        while under_way.len() >= TOGETHER {
            finished(under_way.join_next().await)?;
        }
        if Instant::now() >= end {
            bank.count(|report| report.left += 1);
            continue;
        }
        let bank = Arc::clone(bank);
        under_way.spawn(async move { bank.deliver(&notice).await });
    }
    while !under_way.is_empty() {
        finished(under_way.join_next().await)?;
    }
    if let Some(listing) = &bank.listing {
        options.list.wait(listing).await;
        bank.count(|report| report.close_list(listing.listed()));
    }
    Ok(())
}

fn finished(
    task: Option<Result<anyhow::Result<()>, tokio::task::JoinError>>,
) -> anyhow::Result<()> {
    task.map_or(Ok(()), |task| task.context("a notice broke off")?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::banks::Secret;
    use crate::cli::bank::Proof;

    fn asked(adapter: &str, previous: bool, faults: &[&str]) -> anyhow::Result<Vec<FaultShare>> {
        let format = format_of(adapter).unwrap();
        let shared = |text| Proof::Shared(Secret::text(text));
        let proofs = Proofs {
            current: shared("a-secret-of-this-test"),
            previous: previous.then(|| shared("the-one-before-it-here")),
            config: BTreeMap::new(),
        };
        let faults: Vec<_> = faults.iter().map(|text| text.parse().unwrap()).collect();
        shares(format, &proofs, &faults)
    }

    #[test]
    fn the_help_says_what_each_fault_is() {
        for (_, name) in Fault::ALL {
            let line = MORE_HELP
                .lines()
                .find_map(|line| line.trim().strip_prefix(name));
            assert!(line.is_some_and(|meaning| meaning.len() > 10), "{name}");
        }
    }

    #[test]
    fn faults_that_a_format_cannot_have_are_left_out() {
        let all = ["batch=1", "stale_time=1", "failed_then_booked=1", "loss=1"];
        for (adapter, wanted) in [
            ("casso_v1", vec![Fault::Batch, Fault::Loss]),
            ("sepay_hmac", vec![Fault::StaleTime, Fault::Loss]),
            ("payos", vec![Fault::FailedThenBooked, Fault::Loss]),
            ("vietqr_vn", vec![Fault::Loss]),
        ] {
            let left = asked(adapter, false, &all).unwrap();
            let left: Vec<_> = left.iter().map(|share| share.fault).collect();
            assert_eq!(left, wanted, "{adapter}");
        }
        assert!(asked("payos", false, &["rotated_key=1"]).is_err());
        assert!(asked("payos", true, &["rotated_key=1"]).is_ok());
    }
}
