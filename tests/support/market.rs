//! A market over HTTP: stalls in a database, callers with tokens, and a bank that sends signed
//! notices.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use phocho::clock::Clock;
use phocho::domain::access::{TokenHolder, UserRole};
use phocho::domain::day::to_rfc3339;
use phocho::domain::ids::{AccountId, SourceId, ZoneId};
use phocho::domain::text::PersonName;
use phocho::entropy::Entropy;
use phocho::flows::access::{Act, NewToken, NewUser, create_user, issue_token};
use phocho::flows::receive_notice::secret_name;
use phocho::http::{AppState, router};
use phocho::store::Store;
use phocho::store::sources::{self, NewSource};
use phocho::vault::{KEY_BYTES, Key};
use serde_json::{Value, json};
use sha2::Sha256;
use tower::ServiceExt;
use uuid::Uuid;

use crate::database::Database;
use crate::stalls::{Stall, opening, user};
use crate::state::state_over;
use crate::street::insert_active;

const SECRET: &str = "a-secret-of-this-test-0002";

/// A service over a test's database, at the moment when the stalls opened.
pub struct Market {
    /// What the handlers work with.
    pub state: AppState,
    service: Router,
    chance: Entropy,
}

/// An answer of the service.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is JSON.
    pub body: Value,
}

impl Answer {
    /// The document of an answer that must have worked.
    pub fn good(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }

    /// Checks a refusal by its status and code.
    pub fn is(&self, status: u16, code: &str) {
        let found = (self.status, self.body["code"].as_str());
        assert_eq!(found, (status, Some(code)), "{self:?}");
    }

    /// The code of the first field at fault.
    pub fn fault(&self) -> &str {
        self.body["errors"][0]["code"].as_str().unwrap()
    }
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

    /// Sends a request with some headers.
    pub async fn send(
        &self,
        method: &str,
        token: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.service.clone().oneshot(request.body(body).unwrap());
        let (head, body) = response.await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
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
        let source = NewSource {
            id,
            requested_by: user(1),
            name: name.to_owned(),
            adapter: "sepay_hmac".to_owned(),
            tolerance_s: 300,
            config: "{}".to_owned(),
            secret_sealed: Key::new([7; KEY_BYTES]).seal(
                &secret_name(id),
                [3; 24],
                SECRET.as_bytes(),
            ),
            ed25519_public_key: None,
            now: opening(),
        };
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
        let local = credit.at + TimeDelta::hours(7);
        let body = json!({
            "id": credit.id,
            "gateway": "MBBank",
            "transactionDate": local.format("%Y-%m-%d %H:%M:%S").to_string(),
            "accountNumber": credit.account,
            "subAccount": null,
            "code": null,
            "content": credit.content,
            "transferType": "in",
            "transferAmount": credit.amount,
            "accumulated": 0,
            "referenceCode": format!("FT{}", credit.bank_number),
            "description": "",
        });
        let timestamp = self.state.clock.now().timestamp().to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{timestamp}.{body}").as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let headers = [
            ("x-sepay-signature", signature.as_str()),
            ("x-sepay-timestamp", timestamp.as_str()),
        ];
        let path = format!("/v1/callbacks/{bank}");
        let answer = self.send("POST", "", &path, Some(&body), &headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// The ids of a page's rows.
pub fn ids(page: &Value) -> Vec<&str> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap()).collect()
}

/// The opening and some minutes, as the API writes it.
pub fn minutes_later(minutes: i64) -> String {
    to_rfc3339(opening() + TimeDelta::minutes(minutes))
}
