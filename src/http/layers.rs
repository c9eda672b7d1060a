//! What happens around every request: its id, the task that no disconnect cancels, its
//! deadline, the language of a refusal, and the headers that browsers obey.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::Body as _;
use tracing::Instrument;

use super::AppState;
use super::body::BodyDeadline;
use super::code::Code;
use super::language::Language;
use super::peer::{ClientAddress, Peer};
use super::problem::Problem;
use crate::web;

/// Carries the request's id both ways.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id taken from a caller, in characters.
const REQUEST_ID_MAX: usize = 64;
/// The routes on which banks deliver notices.
const CALLBACKS: &str = "/v1/callbacks/";
/// The longest address, in bytes.
const ADDRESS_MAX_BYTES: usize = 8 * 1024;

/// How long the parts of a request may take.
#[derive(Clone, Copy, Debug)]
pub struct RequestDeadlines {
    /// For the whole body to arrive.
    pub body: Duration,
    /// For the answer's head; afterwards the work runs on alone.
    pub answer: Duration,
}

impl Default for RequestDeadlines {
    fn default() -> Self {
        Self {
            body: Duration::from_secs(10),
            answer: Duration::from_secs(30),
        }
    }
}

/// The id of one request: the caller's if it is sane, else ours.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let id = headers.get(&X_REQUEST_ID)?.to_str().ok()?;
        let sane = (1..=REQUEST_ID_MAX).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        sane.then(|| Self(id.to_owned()))
    }
}

/// The outermost layer. Runs the request in a task of its own, so that a client who hangs up
/// or a deadline that passes cancels nothing half-way, and turns a panic into a 500.
pub async fn surround(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = RequestId::from_headers(request.headers()).unwrap_or_else(|| {
        let uuid = state.entropy.uuid(state.clock.now());
        RequestId(format!("req_{}", uuid.as_simple()))
    });
    let language = Language::from_headers(request.headers());
    let page = web::page_language(&request);
    let route = Route::of(&request);
    // Without a connection there is no peer: a request made inside this process.
    let peer = request.extensions().get().copied();
    let Peer(peer) = peer.unwrap_or(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let client = ClientAddress(state.trusted.client(peer, request.headers()));
    let extensions = request.extensions_mut();
    extensions.insert(request_id.clone());
    extensions.insert(language);
    extensions.insert(client);
    extensions.insert(BodyDeadline(state.deadlines.body));

    let span = tracing::info_span!("request", id = request_id.as_str());
    let refusal = refuse_early(&request).or_else(|| route.refuse_often(&state, client));
    let mut response = match refusal {
        Some(problem) => problem.into_response(),
        None => {
            run_apart(&state, request, next)
                .instrument(span.clone())
                .await
        }
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        explain(&mut response, (language, page), request_id.as_str());
    }
    harden(response.headers_mut());
    let id = HeaderValue::from_str(&request_id.0).expect("a request id is plain ASCII");
    response.headers_mut().insert(X_REQUEST_ID, id);
    span.in_scope(|| route.record(response.status().as_u16(), started.elapsed()));
    response
}

/// What the log and the metrics say of a request: its route, never its address, which a
/// client could make endless.
struct Route {
    method: &'static str,
    path: Option<MatchedPath>,
}

impl Route {
    fn of(request: &Request) -> Self {
        let method = match *request.method() {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        let path = request.extensions().get().cloned();
        Self { method, path }
    }

    fn path(&self) -> &str {
        self.path.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    /// Notices are limited after verification, by their handler, and only those that fail.
    fn refuse_often(
        &self,
        state: &AppState,
        ClientAddress(client): ClientAddress,
    ) -> Option<Problem> {
        if self.path().starts_with(CALLBACKS) {
            return None;
        }
        state.rates.request(client).err()
    }

    fn record(&self, status: u16, elapsed: Duration) {
        let (method, path) = (self.method, self.path());
        let labels = [
            ("method", method.to_owned()),
            ("path", path.to_owned()),
            ("status", status.to_string()),
        ];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_duration_seconds", &labels[..2]).record(elapsed);
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(method, path, status, elapsed_us, "answered");
    }
}

/// What no operation accepts.
fn refuse_early(request: &Request) -> Option<Problem> {
    let address = request.uri().path_and_query();
    if address.is_some_and(|address| address.as_str().len() > ADDRESS_MAX_BYTES) {
        return Some(Code::AddressTooLong.into());
    }
    // A small compressed body may unpack into a huge one: we read none.
    let mut encodings = request.headers().get_all(header::CONTENT_ENCODING).iter();
    encodings
        .any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
        .then(|| Code::UnsupportedMediaType.into())
}

async fn run_apart(state: &AppState, request: Request, next: Next) -> Response {
    let work = next.run(request).in_current_span();
    let task = state.lifecycle.spawn(work);
    match tokio::time::timeout(state.deadlines.answer, task).await {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) => Problem::internal(&fault).into_response(),
        Err(_) => {
            tracing::warn!("the answer was not ready in time; the work runs on");
            Problem::new(Code::DeadlineExceeded).into_response()
        }
    }
}

/// Writes the problem document: the handler's, or one for a bare refusal of the router. Whoever
/// reads pages gets one, in its language.
fn explain(
    response: &mut Response,
    (language, page): (Language, Option<Language>),
    request_id: &str,
) {
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| {
        let bare = response.body().size_hint().exact() == Some(0);
        let status = response.status();
        let named = Code::ALL.iter().find(|code| code.status() == status);
        named.filter(|_| bare).map(|&code| Problem::new(code))
    });
    if let Some(problem) = problem {
        match page {
            Some(language) => web::write_page(&problem, response, language, request_id),
            None => problem.write_into(response, language, request_id),
        }
    }
}

/// Headers for every answer; a page sets its own where it needs more.
fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}
