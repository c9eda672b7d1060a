//! A market over HTTP: stalls in a database, callers with tokens, and a bank that sends signed
//! notices.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use chrono::{DateTime, TimeDelta, Utc};
use phocho::clock::Clock;
use phocho::domain::access::{TokenHolder, UserRole};
use phocho::domain::day::to_rfc3339;
use phocho::domain::ids::{AccountId, SourceId, ZoneId};
use phocho::domain::text::PersonName;
use phocho::entropy::Entropy;
use phocho::flows::access::{Act, NewToken, NewUser, create_user, issue_token};
use phocho::http::{AppState, router};
use phocho::store::Store;
use phocho::store::sources;
use serde_json::Value;
use uuid::Uuid;

use crate::database::Database;
use crate::sepay::SepayNotice;
use crate::service::{self, Answer, ask, deliver};
use crate::stalls::{Stall, opening};
use crate::state::state_over;
use crate::street::{insert_active, source};

const SECRET: &str = "a-secret-of-this-test-0002";

/// A service over a test's database, at the moment when the stalls opened.
pub struct Market {
    /// What the handlers work with.
    pub state: AppState,
    service: Router,
    chance: Entropy,
}

/// A credit that the bank tells of.
#[derive(Clone, Copy, Debug)]
pub struct Credit<'a> {
    /// The vendor's number of it.
    pub id: u64,
    /// The number in the bank's own reference.
    pub bank_number: u64,
    /// To which account.
    pub account: &'a str,
    /// Đồng.
    pub amount: i64,
    /// The transfer text.
    pub content: &'a str,
    /// The bank's time.
    pub at: DateTime<Utc>,
}

impl Market {
    /// Opens the service.
    pub async fn open(database: &Database) -> Self {
        let mut state = state_over(database.store().await);
        state.clock = Clock::fixed(opening());
        Self {
            service: router(state.clone()),
            state,
            chance: Entropy::seeded(77),
        }
    }

    /// The same market under settings that `change` makes.
    pub fn changed(mut self, change: impl FnOnce(&mut AppState)) -> Self {
        change(&mut self.state);
        self.service = router(self.state.clone());
        self
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.state.ledger.store
    }

    fn act(&self) -> Act<'_> {
        Act {
            actor: "phocho",
            now: opening(),
            entropy: &self.chance,
        }
    }

    async fn token(&self, holder: TokenHolder) -> String {
        let new = NewToken {
            label: "bàn 1".to_owned(),
            holder,
            expires_at: None,
        };
        let mut tx = self.store().begin_write().await.unwrap();
        let issued = issue_token(&mut tx, &self.act(), new).await.unwrap();
        tx.commit().await.unwrap();
        issued.secret.reveal().to_string()
    }

    /// A token of the stall's merchant.
    pub async fn trader(&self, stall: Stall) -> String {
        self.token(TokenHolder::Merchant(stall.merchant)).await
    }

    /// A token of a till at the stall.
    pub async fn till(&self, stall: Stall) -> String {
        let (merchant, outlet) = (stall.merchant, stall.outlet);
        self.token(TokenHolder::Device { merchant, outlet }).await
    }

    /// A token of one more member of the staff, for all zones or the given ones.
    pub async fn staff(&self, zones: Option<Vec<ZoneId>>) -> String {
        let new = NewUser {
            name: PersonName::parse("Đào").unwrap(),
            role: UserRole::Staff,
            zones,
        };
        let mut tx = self.store().begin_write().await.unwrap();
        let user = create_user(&mut tx, &self.act(), new).await.unwrap();
        tx.commit().await.unwrap();
        self.token(TokenHolder::User(user.id)).await
    }

    /// A token of one more administrator.
    pub async fn admin(&self) -> String {
        let new = NewUser {
            name: PersonName::parse("Sen").unwrap(),
            role: UserRole::Admin,
            zones: None,
        };
        let mut tx = self.store().begin_write().await.unwrap();
        let user = create_user(&mut tx, &self.act(), new).await.unwrap();
        tx.commit().await.unwrap();
        self.token(TokenHolder::User(user.id)).await
    }

    /// Sends a file as it is.
    pub async fn upload(
        &self,
        token: &str,
        path: &str,
        file: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request =
            Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        service::send(&self.service, request.body(file.into()).unwrap()).await
    }

    /// Sends a request with some headers.
    pub async fn send(
        &self,
        method: &str,
        token: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        ask(&self.service, (method, path), token, body, headers).await
    }

    /// Reads.
    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.send("GET", token, path, None, &[]).await
    }

    /// Sends a JSON body.
    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send("POST", token, path, Some(body), &[]).await
    }

    /// Takes a step that needs no body.
    pub async fn step(&self, token: &str, path: &str) -> Answer {
        self.send("POST", token, path, None, &[]).await
    }

    /// Lets a bank called `name` speak for accounts.
    pub async fn bank(&self, name: &str, accounts: &[AccountId]) {
        let id = SourceId::from_uuid(Uuid::from_u128(u128::from(name.as_bytes()[0])));
        let source = source(id, (name, "sepay_hmac"), SECRET, opening());
        let mut tx = self.store().begin_write().await.unwrap();
        insert_active(&mut tx, &source).await;
        for account in accounts {
            sources::bind_account(&mut tx, id, *account, opening())
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Has the bank tell of a credit; it is taken whatever becomes of it.
    pub async fn credit(&self, bank: &str, credit: Credit<'_>) {
        let notice = SepayNotice {
            id: credit.id,
            bank_number: credit.bank_number,
            amount: credit.amount,
            content: credit.content,
            account: credit.account,
            booked_at: credit.at,
        };
        let signed = notice.signed(SECRET, self.state.clock.now());
        let answer = deliver(&self.service, bank, signed).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// All rows of a list that whoever has the token sees.
    pub async fn all(&self, token: &str, list: &str) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/{list}?limit=200{cursor}");
            let page = self.get(token, &path).await.good();
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else {
                return rows;
            };
            cursor = format!("&cursor={next}");
        }
    }

    /// A trader's books without what only this database calls things: two traders of whom the
    /// same is told have the same.
    pub async fn books_of(&self, trader: &str) -> Value {
        let mut books = serde_json::Map::new();
        for (list, names) in LISTS {
            let rows = self.all(trader, list).await;
            let known = rows.iter().map(|row| {
                let facts = names.iter().map(|name| row[*name].clone());
                Value::Array(facts.collect())
            });
            let mut known: Vec<Value> = known.collect();
            known.sort_by_key(Value::to_string);
            books.insert((*list).to_owned(), Value::Array(known));
        }
        books.into()
    }
}

/// What two traders of whom the same is told have in common, list by list.
const LISTS: &[(&str, &[&str])] = &[
    (
        "bank-transactions",
        &[
            "direction",
            "amount_vnd",
            "bank_reference",
            "occurred_at",
            "is_disputed",
        ],
    ),
    (
        "payments",
        &[
            "status",
            "received_vnd",
            "sale_vnd",
            "returned_vnd",
            "flags",
            "counted_as",
            "occurred_at",
        ],
    ),
    ("suspense", &["amount_vnd", "verdict", "occurred_at"]),
    ("reversals", &["state", "amount_vnd", "matched_by"]),
    (
        "statements",
        &[
            "matched",
            "missing_here",
            "amount_differs",
            "missing_at_bank",
            "closed_days",
        ],
    ),
];

/// The ids of a page's rows.
pub fn ids(page: &Value) -> Vec<&str> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap()).collect()
}

/// The opening and some minutes, as the API writes it.
pub fn minutes_later(minutes: i64) -> String {
    to_rfc3339(opening() + TimeDelta::minutes(minutes))
}
