//! The pictures of a payment code.
//!
//! A revision never changes, so a picture that names one may be kept for ever; without one
//! the newest is drawn and `ETag` tells whether it is still the same.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::payment_codes::{find, payload};
use crate::domain::ids::CodeId;
use crate::http::AppState;
use crate::http::auth::{Caller, found};
use crate::http::code::Code;
use crate::http::extract::{Path, Query};
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem};
use crate::vietqr::image::{Matrix, ModuleSize};

/// How wide a module is drawn unless asked otherwise, in pixels.
const MODULE_PX: usize = 8;

/// Which text is drawn, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PictureQuery {
    /// The revision; the newest if absent.
    #[param(minimum = 1)]
    revision: Option<i64>,
}

/// Which text is drawn, and how large.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PointPictureQuery {
    /// The revision; the newest if absent.
    #[param(minimum = 1)]
    revision: Option<i64>,
    /// How many pixels wide a module is, 2 to 20; 8 if absent.
    #[param(minimum = 2, maximum = 20)]
    module_px: Option<usize>,
}

/// What to draw, and what a cache may do with it.
struct Drawing {
    matrix: Matrix,
    tag: String,
    cache: &'static str,
}

async fn drawing(
    state: &AppState,
    caller: &Caller,
    id: CodeId,
    revision: Option<i64>,
) -> Result<Drawing, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let code = find(&mut tx, caller, id).await?;
    let drawn = revision.unwrap_or(code.revision);
    let text = found(payload(&mut tx, &code, drawn).await?)?;
    Ok(Drawing {
        matrix: Matrix::new(&text).map_err(|fault| Problem::internal(&fault))?,
        tag: format!("\"{id}-{drawn}\""),
        cache: match revision {
            Some(_) => "private, max-age=31536000, immutable",
            None => "private, no-cache",
        },
    })
}

/// Answers with the picture, or that the caller has it.
fn answer(headers: &HeaderMap, drawing: &Drawing, kind: &'static str, body: Vec<u8>) -> Response {
    let about = [
        (ETAG, drawing.tag.clone()),
        (CACHE_CONTROL, drawing.cache.to_owned()),
    ];
    let known = headers.get(IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == drawing.tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(CONTENT_TYPE, kind)], body).into_response()
}

/// The picture as lines.
#[utoipa::path(
    get,
    path = "/v1/payment-codes/{id}/qr.svg",
    tag = "codes",
    summary = "Draw a payment code as SVG",
    description = "For whoever may read the code.",
    operation_id = "draw_payment_code_svg",
    params(("id" = String, Path, description = "The code."), PictureQuery),
    responses((status = 200, description = "The picture.", content_type = "image/svg+xml", body = String))
)]
pub async fn svg(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<CodeId>,
    Query(query): Query<PictureQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let drawing = drawing(&state, &caller, id, query.revision).await?;
    let body = drawing.matrix.svg().into_bytes();
    Ok(answer(&headers, &drawing, "image/svg+xml", body))
}

/// The picture as points.
#[utoipa::path(
    get,
    path = "/v1/payment-codes/{id}/qr.png",
    tag = "codes",
    summary = "Draw a payment code as PNG",
    description = "For whoever may read the code.",
    operation_id = "draw_payment_code_png",
    params(("id" = String, Path, description = "The code."), PointPictureQuery),
    responses((status = 200, description = "The picture.", content_type = "image/png", body = Vec<u8>))
)]
pub async fn png(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<CodeId>,
    Query(query): Query<PointPictureQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let module = query.module_px.unwrap_or(MODULE_PX);
    let module = ModuleSize::new(module).map_err(|fault| refuse_size(&fault.to_string()))?;
    let mut drawing = drawing(&state, &caller, id, query.revision).await?;
    drawing.tag = format!("{}-{}\"", drawing.tag.trim_end_matches('"'), module.get());
    let body = drawing.matrix.png(module);
    let body = body.map_err(|fault| refuse_size(&fault.to_string()))?;
    Ok(answer(&headers, &drawing, "image/png", body))
}

fn refuse_size(english: &str) -> Problem {
    let text = Text::new("Mỗi ô rộng từ 2 đến 20 điểm ảnh", english.to_owned());
    let error = FieldError::query("module_px", "out_of_range", text);
    Problem::new(Code::InvalidQuery).errors(vec![error])
}
