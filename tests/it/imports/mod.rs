//! Files of places and merchants over HTTP, on both engines.

mod merchants;
mod places;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::registry::Office;

/// An answer to a file: its status and its document.
#[derive(Debug)]
pub struct Imported {
    pub status: StatusCode,
    pub report: Value,
}

impl Imported {
    /// The report of a file that was read.
    pub fn good(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.report
    }
}

/// Sends a file as it is.
pub async fn send(office: &Office, token: &str, path: &str, bytes: impl Into<Body>) -> Imported {
    send_as(office, (token, "text/csv", None), path, bytes).await
}

/// Sends a file under a media type, perhaps with an idempotency key.
pub async fn send_as(
    office: &Office,
    (token, media_type, key): (&str, &str, Option<&str>),
    path: &str,
    bytes: impl Into<Body>,
) -> Imported {
    let mut request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", media_type);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let request = request.body(bytes.into()).unwrap();
    let response = office.service.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Imported {
        status,
        report: serde_json::from_slice(&bytes).unwrap(),
    }
}

/// Added, changed, unchanged, bad, and whether it was written.
pub fn counts(report: &Value) -> Value {
    let names = ["added", "changed", "unchanged", "bad", "committed"];
    names.iter().map(|name| report[name].clone()).collect()
}

/// Line, column and word of every fault.
pub fn faults(report: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let faults = report["faults"].as_array().unwrap().iter();
    faults
        .map(|it| {
            (
                it["line"].as_u64().unwrap(),
                text(&it["column"]),
                text(&it["code"]),
            )
        })
        .collect()
}

/// The same list, as a test writes it.
pub fn wanted(faults: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    let owned = faults.iter();
    owned
        .map(|(line, column, code)| (*line, (*column).to_owned(), (*code).to_owned()))
        .collect()
}

/// The words of the faults of the file as a whole.
pub fn file_faults(report: &Value) -> Vec<&str> {
    let faults = report["file_faults"].as_array().unwrap().iter();
    faults.map(|it| it["code"].as_str().unwrap()).collect()
}

/// A trial's counts.
pub fn trial(added: u32, changed: u32, unchanged: u32, bad: u32) -> Value {
    json!([added, changed, unchanged, bad, false])
}

/// What was written.
pub fn written(added: u32, changed: u32, unchanged: u32, bad: u32) -> Value {
    json!([added, changed, unchanged, bad, true])
}
