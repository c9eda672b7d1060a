//! A server on a port of its own, and a client that sees every byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use phocho::http::body::{BODY_MAX_BYTES, read_body};
use phocho::http::extract::{Json, Path, Query};
use phocho::http::lifecycle::Lifecycle;
use phocho::http::peer::TrustedProxies;
use phocho::http::problem::Problem;
use phocho::http::rate::RateLimits;
use phocho::http::server::{Drain, Server, ServerLimits};
use phocho::http::{AppState, finish};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::state::fresh_state;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    amount_vnd: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    limit: Option<u16>,
}

/// Work that a test can hold back and count.
#[derive(Clone)]
pub struct Work {
    pub gate: Arc<Semaphore>,
    pub begun: Arc<AtomicUsize>,
    pub done: Arc<AtomicUsize>,
}

/// A server of this test's own.
pub struct TestServer {
    pub address: SocketAddr,
    pub work: Work,
    pub lifecycle: Lifecycle,
    pub running: JoinHandle<Drain>,
    _folder: tempfile::TempDir,
}

/// How this server differs from the usual one.
#[derive(Default)]
pub struct Wishes {
    pub limits: ServerLimits,
    pub body_deadline: Option<Duration>,
    pub answer_deadline: Option<Duration>,
    pub rates: Option<RateLimits>,
}

fn routes(work: &Work) -> Router<AppState> {
    let work = work.clone();
    Router::new()
        .route("/order", post(async |Json(order): Json<Order>| Json(order)))
        .route(
            "/list",
            get(async |Query(filter): Query<Filter>| filter.limit.unwrap_or(50).to_string()),
        )
        .route(
            "/thing/{id}",
            get(async |Path(id): Path<u32>| id.to_string()),
        )
        .route(
            "/panic",
            get(async || -> &'static str { panic!("on purpose") }),
        )
        .route(
            "/v1/callbacks/{source}",
            post(async |request: Request| -> Result<&'static str, Problem> {
                read_body(request, BODY_MAX_BYTES).await?;
                Ok("taken")
            }),
        )
        .route(
            "/work",
            get(async move || {
                work.begun.fetch_add(1, Ordering::SeqCst);
                let _permit = work.gate.acquire().await;
                work.done.fetch_add(1, Ordering::SeqCst);
                "worked"
            }),
        )
}

impl TestServer {
    pub async fn start(wishes: Wishes) -> Self {
        let (mut state, folder) = fresh_state().await;
        let deadlines = &mut state.deadlines;
        deadlines.body = wishes.body_deadline.unwrap_or(deadlines.body);
        deadlines.answer = wishes.answer_deadline.unwrap_or(deadlines.answer);
        state.rates = wishes.rates.unwrap_or(state.rates);
        let lifecycle = state.lifecycle.clone();
        lifecycle.ready();
        let work = Work {
            gate: Arc::new(Semaphore::new(0)),
            begun: Arc::default(),
            done: Arc::default(),
        };
        let server = Server {
            router: finish(routes(&work), state),
            lifecycle: lifecycle.clone(),
            limits: wishes.limits,
            trusted: TrustedProxies::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let running = tokio::spawn(server.run(listener));
        Self {
            address,
            work,
            lifecycle,
            running,
            _folder: folder,
        }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address)
            .await
            .expect("a connection")
    }

    /// Sends bytes on a fresh connection and reads the answer to its end.
    pub async fn send(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut stream = self.connect().await;
        stream
            .write_all(request.as_ref())
            .await
            .expect("the request is sent");
        Answer::read(&mut stream).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send(format!(
            "GET {target} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    pub async fn post_json(&self, target: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(format!(
            "POST {target} HTTP/1.1\r\nhost: t\r\nconnection: close\r\naccept-language: en\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await
    }
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A refused client may see a reset after the answer.
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).expect("a text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        Self {
            status: head
                .get(9..12)
                .and_then(|status| status.parse().ok())
                .unwrap_or(0),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub fn problem(&self) -> serde_json::Value {
        assert!(
            self.head.contains("content-type: application/problem+json"),
            "{self:?}"
        );
        let problem: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(problem["status"], self.status);
        let id = problem["request_id"].as_str().expect("an id");
        assert!(
            self.head.contains(&format!("x-request-id: {id}")),
            "{self:?}"
        );
        problem
    }
}

/// Waits until something holds that must come about soon.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
