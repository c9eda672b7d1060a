//! Bank statements over HTTP and as a command, on both engines.

mod closing;
mod command;
mod interrupted;
mod late;
mod many;
mod proposals;
mod refusals;
mod verdicts;

use chrono::{DateTime, TimeDelta, Utc};
use phocho::flows::check_books;
use serde_json::Value;

use crate::database::Database;
use crate::market::{Credit, Market};
use crate::service::Answer;
use crate::stalls::{Stall, account_number, open, opening, stall};
use crate::statement::{Movement, Sheet};

pub const XML: [(&str, &str); 1] = [("content-type", "application/xml")];

/// A market with one stall that trades, a bank that speaks for its account, its trader and two
/// administrators.
pub struct Desk {
    pub market: Market,
    pub stall: Stall,
    pub trader: String,
    pub first: String,
    pub second: String,
}

impl Desk {
    pub async fn open(database: &Database) -> Self {
        let market = Market::open(database).await;
        let stall = stall(market.store(), 1, open()).await;
        market.bank("sepay", &[stall.account]).await;
        Self {
            trader: market.trader(stall).await,
            first: market.admin().await,
            second: market.admin().await,
            stall,
            market,
        }
    }

    /// The bank tells of a credit.
    pub async fn tell(&self, number: u64, amount: i64, content: &str, at: DateTime<Utc>) {
        let credit = Credit {
            id: number,
            bank_number: number,
            account: &account_number(1),
            amount,
            content,
            at,
        };
        self.market.credit("sepay", credit).await;
    }

    /// Hands a statement in, with further parameters.
    pub async fn hand_in(&self, token: &str, more: &str, file: impl Into<String>) -> Answer {
        let path = format!("/v1/statements?account_id={}{more}", self.stall.account);
        self.market.upload(token, &path, file.into(), &XML).await
    }

    /// The report of a statement that the trader brings.
    pub async fn reconcile(&self, sheet: &Sheet) -> Value {
        self.hand_in(&self.trader, "", sheet.camt()).await.good()
    }

    /// The lines of a statement with a verdict.
    pub async fn lines(&self, statement: &str, verdict: &str) -> Vec<Value> {
        let path = format!("/v1/statements/{statement}/lines?verdict={verdict}");
        let page = self.market.get(&self.trader, &path).await.good();
        page["data"].as_array().unwrap().clone()
    }

    /// How many bank transactions, payments and suspense items the trader has.
    pub async fn sizes(&self) -> [usize; 3] {
        let mut sizes = [0; 3];
        for (size, list) in sizes
            .iter_mut()
            .zip(["bank-transactions", "payments", "suspense"])
        {
            let path = format!("/v1/{list}?limit=200");
            let page = self.market.get(&self.trader, &path).await.good();
            *size = page["data"].as_array().unwrap().len();
        }
        sizes
    }

    /// Nothing breaks a rule.
    pub async fn check(&self) {
        let breaches = check_books::check(self.market.store(), 10).await.unwrap();
        assert_eq!(breaches, []);
    }
}

/// Yesterday's statement of the stall, with balances.
pub fn yesterday(movements: Vec<Movement>) -> Sheet {
    Sheet {
        account: account_number(1),
        first: "2026-03-15",
        last: "2026-03-15",
        opening: Some(1_000_000),
        movements,
    }
}

/// Some minutes after nine in the morning of yesterday, local.
pub fn at_nine(minutes: i64) -> DateTime<Utc> {
    let nine = opening() - TimeDelta::days(1) - TimeDelta::minutes(30);
    nine + TimeDelta::minutes(minutes)
}

/// Matched, missing here, with another amount, missing at the bank.
pub fn counts(report: &Value) -> [i64; 4] {
    let statement = &report["statement"];
    let names = [
        "matched",
        "missing_here",
        "amount_differs",
        "missing_at_bank",
    ];
    names.map(|name| statement[name].as_i64().unwrap())
}

/// The id of the statement that a report is about.
pub fn id(report: &Value) -> String {
    report["statement"]["id"].as_str().unwrap().to_owned()
}
