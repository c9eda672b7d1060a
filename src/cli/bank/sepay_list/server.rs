//! SePay's list over HTTP: who knows the token, how often may be asked, and how it fails.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpListener;

use super::{SepayList, document, number};
use crate::cli::dice::Dice;

/// Where the list is, below the address of the server.
const PATH: &str = "/userapi/transactions/list";
/// The time in which so many requests are taken, and after which more are.
const WINDOW: Duration = Duration::from_secs(1);
/// SePay's own name of `Retry-After`.
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-sepay-userapi-retry-after");

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFault {
    /// Another status than 200, and nothing else.
    Status(u16),
    /// 429, and after how many seconds to come again.
    TooMany(u64),
    /// 200, and a document that breaks off.
    Malformed,
    /// 200, but the document says no.
    VendorError,
    /// The right answer, after a while.
    Late(Duration),
    /// A redirection to elsewhere.
    Redirect,
}

/// What it has and has seen.
#[derive(Debug)]
pub struct Ledger {
    /// What it lists.
    pub list: SepayList,
    /// Requests that it takes in a second; without it any number.
    pub per_second: Option<usize>,
    /// The next requests fail so, one after the other.
    pub faults: VecDeque<ListFault>,
    /// What goes wrong with how many of a hundred requests.
    pub shares: Vec<(ListFault, u64)>,
    /// Decides which requests these are.
    pub seed: u64,
    /// Queries that were answered or failed.
    pub asked: Vec<String>,
    /// How many of them went wrong.
    pub failed: usize,
    token: String,
    given: BTreeSet<u64>,
    asked_at: VecDeque<Instant>,
}

impl Ledger {
    /// An empty list for whoever shows a token, as often as SePay takes it.
    pub fn new(token: &str) -> Self {
        Self {
            list: SepayList::default(),
            per_second: Some(3),
            faults: VecDeque::new(),
            shares: Vec::new(),
            seed: 0,
            asked: Vec::new(),
            failed: 0,
            token: token.to_owned(),
            given: BTreeSet::new(),
            asked_at: VecDeque::new(),
        }
    }

    /// How many rows were never given to anyone.
    pub fn not_given(&self) -> usize {
        let rows = self.list.rows.iter().map(number);
        let rows: BTreeSet<_> = rows.collect();
        rows.difference(&self.given).count()
    }

    /// When it was asked the last time.
    pub fn last_asked_at(&self) -> Option<Instant> {
        self.asked_at.back().copied()
    }

    /// Notes a request, and decides what goes wrong with it.
    fn ask(&mut self, query: &str, now: Instant) -> Option<ListFault> {
        let dice = Dice::new(self.seed, &format!("list request {}", self.asked.len()));
        self.asked.push(query.to_owned());
        // The newest one stays: it says when the list was asked the last time.
        while self.asked_at.len() > 1 && now - self.asked_at[0] >= WINDOW {
            self.asked_at.pop_front();
        }
        let within = |at: &&Instant| now - **at < WINDOW;
        let asked = self.asked_at.iter().filter(within).count();
        self.asked_at.push_back(now);
        if let Some(fault) = self.faults.pop_front() {
            return Some(fault);
        }
        if self.per_second.is_some_and(|most| asked >= most) {
            return Some(ListFault::TooMany(1));
        }
        let shares = self.shares.iter();
        let mut drawn = shares.filter(|(_, percent)| dice.chance(*percent));
        drawn.next().map(|(fault, _)| *fault)
    }

    /// The answer to whoever shows this.
    fn answer(&mut self, shown: Option<&[u8]>, query: &str) -> Response<Full<Bytes>> {
        if shown != Some(format!("Bearer {}", self.token).as_bytes()) {
            self.failed += 1;
            return bare(StatusCode::UNAUTHORIZED);
        }
        let Some(rows) = self.list.page(query) else {
            self.failed += 1;
            return bare(StatusCode::BAD_REQUEST);
        };
        self.given.extend(rows.iter().map(number));
        json_text(document(&rows).to_string())
    }
}

/// A simulated SePay. Clones are the same one.
#[derive(Clone, Debug)]
pub struct SepayServer {
    /// Its address, such as `http://127.0.0.1:9090`.
    pub address: String,
    ledger: Arc<Mutex<Ledger>>,
}

impl SepayServer {
    /// Serves a list for as long as the runtime lives; on a free port if the address names 0.
    pub async fn start(at: SocketAddr, ledger: Ledger) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let server = Self {
            address: format!("http://{}", listener.local_addr()?),
            ledger: Arc::new(Mutex::new(ledger)),
        };
        tokio::spawn(server.clone().serve(listener));
        Ok(server)
    }

    /// Looks at or changes what it has.
    pub fn with<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(&mut self.ledger.lock().expect("nobody who looks panics"))
    }

    /// Adds a row.
    pub fn book(&self, row: serde_json::Value) {
        self.with(|ledger| ledger.list.rows.push(row));
    }

    async fn serve(self, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let server = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| server.answer(request));
                let conversation = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service);
                // Whoever goes away before the answer asks again.
                drop(conversation.await);
            });
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        if request.method() != Method::GET || request.uri().path() != PATH {
            return Ok(bare(StatusCode::NOT_FOUND));
        }
        let query = request.uri().query().unwrap_or_default();
        let fault = self.with(|ledger| {
            let fault = ledger.ask(query, Instant::now());
            ledger.failed += usize::from(fault.is_some());
            fault
        });
        if let Some(ListFault::Late(pause)) = fault {
            tokio::time::sleep(pause).await;
        }
        let shown = request.headers().get(AUTHORIZATION);
        let shown = shown.map(hyper::header::HeaderValue::as_bytes);
        let answered = || self.with(|ledger| ledger.answer(shown, query));
        Ok(fault.and_then(failure).unwrap_or_else(answered))
    }
}

/// What is answered in place of rows, if anything is.
fn failure(fault: ListFault) -> Option<Response<Full<Bytes>>> {
    let named = |name, value: &str, status| {
        let mut response = bare(status);
        let value = value.parse().expect("a header's text");
        response.headers_mut().insert(name, value);
        response
    };
    Some(match fault {
        ListFault::Late(_) => return None,
        ListFault::Status(status) => {
            bare(StatusCode::from_u16(status).expect("a status has three digits"))
        }
        ListFault::TooMany(after_s) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            named(RETRY_AFTER, &after_s.to_string(), status)
        }
        ListFault::Redirect => named(LOCATION, "http://127.0.0.1:9/", StatusCode::FOUND),
        ListFault::Malformed => json_text("{\"status\":200,\"transactions\":[".to_owned()),
        ListFault::VendorError => json_text(json!({"status": 500, "error": "x"}).to_string()),
    })
}

fn bare(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn json_text(text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    let json = "application/json".parse().expect("a header's text");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_requests_a_second_are_taken_and_those_between_too() {
        let mut ledger = Ledger::new("token");
        let start = Instant::now();
        let mut at = |ms: u64| ledger.ask("", start + Duration::from_millis(ms));
        let too_many = Some(ListFault::TooMany(1));
        for (ms, wanted) in [
            (0, None),
            (400, None),
            (800, None),
            (999, too_many),
            (1_900, None),
            (2_300, None),
        ] {
            assert_eq!(at(ms), wanted, "{ms}");
        }
        ledger.per_second = None;
        assert!((0..9).all(|_| ledger.ask("", start + Duration::from_secs(9)).is_none()));
    }

    #[test]
    fn equal_seeds_fail_the_same_requests() {
        let failed = |seed| -> Vec<_> {
            let mut ledger = Ledger::new("token");
            ledger.shares = vec![(ListFault::Status(500), 30), (ListFault::Malformed, 30)];
            (ledger.per_second, ledger.seed) = (None, seed);
            let now = Instant::now();
            (0..40).map(|_| ledger.ask("", now)).collect()
        };
        assert_eq!(failed(7), failed(7));
        assert_ne!(failed(7), failed(8));
        for fault in [
            None,
            Some(ListFault::Status(500)),
            Some(ListFault::Malformed),
        ] {
            assert!(failed(7).contains(&fault), "{fault:?}");
        }
    }
}
