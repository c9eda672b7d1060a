//! An outage from end to end: a bank whose notices get lost, its list of transactions, and a
//! service that fetches what it missed, over the network on both engines.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use phocho::domain::access::UserRole;
use phocho::domain::network::PrivateAddresses;
use phocho::flows::pull::{Pace, Puller};
use phocho::outbound::Outbound;
use reqwest::Method;
use serde_json::{Value, json};

use super::bank::{REFERENCE, SECRET};
use super::number;
use super::process::{Site, said};
use super::simulated_bank::{TOLD, arguments, check_books, report};
use crate::database::{Database, on_both_engines, run_on_sqlite};
use crate::sepay::{TOKEN, list_server};
use crate::state::state_over;
use crate::street::{Street, serve};

on_both_engines!(what_an_outage_took_is_fetched_from_the_list_and_nothing_is_missing);

/// The source of the bank.
const SOURCE: &str = "sepay";
/// Transactions that no notice told of.
const PULLED: &str = "SELECT COUNT(*) FROM transaction_evidence WHERE kind = 'pulled'";

/// A street with a source that fetches, who fetches, and where the bank works.
struct Scene {
    street: Street,
    puller: Puller,
    admins: [String; 2],
    site: Site,
}

impl Scene {
    async fn open(database: &Database) -> Self {
        let mut street = Street::lay_out(database.store().await).await;
        let mut state = state_over(street.store.clone());
        state.private_addresses = PrivateAddresses::Allowed;
        street.address = serve(state.clone()).await;
        street.code(REFERENCE, None).await;
        street.source(SOURCE, "sepay_hmac", SECRET, None).await;
        let admins = [
            street.person(UserRole::Admin).await,
            street.person(UserRole::Admin).await,
        ];
        // The usual pace between two requests, and short pauses before one more attempt.
        let pace = Pace {
            pauses: vec![Duration::from_millis(50); 6],
            ..Pace::default()
        };
        let outbound = Outbound::new(PrivateAddresses::Allowed, Duration::from_secs(5));
        let (ledger, intake) = (state.ledger.clone(), state.intake.clone());
        let site = Site::over(database.url());
        std::fs::write(site.folder.path().join("secret"), SECRET).unwrap();
        Self {
            puller: Puller::new(ledger, intake, outbound, state.clock, pace),
            street,
            admins,
            site,
        }
    }

    /// Starts a bank with a list on a free port; the bank, and the address of its list.
    fn start(&self, more: &str) -> (Child, String) {
        let base = format!("http://{}", self.street.address);
        let list = format!("--secret-file secret --list 127.0.0.1:0 --list-token {TOKEN} {more}");
        let mut command = self.site.phocho();
        command.args(arguments(&base, SOURCE, "sepay_hmac"));
        command.args(list.split(' '));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut bank = command.spawn().unwrap();
        let mut talk = BufReader::new(bank.stderr.as_mut().unwrap());
        let mut line = String::new();
        talk.read_line(&mut line).unwrap();
        let address = line.strip_prefix("phocho: listing at ");
        let address = address.and_then(|rest| rest.split_once(','));
        let (address, _) = address.unwrap_or_else(|| panic!("{line}"));
        (bank, address.to_owned())
    }

    /// Has the source fetch from an address.
    async fn fetch_from(&self, address: &str) {
        let (_, list) = self.street.get(&self.admins[0], "/v1/sources").await;
        let source = format!("/v1/sources/{}", list["data"][0]["id"].as_str().unwrap());
        let body = json!({"base_url": address, "token": TOKEN});
        for (admin, method, what, body) in [
            (0, Method::PUT, "pull-setting", Some(&body)),
            (1, Method::POST, "approve-pull-setting", None),
        ] {
            let path = format!("{source}/{what}");
            let asked = self.street.ask(&self.admins[admin], method, &path, body);
            let (status, told) = asked.await;
            assert_eq!(status, 200, "{told}");
        }
    }

    /// Pulls again and again until the bank has gone home; what it said.
    async fn pull_until_it_ends(&self, mut bank: Child) -> Output {
        loop {
            if let Some(status) = bank.try_wait().unwrap() {
                return ended(bank, status);
            }
            self.puller.run(true).await.unwrap();
            // Not while the bank waits for a time in which nobody asks.
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    }
}

fn ended(mut bank: Child, status: std::process::ExitStatus) -> Output {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    bank.stdout
        .take()
        .unwrap()
        .read_to_end(&mut stdout)
        .unwrap();
    bank.stderr
        .take()
        .unwrap()
        .read_to_end(&mut stderr)
        .unwrap();
    Output {
        status,
        stdout,
        stderr,
    }
}

fn count(report: &Value, of: &str) -> u64 {
    report["list"][of].as_u64().unwrap()
}

async fn what_an_outage_took_is_fetched_from_the_list_and_nothing_is_missing(database: Database) {
    let scene = Scene::open(&database).await;
    // What is sent in two of the seconds is lost, what is sent before and behind them is not.
    let ways = "--fault loss=30 --fault duplicate=30 --fault mangled=50";
    let more = format!("--count 20 --rate 5 --outage 1-3 --list-page 10 {ways}");
    let (bank, address) = scene.start(&format!("{more} --seed 7"));
    scene.fetch_from(&address).await;
    let output = scene.pull_until_it_ends(bank).await;
    assert!(output.status.success(), "{}", said(&output));
    let told = report(&output);
    assert_eq!(
        (&told["surprises"], &told["given_up"]),
        (&json!(0), &json!(10))
    );
    assert_eq!((count(&told, "rows"), count(&told, "not_fetched")), (20, 0));
    assert_eq!(number(&database, TOLD).await, 20);
    assert!(number(&database, PULLED).await >= 10);
    check_books(&scene.site, &[SOURCE], 0);

    // The same with a list that fails, from a bank whose numbers go on.
    let faults = "--list-fault server_error=25 --list-fault too_many=15";
    let (bank, address) = scene.start(&format!("{more} --seed 8 {faults}"));
    scene.fetch_from(&address).await;
    let output = scene.pull_until_it_ends(bank).await;
    assert!(output.status.success(), "{}", said(&output));
    let told = report(&output);
    assert_eq!(count(&told, "not_fetched"), 0, "{told}");
    assert!(count(&told, "failed") > 0, "{told}");
    assert_eq!(number(&database, TOLD).await, 40);
    let checked = check_books(&scene.site, &[SOURCE], 0);
    assert_eq!(checked["notices_sent"], 40);
}

#[test]
fn what_is_listed_and_not_fetched_is_missed_and_what_is_lost_for_good_is_not() {
    run_on_sqlite(async |database| {
        let scene = Scene::open(&database).await;
        let base = format!("http://{}", scene.street.address);
        let run = |more: &str| {
            let mut command = scene.site.phocho();
            command.args(arguments(&base, SOURCE, "sepay_hmac"));
            command.args(format!("--secret-file secret {more}").split(' '));
            tokio::task::block_in_place(|| command.output().unwrap())
        };
        let lost = run("--count 6 --rate 5 --outage 0-1 --seed 7");
        assert_eq!(lost.status.code(), Some(0), "{}", said(&lost));
        assert_eq!(report(&lost)["given_up"], 5);
        assert_eq!(number(&database, TOLD).await, 1);
        check_books(&scene.site, &[SOURCE], 0);

        let briefly = "--list 127.0.0.1:0 --list-seconds 1";
        let listed = run(&format!(
            "--count 6 --rate 5 --outage 0-1 --seed 8 {briefly}"
        ));
        assert_eq!(listed.status.code(), Some(1), "{}", said(&listed));
        let told = report(&listed)["surprises_shown"].to_string();
        assert!(told.contains("6 of 6 rows of the list"), "{told}");
        let found = check_books(&scene.site, &[SOURCE], 1)["breaches"].to_string();
        let missed = found.matches("an acknowledged notice is not lost").count();
        assert_eq!(missed, 5, "{found}");

        for (more, words) in [
            ("--list 0.0.0.0:0", "--anywhere"),
            ("--list here", "--list"),
            ("--outage 5-5", "FROM-TO"),
            ("--list-page 10", "--list <ADDRESS>"),
            ("--list 127.0.0.1:0 --list-page 5", "the 5 rows of a second"),
            (
                "--list 127.0.0.1:0 --list-fault loss=5",
                "no fault is called",
            ),
        ] {
            let refused = run(more);
            assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
            assert!(said(&refused).contains(words), "{}", said(&refused));
        }
    });
}

#[test]
fn the_list_takes_three_requests_a_second_from_whoever_knows_the_token() {
    run_on_sqlite(async |_database| {
        let server = list_server().await;
        server.with(|ledger| ledger.per_second = Some(3));
        let client = reqwest::Client::new();
        let ask = async |target: &str, token: &str| {
            let url = format!("{}{target}", server.address);
            client.get(url).bearer_auth(token).send().await.unwrap()
        };
        let path = "/userapi/transactions/list";
        for (target, token, wanted) in [
            ("/other", TOKEN, 404),
            (path, "another", 401),
            (path, TOKEN, 200),
            ("/userapi/transactions/list?since_id=x", TOKEN, 400),
        ] {
            assert_eq!(ask(target, token).await.status(), wanted, "{target}");
        }
        let refused = ask(path, TOKEN).await;
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()["x-sepay-userapi-retry-after"], "1");
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(ask(path, TOKEN).await.status(), 200);
    });
}
