//! A simulated SePay: its list of transactions, with the ways in which it fails.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

/// The token that it knows.
pub const TOKEN: &str = "a-token-of-this-test";

/// In which order it lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Status(u16),
    /// 429, and after how many seconds to come again.
    TooMany(u64),
    BadJson,
    /// 200, but the document says no.
    VendorError,
    /// Cut in the middle.
    Slow(Duration),
    Redirect,
}

/// What it holds and has seen.
#[derive(Debug)]
pub struct Ledger {
    pub rows: Vec<Value>,
    pub order: Order,
    /// Rows of one answer at most, whatever is asked for.
    pub page_max: usize,
    /// Whether it lists every account, whichever is asked for.
    pub all_accounts: bool,
    /// The next requests fail so, one after the other.
    pub faults: VecDeque<Fault>,
    /// Queries that were answered or failed.
    pub asked: Vec<String>,
}

/// A simulated SePay. Clones are the same one.
#[derive(Clone, Debug)]
pub struct SepayServer {
    pub address: String,
    ledger: Arc<Mutex<Ledger>>,
}

/// A row of the list.
pub fn row(id: u64, account: &str, amount: i64, text: &str, at: &str) -> Value {
    json!({
        "id": id.to_string(),
        "bank_brand_name": "MBBank",
        "account_number": account,
        "transaction_date": at,
        "amount_out": "0.00",
        "amount_in": format!("{amount}.00"),
        "accumulated": "0.00",
        "transaction_content": text,
        "reference_number": format!("FT{id}"),
        "code": null,
        "sub_account": null,
        "bank_account_id": "19",
    })
}

impl SepayServer {
    /// Starts on a free port with nothing in its list.
    pub async fn start() -> Self {
        let ledger = Ledger {
            rows: Vec::new(),
            order: Order::NewestFirst,
            page_max: 5000,
            all_accounts: false,
            faults: VecDeque::new(),
            asked: Vec::new(),
        };
        let ledger = Arc::new(Mutex::new(ledger));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/userapi/transactions/list", get(list))
            .with_state(ledger.clone());
        tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        Self { address, ledger }
    }

    /// Looks at or changes what it holds.
    pub fn with<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(&mut self.ledger.lock().unwrap())
    }

    /// Books a row.
    pub fn book(&self, row: Value) {
        self.with(|ledger| ledger.rows.push(row));
    }
}

async fn list(
    State(ledger): State<Arc<Mutex<Ledger>>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let fault = {
        let mut ledger = ledger.lock().unwrap();
        ledger.asked.push(query.clone());
        ledger.faults.pop_front()
    };
    match fault {
        Some(Fault::Status(status)) => {
            return StatusCode::from_u16(status).unwrap().into_response();
        }
        Some(Fault::TooMany(after)) => {
            let again = [("x-sepay-userapi-retry-after", after.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, again).into_response();
        }
        Some(Fault::BadJson) => return "{\"status\":200,\"transactions\":[".into_response(),
        Some(Fault::VendorError) => {
            return json!({"status": 500, "error": "x"})
                .to_string()
                .into_response();
        }
        Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(Fault::Redirect) => {
            let to = [(header::LOCATION, "http://127.0.0.1:9/")];
            return (StatusCode::FOUND, to).into_response();
        }
        None => {}
    }
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|it| it != &format!("Bearer {TOKEN}"))
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    answer(&ledger.lock().unwrap(), &query)
        .to_string()
        .into_response()
}

fn answer(ledger: &Ledger, query: &str) -> Value {
    let asked = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let number = |row: &Value| row["id"].as_str().unwrap().parse::<u64>().unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let account = asked("account_number").filter(|_| !ledger.all_accounts);
    let since = asked("since_id").map_or(0, |since| since.parse().unwrap());
    let limit = asked("limit").map_or(5000, |limit| limit.parse().unwrap());
    let mut rows: Vec<_> = ledger.rows.clone();
    rows.retain(|row| {
        let at = text(row, "transaction_date");
        number(row) >= since
            && account
                .as_ref()
                .is_none_or(|it| *it == text(row, "account_number"))
            && asked("transaction_date_min").is_none_or(|least| at >= least)
            && asked("transaction_date_max").is_none_or(|most| at <= most)
    });
    rows.sort_by_key(number);
    if ledger.order == Order::NewestFirst {
        rows.reverse();
    }
    rows.truncate(ledger.page_max.min(limit));
    json!({
        "status": 200,
        "error": null,
        "messages": {"success": true},
        "transactions": rows,
    })
}
