//! The list of transactions that the bank offers beside its notices: also what never arrived
//! stands in it, and the service has to fetch it.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::Value;
use tokio::time::sleep;

use super::faults::named_percent;
use crate::cli::bank::sepay_list::ROWS_MAX;
use crate::cli::bank::sepay_list::server::{Ledger, ListFault, SepayServer};
use crate::cli::bank::{Credit, FORMATS, Format};
use crate::entropy::Entropy;

/// When nobody has asked for so long, whoever fetched is done. The service asks the next time
/// within half a second.
const QUIET: Duration = Duration::from_secs(3);
/// How often the bank looks whether everything was fetched.
const LOOK: Duration = Duration::from_millis(200);
/// How late a late answer is: longer than the service waits.
const LATE: Duration = Duration::from_secs(25);
/// What can go wrong with a request for the list.
const FAULTS: [(ListFault, &str); 5] = [
    (ListFault::Status(500), "server_error"),
    (ListFault::TooMany(1), "too_many"),
    (ListFault::Malformed, "malformed"),
    (ListFault::VendorError, "vendor_error"),
    (ListFault::Late(LATE), "late"),
];

/// Whether there is a list, and what goes wrong with it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The bank's own list, for a source that fetches what it missed")]
pub(super) struct ListOptions {
    /// Serves SePay's list of transactions at this address, such as 127.0.0.1:9090: all that the
    /// bank booked, also what no notice told of. It takes three requests a second. The service
    /// fetches from there once PHOCHO_PULL_PRIVATE_ADDRESSES=allow is set and the source's
    /// pull-setting names the address and the token.
    #[arg(long, value_name = "ADDRESS")]
    list: Option<SocketAddr>,
    /// What has to be shown to read the list (default: a chance token, which is printed).
    #[arg(long, value_name = "TOKEN", requires = "list", value_parser = NonEmptyStringValueParser::new())]
    list_token: Option<String>,
    /// Rows of one answer at most, whatever is asked for. The service reads back by the bank's
    /// seconds, so that one second must not fill an answer: more than --rate.
    #[arg(long, value_name = "ROWS", default_value_t = 5_000, requires = "list",
        value_parser = clap::value_parser!(u32).range(1..=5_000))]
    list_page: u32,
    /// When all is sent, the list is served until everything in it was fetched, and no longer
    /// than this many seconds. The service fetches every five minutes and when it is asked to.
    #[arg(long, value_name = "SECONDS", default_value_t = 900, requires = "list",
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    list_seconds: u64,
    /// What goes wrong with how many of a hundred requests for the list: server_error, too_many,
    /// malformed, vendor_error or late; several times for several.
    #[arg(long = "list-fault", value_name = "NAME=PERCENT", requires = "list")]
    list_faults: Vec<ListFaultShare>,
}

/// How often the list fails in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListFaultShare {
    fault: ListFault,
    percent: u64,
}

impl FromStr for ListFaultShare {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (fault, percent) = named_percent(text, &FAULTS)?;
        Ok(Self { fault, percent })
    }
}

/// A list that is served.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    server: SepayServer,
    row: fn(&str, &Credit<'_>) -> Value,
}

/// What became of the list in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Rows in it.
    pub(super) rows: usize,
    /// Those that nobody fetched.
    pub(super) not_fetched: usize,
    /// How often it was asked.
    pub(super) asked: usize,
    /// How many of these requests went wrong.
    pub(super) failed: usize,
}

impl Listed {
    /// In one line for people.
    pub(super) fn line(self) -> String {
        let Self {
            rows,
            not_fetched,
            asked,
            failed,
        } = self;
        format!("{rows} rows, {not_fetched} not fetched; asked {asked} times, {failed} failed")
    }
}

impl ListOptions {
    /// What is wrong with them for a format.
    pub(super) fn check(&self, format: &Format, rate: u32, anywhere: bool) -> anyhow::Result<()> {
        let Some(at) = self.list else {
            return Ok(());
        };
        if format.row.is_none() {
            let listing = FORMATS.iter().filter(|format| format.row.is_some());
            let listing: Vec<_> = listing.map(|format| format.adapter).collect();
            let (adapter, listing) = (format.adapter, listing.join(" and "));
            bail!("--list: {adapter} has no list of transactions; {listing} have one");
        }
        if self.list_page <= rate {
            let rows = self.list_page;
            bail!(
                "--list-page {rows}: an answer has to hold more than the {rate} rows of a second"
            );
        }
        if !anywhere && !at.ip().is_loopback() {
            bail!(
                "--list names {at}: a sample list is served to this machine only, unless --anywhere is given"
            );
        }
        Ok(())
    }

    /// Serves the list of a format, if it is asked for.
    pub(super) async fn open(&self, format: &Format, seed: u64) -> anyhow::Result<Option<Listing>> {
        let (Some(at), Some(row)) = (self.list, format.row) else {
            return Ok(None);
        };
        let chance = || hex::encode(Entropy::System.bytes::<16>());
        let token = self.list_token.clone().unwrap_or_else(chance);
        let mut ledger = Ledger::new(&token);
        ledger.list.page_max = usize::try_from(self.list_page).unwrap_or(ROWS_MAX);
        ledger.seed = seed;
        let shares = self.list_faults.iter();
        ledger.shares = shares.map(|share| (share.fault, share.percent)).collect();
        let server = SepayServer::start(at, ledger).await;
        let server = server.with_context(|| format!("--list {at} cannot be served at"))?;
        eprintln!("phocho: listing at {}, token {token}", server.address);
        Ok(Some(Listing { server, row }))
    }

    /// Waits until everything was fetched, or for as long as was asked for.
    pub(super) async fn wait(&self, listing: &Listing) {
        let most = Duration::from_secs(self.list_seconds);
        let end = Instant::now() + most;
        if listing.server.with(|ledger| ledger.not_given()) > 0 {
            let seconds = most.as_secs();
            eprintln!("phocho: all is sent; listing for {seconds} s or until all is fetched");
        }
        while !listing.is_fetched(Instant::now()) && Instant::now() < end {
            sleep(LOOK).await;
        }
    }
}

impl Listing {
    /// Adds what the bank has booked.
    pub(super) fn book(&self, bank: &str, credits: &[Credit<'_>]) {
        for credit in credits {
            self.server.book((self.row)(bank, credit));
        }
    }

    /// Whether everything was given to somebody who has stopped asking.
    fn is_fetched(&self, now: Instant) -> bool {
        self.server.with(|ledger| {
            let quiet = |at| now.saturating_duration_since(at) >= QUIET;
            ledger.not_given() == 0 && ledger.last_asked_at().is_none_or(quiet)
        })
    }

    /// What became of it so far.
    pub(super) fn listed(&self) -> Listed {
        self.server.with(|ledger| Listed {
            rows: ledger.list.rows.len(),
            not_fetched: ledger.not_given(),
            asked: ledger.asked.len(),
            failed: ledger.failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bank::format_of;

    fn options(at: &str) -> ListOptions {
        ListOptions {
            list: Some(at.parse().unwrap()),
            list_token: None,
            list_page: 10,
            list_seconds: 1,
            list_faults: vec!["server_error=10".parse().unwrap()],
        }
    }

    #[test]
    fn only_a_vendor_with_a_list_serves_one_and_to_this_machine() {
        for (adapter, at, rate, anywhere, good) in [
            ("sepay_hmac", "127.0.0.1:9090", 9, false, true),
            ("sepay_apikey", "[::1]:9090", 5, false, true),
            ("sepay_hmac", "127.0.0.1:9090", 10, false, false),
            ("sepay_hmac", "0.0.0.0:9090", 5, false, false),
            ("sepay_hmac", "0.0.0.0:9090", 5, true, true),
            ("casso_v1", "127.0.0.1:9090", 5, false, false),
        ] {
            let checked = options(at).check(format_of(adapter).unwrap(), rate, anywhere);
            assert_eq!(checked.is_ok(), good, "{adapter} {at} {rate}");
        }
    }

    #[test]
    fn a_fault_of_the_list_is_asked_for_by_name_and_share() {
        for (fault, name) in FAULTS {
            let share: ListFaultShare = format!("{name}=30").parse().unwrap();
            assert_eq!((share.fault, share.percent), (fault, 30));
        }
        assert!("loss=30".parse::<ListFaultShare>().is_err());
    }
}
