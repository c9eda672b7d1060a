//! What went wrong, as an RFC 9457 problem document.
//!
//! A handler returns a [`Problem`] in both languages; the outermost layer knows the reader's
//! language and the request's id and writes the document.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::code::Code;
use super::language::{Language, Text};
use crate::store::StoreError;

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal, to be written for whoever reads it.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    code: Code,
    detail: Option<Text>,
    errors: Vec<FieldError>,
    retry_after_s: Option<u64>,
}

/// What is wrong with one field, parameter or header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pointer: String,
    code: &'static str,
    message: Text,
}

/// A refusal that can say what is wrong with a value; domain errors become field errors
/// through it.
pub trait Explain {
    /// A stable word for the kind of fault, such as `too_large`.
    fn code(&self) -> &'static str;
    /// The fault, for people.
    fn text(&self) -> Text;
}

impl FieldError {
    /// A fault of the body's field at `pointer` (RFC 6901, such as `/items/0/amount_vnd`).
    pub fn new(pointer: impl Into<String>, code: &'static str, message: Text) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message,
        }
    }

    /// A fault of a query parameter, written `?name`.
    pub fn query(name: &str, code: &'static str, message: Text) -> Self {
        Self::new(format!("?{name}"), code, message)
    }

    /// A fault of a header, written `header:name`.
    pub fn header(name: &str, code: &'static str, message: Text) -> Self {
        Self::new(format!("header:{name}"), code, message)
    }

    /// A fault of a file, written `line:42` or `line:42 C “Ghi có”`.
    pub fn line(
        line: u64,
        column: Option<impl std::fmt::Display>,
        code: &'static str,
        message: Text,
    ) -> Self {
        let column = column.map_or_else(String::new, |column| format!(" {column}"));
        Self::new(format!("line:{line}{column}"), code, message)
    }

    /// Puts the fault elsewhere.
    pub(super) fn place(&mut self, pointer: String) {
        self.pointer = pointer;
    }

    /// The fault that a domain type found in the field at `pointer`.
    pub fn explain(pointer: impl Into<String>, fault: &impl Explain) -> Self {
        Self::new(pointer, fault.code(), fault.text())
    }
}

/// Makes a 422 problem of a domain error: `Vnd::new(n).map_err(at("/amount_vnd"))?`.
pub fn at<E: Explain>(pointer: &'static str) -> impl Fn(E) -> Problem {
    move |fault| FieldError::explain(pointer, &fault).into()
}

/// Collects the faults of a request so that one answer names them all.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the value, or notes why there is none.
    pub fn check<T, E: Explain>(
        &mut self,
        pointer: impl Into<String>,
        outcome: Result<T, E>,
    ) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(fault) => {
                self.0.push(FieldError::explain(pointer, &fault));
                None
            }
        }
    }

    /// Notes one more fault.
    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Refuses when anything was noted.
    pub fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.into())
        }
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::new(Code::InvalidFields).errors(errors.0)
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::new(Code::InvalidFields).errors(vec![error])
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<StoreError> for Problem {
    /// A fault of ours, logged; what may succeed when it is tried again is 503.
    fn from(fault: StoreError) -> Self {
        if fault.is_unavailable() {
            tracing::warn!(fault = fault.chain(), "the database takes nothing just now");
            Self::new(Code::Unavailable)
        } else if fault.is_retryable() {
            Self::new(Code::Unavailable)
        } else {
            Self::internal(&fault)
        }
    }
}

impl Problem {
    /// The problem as the catalogue words it.
    pub fn new(code: Code) -> Self {
        let retry_after_s = match code {
            Code::Unavailable | Code::RateLimited | Code::IdempotencyKeyInUse => Some(1),
            _ => None,
        };
        Self(Box::new(Parts {
            code,
            detail: None,
            errors: Vec::new(),
            retry_after_s,
        }))
    }

    /// The one answer for what does not exist and for what belongs to someone else.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// A fault of ours: logged here, once, with its chain of causes; the caller learns only
    /// the request's id.
    pub fn internal(fault: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = fault.to_string();
        let mut cause = fault.source();
        while let Some(next) = cause {
            chain.push_str(": ");
            chain.push_str(&next.to_string());
            cause = next.source();
        }
        tracing::error!(fault = chain, "a request failed on our side");
        Self::new(Code::Internal)
    }

    /// Says what exactly is wrong this time, in place of the catalogue's advice.
    pub fn detail(mut self, detail: Text) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// Names the fields at fault.
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Says when to try again, rounded up to whole seconds.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.0.retry_after_s = Some(seconds.max(1));
        self
    }

    /// The word of the catalogue.
    pub const fn code(&self) -> Code {
        self.0.code
    }

    /// The document as the reader sees it.
    pub fn document(&self, language: Language, request_id: &str) -> ProblemDocument {
        let code = self.0.code;
        let detail = self.0.detail.clone().unwrap_or_else(|| code.what_to_do());
        let errors = self.0.errors.iter().map(|error| FieldErrorDocument {
            pointer: error.pointer.clone(),
            code: error.code.to_owned(),
            message: error.message.get(language).to_owned(),
        });
        ProblemDocument {
            kind: format!("/docs/errors/{}", code.as_str()),
            title: code.title().get(language).to_owned(),
            status: code.status().as_u16(),
            detail: detail.get(language).to_owned(),
            code,
            request_id: request_id.to_owned(),
            errors: errors.collect(),
        }
    }

    /// Writes the document into `response`, keeping the headers that are there (`Allow`).
    pub fn write_into(&self, response: &mut Response<Body>, language: Language, request_id: &str) {
        let document = serde_json::to_vec(&self.document(language, request_id))
            .expect("a struct of texts is serialisable");
        *response.body_mut() = Body::from(document);
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.tag()),
        );
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = self.0.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An error, as RFC 9457 writes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/docs/errors/invalid_fields",
    "title": "Some fields are not valid",
    "status": 422,
    "detail": "Correct the fields named in errors.",
    "code": "invalid_fields",
    "request_id": "req_01920000000070008000000000000001",
    "errors": [{"pointer": "/amount_vnd", "code": "too_large", "message": "An amount is at most 1 000 000 000 000 đồng."}],
}))]
pub struct ProblemDocument {
    /// The page that explains the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in a few words, in the reader's language.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What is wrong this time or what to do, in the reader's language.
    pub detail: String,
    /// The stable word to act on.
    pub code: Code,
    /// Finds the request in the log.
    pub request_id: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldErrorDocument>,
}

/// One field at fault.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorDocument {
    /// Where: a JSON pointer into the body, `?name` for a query parameter, `header:name`
    /// for a header, `line:n` and the column for a file.
    pub pointer: String,
    /// The stable word for the kind of fault.
    pub code: String,
    /// The fault, in the reader's language.
    pub message: String,
}
