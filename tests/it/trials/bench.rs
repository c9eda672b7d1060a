//! A service whose clock stands still, and a bank that signs for a trial on it.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use phocho::banks::Secret;
use phocho::cli::bank::{Credit, CreditState, Proof, Sender, Signed, format_of, token_in};
use phocho::clock::Clock;
use phocho::http::rate::{Rate, RateLimits};
use phocho::http::{AppState, router};
use serde_json::{Value, json};

use crate::database::Database;
use crate::service::{Answer, ask, send};
use crate::state::state_over;
use crate::street::now;

/// A service for trials.
pub struct Bench {
    pub state: AppState,
    pub service: Router,
}

/// A trial as its engineer knows it.
pub struct Trial {
    pub id: String,
    pub adapter: String,
    pub address: String,
    pub account: String,
    pub reference: String,
    pub token: String,
    pub secret: Secret,
    pub config: BTreeMap<String, String>,
}

/// A credit that the bank tells a trial of.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    pub number: u64,
    pub content: &'a str,
    pub state: CreditState,
    /// How old the moment of sending is, in seconds.
    pub age_s: i64,
}

/// A booked credit, sent now.
pub fn told(number: u64, content: &str) -> Told<'_> {
    Told {
        number,
        content,
        state: CreditState::Booked,
        age_s: 0,
    }
}

/// So often that no test meets it.
pub fn often() -> Rate {
    let many = NonZeroU32::new(100_000).unwrap();
    Rate {
        per_second: many,
        burst: many,
    }
}

impl Bench {
    /// Opens the service over a test's database, without limits by address.
    pub async fn open(database: &Database) -> Self {
        Self::open_with(database, |state| {
            state.rates = RateLimits::new(often(), often()).with_trials(often(), often());
        })
        .await
    }

    /// The same under settings that `change` makes.
    pub async fn open_with(database: &Database, change: impl FnOnce(&mut AppState)) -> Self {
        let mut state = state_over(database.store().await);
        state.clock = Clock::fixed(now());
        change(&mut state);
        let service = router(state.clone());
        Self { state, service }
    }

    /// Asks for a trial.
    pub async fn ask_for(&self, body: &Value) -> Answer {
        ask(&self.service, ("POST", "/v1/trials"), "", Some(body), &[]).await
    }

    /// Makes a trial of a format.
    pub async fn trial(&self, adapter: &str) -> Trial {
        let answer = self.ask_for(&json!({"adapter": adapter})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        Trial::read(&answer.body)
    }

    /// Sends a signed notice.
    pub async fn deliver(&self, trial: &Trial, signed: &Signed) -> Answer {
        let target = format!("{}{}", trial.address, signed.below);
        let mut request = Request::builder().method(signed.method).uri(target);
        for (name, value) in &signed.headers {
            request = request.header(*name, value);
        }
        send(
            &self.service,
            request.body(Body::from(signed.body.clone())).unwrap(),
        )
        .await
    }

    /// Logs in where the format does, then signs a credit with a secret; the answer to the
    /// login where it was refused.
    pub async fn sign(
        &self,
        trial: &Trial,
        secret: &Secret,
        told: Told<'_>,
    ) -> Result<Signed, Answer> {
        let format = format_of(&trial.adapter).unwrap();
        let proof = Proof::Shared(secret.clone());
        let mut sender = Sender {
            bank: "MBBank",
            proof: &proof,
            config: &trial.config,
            token: None,
        };
        let mut answer = Value::Null;
        if let Some(log_in) = format.log_in {
            let told = self.deliver(trial, &log_in(&sender)).await;
            if told.status != 200 {
                return Err(told);
            }
            answer = told.body;
        }
        sender.token = token_in(&answer);
        let at = self.state.clock.now() - TimeDelta::seconds(told.age_s);
        let credit = Credit {
            number: told.number,
            account: &trial.account,
            amount_vnd: 45_000,
            content: told.content.to_owned(),
            order: &trial.reference,
            booked_at: now(),
            state: told.state,
        };
        Ok((format.sign)(&sender, &[credit], at))
    }

    /// Signs a credit with the trial's own secret and sends it.
    pub async fn tell(&self, trial: &Trial, told: Told<'_>) -> Answer {
        match self.sign(trial, &trial.secret, told).await {
            Ok(signed) => self.deliver(trial, &signed).await,
            Err(refused) => refused,
        }
    }

    /// What came to a trial, the newest first.
    pub async fn deliveries(&self, trial: &Trial) -> Vec<Value> {
        let path = format!("/v1/trials/{}", trial.id);
        let answer = ask(&self.service, ("GET", &path), &trial.token, None, &[]).await;
        let record = answer.good();
        record["deliveries"].as_array().unwrap().clone()
    }

    /// The newest delivery.
    pub async fn newest(&self, trial: &Trial) -> Value {
        self.deliveries(trial).await.swap_remove(0)
    }

    /// The report.
    pub async fn report(&self, trial: &Trial) -> Value {
        let path = format!("/v1/trials/{}/report", trial.id);
        let answer = ask(&self.service, ("GET", &path), &trial.token, None, &[]).await;
        answer.good()
    }

    /// The checks that stand in one state.
    pub async fn checks(&self, trial: &Trial, state: &str) -> BTreeSet<String> {
        let report = self.report(trial).await;
        let checks = report["checks"].as_array().unwrap().iter();
        checks
            .filter(|check| check["state"] == state)
            .map(|check| check["check"]["code"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Trial {
    /// Reads the answer to who asked for it.
    pub fn read(body: &Value) -> Self {
        let trial = &body["trial"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let secret = match &body["secret"] {
            Value::String(secret) => Secret::text(secret.clone()),
            login => Secret::login(text(&login["username"]), text(&login["password"])),
        };
        Self {
            id: text(&trial["id"]),
            adapter: text(&trial["adapter"]),
            address: text(&trial["callback_path"]),
            account: text(&trial["account_number"]),
            reference: text(&trial["reference"]),
            token: text(&body["token"]),
            secret,
            config: trial.get("config").map_or_else(BTreeMap::new, |config| {
                serde_json::from_value(config.clone()).unwrap()
            }),
        }
    }
}

/// The names in a set.
pub fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}
