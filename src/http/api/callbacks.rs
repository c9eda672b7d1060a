//! Where banks and aggregators post their notices.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::banks::{Answer, Delivery, Media, Unread};
use crate::flows::receive_notice::{Arrival, Caller, Fate, OpenSource, Reception, find_source};
use crate::http::AppState;
use crate::http::body::{BODY_MAX_BYTES, read_body};
use crate::http::code::Code;
use crate::http::language::Text;
use crate::http::peer::{ClientAddress, Peer};
use crate::http::problem::Problem;

/// A bank's or aggregator's signed notice, in that vendor's own form.
///
/// The answer is the one that the vendor expects. A success means that the notice is stored
/// durably; the same notice may be sent any number of times and counts once. Of
/// `standard_webhooks` and `camt054` it also says in `state` and `code` when a notice changed
/// nothing (`ignored`), cannot be used (`quarantined`) or contradicts an earlier one
/// (`conflict`).
#[utoipa::path(
    post,
    path = "/v1/callbacks/{source}",
    tag = "bank in",
    summary = "Deliver a signed notice",
    operation_id = "deliver",
    security(()),
    params(("source" = String, Path, description = "The name of the source.")),
    responses((status = 200, description = "Stored, for the first time or before; in the vendor's form. \
        401 in that form: not believed, and nothing was stored. 405: the vendor does not send by this method; `Allow` \
        names those that it does. 415: another content type than the format's. 503: nothing was stored, send it again."))
)]
pub async fn deliver(
    State(state): State<AppState>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, &source, "", request).await
}

/// A signed notice that stands in the query, as VNPAY sends it.
///
/// Like the one that is posted; any other source answers 405. VNPAY reads `RspCode` in the answer, not its status: 00 stored,
/// 02 stored before, 97 not believed, 99 nothing was stored.
#[utoipa::path(
    get,
    path = "/v1/callbacks/{source}",
    tag = "bank in",
    summary = "Deliver a signed notice by query",
    operation_id = "deliver_by_query",
    security(()),
    params(("source" = String, Path, description = "The name of the source.")),
    responses((status = 200, description = "In the vendor's form: stored, or why not."))
)]
pub async fn deliver_by_query(
    State(state): State<AppState>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, &source, "", request).await
}

/// Where VietQR VN logs in before it sends notices.
///
/// `Authorization: Basic` with the source's login. The token in the answer lives five minutes.
#[utoipa::path(
    post,
    path = "/v1/callbacks/{source}/api/token_generate",
    tag = "bank in",
    summary = "Log in as VietQR VN",
    operation_id = "vietqr_log_in",
    security(()),
    params(("source" = String, Path, description = "The name of the source.")),
    responses((status = 200, description = "A token: `access_token`, `token_type`, `expires_in`. \
        401: not the source's login."))
)]
pub async fn vietqr_log_in(
    State(state): State<AppState>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, &source, "/api/token_generate", request).await
}

/// A notice of VietQR VN, with a token that it was given here.
///
/// `object.reftransactionid` in the answer is our id of the transaction, the same for every
/// repeat.
#[utoipa::path(
    post,
    path = "/v1/callbacks/{source}/bank/api/transaction-sync",
    tag = "bank in",
    summary = "Deliver a notice as VietQR VN",
    operation_id = "vietqr_deliver",
    security(()),
    params(("source" = String, Path, description = "The name of the source.")),
    responses((status = 200, description = "Stored, for the first time or before; or, with `error` true, \
        kept for review. 401: not believed, and nothing was stored. 503: nothing was stored, send it again."))
)]
pub async fn vietqr_deliver(
    State(state): State<AppState>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, &source, "/bank/api/transaction-sync", request).await
}

async fn take(
    state: &AppState,
    name: &str,
    path_below: &str,
    request: Request,
) -> Result<Response, Problem> {
    let client = request.extensions().get::<ClientAddress>().copied();
    let proxy = request.extensions().get::<Peer>().copied();
    let caller = Caller {
        address: client.map(|ClientAddress(client)| client),
        certificate: state
            .certificates
            .shown(proxy, &state.trusted, request.headers()),
    };
    let arrival = Arrival {
        source: name,
        path_below,
        caller,
    };
    let now = state.clock.now();
    let source = find_source(&state.ledger, arrival, now).await?;
    let most = (source.as_ref()).map_or(BODY_MAX_BYTES, OpenSource::body_max_bytes);
    let delivery = read_delivery(request, most).await?;
    let peer = client.map_or_else(String::new, |ClientAddress(client)| client.to_string());
    let Some(source) = source else {
        // The name was made up by the caller: it is no label.
        count("", &peer, Fate::NO_SUCH_SOURCE);
        return Err(Problem::not_found());
    };
    let (ledger, intake) = (&state.ledger, &state.intake);
    match source.receive(ledger, intake, delivery, now).await? {
        Reception::Unread(why) => {
            count(name, &peer, Fate::of_unread(why));
            Ok(not_read(why))
        }
        Reception::Answered(answer, fate) => {
            count(name, &peer, fate);
            if let (Fate::REFUSED, Some(ClientAddress(client))) = (fate.verdict, client) {
                state.rates.failed_verification(client)?;
            }
            Ok(respond(answer))
        }
    }
}

/// The answer to a delivery that was not read.
pub(super) fn not_read(why: Unread) -> Response {
    match why {
        Unread::OtherMethod(methods) => other_method(methods),
        Unread::OtherMedia(media) => other_media(media).into_response(),
    }
}

/// The refusal of a body that is declared as something else than the format sends.
fn other_media(media: Media) -> Problem {
    let (format, declared) = match media {
        Media::Json => ("JSON", "application/json"),
        Media::Xml => ("XML", "application/xml"),
    };
    Problem::new(Code::UnsupportedMediaType).detail(Text::new(
        format!("Nội dung gửi tới nguồn này là {format}: hãy gửi Content-Type: {declared}."),
        format!("The bodies of this source are {format}: send Content-Type: {declared}."),
    ))
}

/// The refusal of a method that the format is not sent by, with those that it is.
fn other_method(methods: &[&str]) -> Response {
    let mut response = Problem::new(Code::MethodNotAllowed).into_response();
    let allowed = HeaderValue::try_from(methods.join(", ")).expect("methods are ASCII");
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// Counts a delivery, and writes down why one was not taken.
fn count(source: &str, peer: &str, fate: Fate) {
    let Fate { verdict, reason } = fate;
    let labels = [
        ("source", source.to_owned()),
        ("verdict", verdict.to_owned()),
        ("reason", reason.to_owned()),
    ];
    metrics::counter!("callbacks_total", &labels).increment(1);
    if !reason.is_empty() {
        tracing::warn!(
            source,
            peer,
            verdict,
            reason,
            "a delivery was not taken as money"
        );
    }
}

/// A call as it came.
pub(super) async fn read_delivery(request: Request, max_bytes: usize) -> Result<Delivery, Problem> {
    let method = request.method().to_string();
    let target = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let headers: Vec<_> = (request.headers().iter())
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let body = read_body(request, max_bytes).await?;
    Ok(Delivery::new(method, &target, headers, body.to_vec()))
}

/// An answer in the vendor's form.
pub(super) fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).expect("adapters answer with real statuses");
    let empty = answer.body.is_empty();
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    if empty {
        headers.remove(header::CONTENT_TYPE);
    } else {
        let kind = HeaderValue::from_static(Answer::CONTENT_TYPE);
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(seconds) = answer.retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
