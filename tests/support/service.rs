//! A service in process: requests to its routes, and what it answers.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

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

    /// Where the faults are.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().unwrap();
        let pointers = errors.iter().map(|error| error["pointer"].as_str());
        pointers.map(Option::unwrap).collect()
    }
}

/// Sends a request as it is.
pub async fn send(service: &Router, request: Request<Body>) -> Answer {
    let response = service.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

/// Delivers what a vendor signed.
pub async fn deliver(
    service: &Router,
    source: &str,
    (headers, body): (Vec<(String, String)>, String),
) -> Answer {
    let mut request = Request::post(format!("/v1/callbacks/{source}"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    send(service, request.body(Body::from(body)).unwrap()).await
}

/// Asks in the name of whoever has the token, nobody if it is empty, perhaps with a JSON body
/// and some headers.
pub async fn ask(
    service: &Router,
    (method, path): (&str, &str),
    token: &str,
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
    send(service, request.body(body).unwrap()).await
}
