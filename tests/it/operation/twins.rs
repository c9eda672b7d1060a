//! Two traders of whom the same is told: whatever happens to one on the way, both end with the
//! same books.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use phocho::domain::day::{start_of_day, vietnam_offset};
use serde_json::{Value, json};

use crate::database::Database;
use crate::market::{Credit, Market};
use crate::stalls::{Stall, account_number, open, stall};
use crate::statement::{Sheet, moved};

/// Notices that are on their way at a time.
const AT_ONCE: usize = 50;

/// A market with two stalls, each with two printed codes, and one bank for both.
pub struct Twins {
    pub market: Market,
    pub stalls: [Stall; 2],
    pub traders: [String; 2],
    codes: [[String; 2]; 2],
}

impl Twins {
    pub async fn open(database: &Database) -> Self {
        let market = Market::open(database).await;
        let store = market.store();
        let stalls = [stall(store, 1, open()).await, stall(store, 2, open()).await];
        market.bank("sepay", &stalls.map(|it| it.account)).await;
        let traders = [
            market.trader(stalls[0]).await,
            market.trader(stalls[1]).await,
        ];
        let mut codes = Vec::new();
        for (stall, trader) in stalls.iter().zip(&traders) {
            let two = [
                code(&market, stall, trader).await,
                code(&market, stall, trader).await,
            ];
            codes.push(two);
        }
        Self {
            codes: codes.try_into().unwrap(),
            market,
            stalls,
            traders,
        }
    }

    /// The bank tells both of the credits of a day, most of which name no code; of each
    /// eleventh it tells nothing.
    pub async fn tell(&self, day: NaiveDate, lines: u64) {
        for twin in 0..2 {
            let numbers = (1..=lines).filter(|number| !number.is_multiple_of(11));
            let told = numbers.map(|number| self.tell_one(twin, day, number));
            let told = stream::iter(told).buffer_unordered(AT_ONCE);
            told.collect::<Vec<()>>().await;
        }
    }

    async fn tell_one(&self, twin: usize, day: NaiveDate, number: u64) {
        let bank_number = reference(day, number);
        let content = if number.is_multiple_of(5) {
            self.codes[twin][1].clone()
        } else {
            format!("CHUYEN TIEN {number}")
        };
        let place = u64::try_from(twin).unwrap() + 1;
        let credit = Credit {
            id: place * 1_000_000_000 + bank_number,
            bank_number,
            account: &account_number(place.into()),
            amount: amount(number),
            content: &content,
            at: at(day, number),
        };
        self.market.credit("sepay", credit).await;
    }

    /// The statement of one of them about a day. Its lines name a code, which most notices
    /// lost, and each fifth another one than its notice.
    pub fn sheet(&self, twin: usize, day: NaiveDate, lines: u64) -> Sheet {
        let code = &self.codes[twin][0];
        let movement = |number: u64| {
            let at = at(day, number).with_timezone(&vietnam_offset());
            let at = at.format("%Y-%m-%dT%H:%M:%S").to_string();
            let reference = format!("FT{}", reference(day, number));
            moved(
                &at,
                amount(number),
                &reference,
                &format!("{code} chuyen tien {number}"),
            )
        };
        let day: &'static str = day.to_string().leak();
        Sheet {
            account: account_number(u128::try_from(twin).unwrap() + 1),
            first: day,
            last: day,
            opening: Some(0),
            movements: (1..=lines).map(movement).collect(),
        }
    }

    /// The path that a statement of one of them is sent to.
    pub fn statements(&self, twin: usize) -> String {
        format!("/v1/statements?account_id={}", self.stalls[twin].account)
    }

    /// The books of both.
    pub async fn books(&self) -> [Value; 2] {
        [
            self.market.books_of(&self.traders[0]).await,
            self.market.books_of(&self.traders[1]).await,
        ]
    }
}

async fn code(market: &Market, stall: &Stall, trader: &str) -> String {
    let code = json!({
        "outlet_id": stall.outlet.to_string(),
        "kind": "static",
        "amount_rule": "open",
    });
    let code = market.post(trader, "/v1/payment-codes", &code).await.good();
    code["reference"].as_str().unwrap().to_owned()
}

fn amount(number: u64) -> i64 {
    i64::try_from(10_000 + number * 100).unwrap()
}

/// The number in the bank's reference, which no two days share.
fn reference(day: NaiveDate, number: u64) -> u64 {
    let day = day.format("%m%d").to_string();
    day.parse::<u64>().unwrap() * 10_000 + number
}

/// Some seconds after nine in the morning.
fn at(day: NaiveDate, number: u64) -> DateTime<Utc> {
    start_of_day(day) + TimeDelta::hours(9) + TimeDelta::seconds(i64::try_from(number).unwrap())
}
