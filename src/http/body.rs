//! Reading a request's body: bounded in size and in time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;

use super::code::Code;
use super::language::Text;
use super::problem::Problem;
use crate::banks::NOTICE_MAX_BYTES;
use crate::flows::import::FILE_MAX_BYTES;
use crate::flows::reconcile;

/// The largest ordinary body: far above any notice or form of ours.
pub const BODY_MAX_BYTES: usize = NOTICE_MAX_BYTES;
/// The largest file that an import takes.
pub const IMPORT_MAX_BYTES: usize = FILE_MAX_BYTES;
/// The largest bank statement.
pub const STATEMENT_MAX_BYTES: usize = reconcile::FILE_MAX_BYTES;

/// How long a body may take to arrive; put into the request by the outermost layer.
#[derive(Clone, Copy, Debug)]
pub struct BodyDeadline(pub Duration);

impl Default for BodyDeadline {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

/// Reads the whole body, as it came: signatures are checked over these bytes. Stops reading
/// at the first byte above `max_bytes`.
pub async fn read_body(request: Request, max_bytes: usize) -> Result<Bytes, Problem> {
    let deadline = request.extensions().get().copied().unwrap_or_default();
    let BodyDeadline(deadline) = deadline;
    if announced_length(request.headers()).is_some_and(|length| length > max_bytes) {
        return Err(too_large(max_bytes));
    }
    tokio::time::timeout(deadline, collect(request.into_body(), max_bytes))
        .await
        .unwrap_or_else(|_| Err(Code::RequestTimeout.into()))
}

async fn collect(mut body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        // The connection broke in the middle; nobody reads this answer.
        let frame = frame.map_err(|_| Problem::new(Code::RequestTimeout))?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > max_bytes {
                return Err(too_large(max_bytes));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes.into())
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    // A number too large for this machine is too large for us.
    Some(length.parse().unwrap_or(usize::MAX))
}

fn too_large(max_bytes: usize) -> Problem {
    Problem::new(Code::BodyTooLarge).detail(Text::new(
        format!("Nội dung tối đa {max_bytes} byte."),
        format!("A body has at most {max_bytes} bytes."),
    ))
}
