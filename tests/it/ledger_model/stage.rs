//! Where sequences happen: a served street, its trader and two administrators.
//!
//! Rows of SePay's list are handed to the intake, as the puller hands them in. The puller itself
//! asks for one page of one account at a time and three times a second at most, so thousands of
//! accounts would take hours; its walk over pages has tests of its own.

use chrono::TimeDelta;
use futures_util::StreamExt;
use phocho::domain::access::UserRole;
use phocho::domain::ids::{AccountId, CodeId};
use phocho::flows::intake::{Intake, Notice, Receipt, Told};
use reqwest::Method;
use serde_json::{Value, json};

use super::movement::GivenBack;
use super::paper::{Paper, period};
use super::sequence::{SOURCES, Sequence, Step, Telling};
use super::world::{Stall, code_id, source_id, stall_id};
use crate::database::Database;
use crate::state::any_rate;
use crate::street::Street;

/// Sequences that happen at the same time.
const AT_ONCE: usize = 32;

/// A served street and the persons who act.
pub struct Stage {
    pub street: Street,
    intake: Intake,
    trader: String,
    admins: [String; 2],
}

/// What became of the statements of a sequence so far.
#[derive(Clone, Default)]
struct Handed {
    statement: Option<String>,
    proposal: Option<String>,
}

impl Stage {
    pub async fn open(database: &Database) -> Self {
        let mut intake = None;
        let street = Street::open_with(database.store().await, |state| {
            state.rates = any_rate();
            intake = Some(state.intake.clone());
        })
        .await;
        Self {
            trader: street.seller(false).await,
            admins: [
                street.person(UserRole::Admin).await,
                street.person(UserRole::Admin).await,
            ],
            intake: intake.unwrap(),
            street,
        }
    }

    /// Plays every sequence, each in its order, many at the same time.
    pub async fn play(&self, sequences: &[Sequence]) {
        let played = sequences.iter().map(|sequence| self.play_one(sequence));
        let played = futures_util::stream::iter(played).buffer_unordered(AT_ONCE);
        played.collect::<Vec<()>>().await;
    }

    async fn play_one(&self, sequence: &Sequence) {
        let mut handed = vec![Handed::default(); sequence.papers.len()];
        for step in &sequence.steps {
            // Nothing of one stall happens at the same moment as anything else of it.
            self.street.clock.advance(TimeDelta::microseconds(1));
            match step {
                Step::Told(telling) => self.tell(&sequence.stall, telling).await,
                Step::Brought(place) => {
                    let paper = &sequence.papers[*place];
                    let handed = &mut handed[*place];
                    let again = handed.statement.take();
                    let id = self.bring(&sequence.stall, paper, again.is_some()).await;
                    assert!(again.is_none_or(|before| before == id));
                    handed.statement = Some(id);
                }
                Step::Proposed(place) => {
                    let statement = handed[*place].statement.as_deref();
                    handed[*place].proposal = self.propose(statement.unwrap()).await;
                }
                Step::Approved(place) => {
                    if let Some(proposal) = &handed[*place].proposal {
                        let path = format!("/v1/statement-proposals/{proposal}/approve");
                        self.act(&self.admins[1], &path, 200, None).await;
                    }
                }
                Step::GivenBack(given) => self.give_back(&sequence.stall, *given).await,
            }
        }
    }

    async fn tell(&self, stall: &Stall, telling: &Telling) {
        let (source, name, _) = SOURCES[telling.source as usize];
        if telling.is_row {
            let notice = Notice {
                source: source_id(source),
                source_name: name.to_owned(),
                told: Told::Pulled(stall.listed(telling)),
                received_at: self.street.clock.now(),
            };
            let receipt = self.intake.submit(notice).await.unwrap();
            assert!(!matches!(receipt, Receipt::Quarantined(_)), "{receipt:?}");
            return;
        }
        let (source, headers, body) = stall.sign(telling);
        let (status, answer) = self.street.deliver(source, &headers, &body).await;
        let is_taken = source != "acb" || answer.contains("\"00000000\"");
        assert!(status == 200 && is_taken, "{source}: {answer}");
    }

    /// Brings a statement and gives its id.
    async fn bring(&self, stall: &Stall, paper: &Paper, is_known: bool) -> String {
        let account = AccountId::from_uuid(stall_id(stall.number));
        let url = format!(
            "http://{}/v1/statements?account_id={account}&{}",
            self.street.address,
            period()
        );
        let token = if paper.by_admin {
            &self.admins[0]
        } else {
            &self.trader
        };
        let (file, kind) = paper.file(stall);
        let request = self.street.client.request(Method::POST, url);
        let request = request.bearer_auth(token).header("content-type", kind);
        let response = request.body(file.clone()).send().await.unwrap();
        let status = response.status().as_u16();
        let report: Value = response.json().await.unwrap();
        let wanted = if is_known { 200 } else { 201 };
        assert_eq!(status, wanted, "{report}\n{file}");
        assert_eq!(report["statement"]["balance"], "controlled", "{file}");
        report["statement"]["id"].as_str().unwrap().to_owned()
    }

    /// Proposes all lines of a statement that are missing here, if there are any.
    async fn propose(&self, statement: &str) -> Option<String> {
        let path = format!("/v1/statements/{statement}/lines?verdict=missing_here&limit=200");
        let (_, page) = self.street.get(&self.trader, &path).await;
        let lines = page["data"].as_array().unwrap().iter();
        let lines: Vec<_> = lines.map(|line| line["number"].clone()).collect();
        if lines.is_empty() {
            return None;
        }
        let path = format!("/v1/statements/{statement}/proposals");
        let body = json!({"lines": lines});
        let proposal = self.act(&self.trader, &path, 201, Some(body)).await;
        Some(proposal["id"].as_str().unwrap().to_owned())
    }

    /// Records money given back of the payment that received so much, if there is one that
    /// counts and has enough left.
    async fn give_back(&self, stall: &Stall, given: GivenBack) {
        let code = CodeId::from_uuid(code_id(stall.number, given.code));
        let path = format!("/v1/payments?code_id={code}&limit=200");
        let (_, page) = self.street.get(&self.trader, &path).await;
        let doubted = json!("duplicate_suspected");
        let mut payments = page["data"].as_array().unwrap().iter();
        let payment = payments.find(|payment| {
            let flags = payment["flags"].as_array().unwrap();
            payment["received_vnd"] == given.received_vnd
                && payment["status"] != "voided"
                && !flags.contains(&doubted)
        });
        let Some(payment) = payment else { return };
        let path = format!("/v1/payments/{}/reversals", payment["id"].as_str().unwrap());
        let body = json!({"amount_vnd": given.amount_vnd, "nature": "customer_request"});
        let (status, answer) = self.street.post(&self.trader, &path, &body).await;
        let is_too_much = answer["errors"][0]["code"] == "return_too_much";
        assert!(status == 201 || status == 422 && is_too_much, "{answer}");
    }

    async fn act(&self, token: &str, path: &str, wanted: u16, body: Option<Value>) -> Value {
        let method = Method::POST;
        let (status, answer) = self.street.ask(token, method, path, body.as_ref()).await;
        assert_eq!(status, wanted, "{path}: {answer}");
        answer
    }
}
