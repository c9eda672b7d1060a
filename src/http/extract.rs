//! Strict readers of a request: what is not known by name is refused, with its place.

use std::collections::HashSet;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::body::{BODY_MAX_BYTES, IMPORT_MAX_BYTES, STATEMENT_MAX_BYTES, read_body};
use super::code::Code;
use super::json::{self, JsonFault, JsonFaultKind};
use super::language::Text;
use super::problem::{FieldError, Problem};

/// A JSON body, in and out. `T` derives `Deserialize` with `deny_unknown_fields`; repeated
/// keys, deep nesting, other media types and bodies above `MAX_BYTES` are refused.
#[derive(Clone, Copy, Debug)]
pub struct Json<T, const MAX_BYTES: usize = BODY_MAX_BYTES>(pub T);

impl<S, T, const MAX_BYTES: usize> FromRequest<S> for Json<T, MAX_BYTES>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Code::UnsupportedMediaType.into());
        }
        let bytes = read_body(request, MAX_BYTES).await?;
        Ok(Self(json::read(&bytes)?))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The bytes of a `text/csv` file, as they came: how they were saved is found out from them,
/// whatever a charset says.
#[derive(Clone, Debug)]
pub struct Csv(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Csv {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let media_type = media_type(request.headers()).and_then(|it| it.split(';').next());
        if !media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("text/csv")) {
            let detail = Text::new(
                "Gửi tệp CSV với Content-Type: text/csv, không nén.",
                "Send the CSV file with Content-Type: text/csv, not compressed.",
            );
            return Err(Problem::new(Code::UnsupportedMediaType).detail(detail));
        }
        read_body(request, IMPORT_MAX_BYTES).await.map(Self)
    }
}

/// The media types under which statements are sent; what one is, its bytes say.
const STATEMENT_TYPES: [&str; 7] = [
    "application/octet-stream",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/xml",
    "text/csv",
    "text/plain",
    "text/xml",
];

/// The bytes of a bank statement, as they came.
#[derive(Clone, Debug)]
pub struct Statement(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Statement {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let media_type = media_type(request.headers()).and_then(|it| it.split(';').next());
        let named = media_type.map(|it| it.trim().to_ascii_lowercase());
        if !named.is_some_and(|it| STATEMENT_TYPES.contains(&it.as_str())) {
            let detail = Text::new(
                "Gửi tệp sao kê với Content-Type: application/octet-stream, không nén.",
                "Send the statement with Content-Type: application/octet-stream, not compressed.",
            );
            return Err(Problem::new(Code::UnsupportedMediaType).detail(detail));
        }
        read_body(request, STATEMENT_MAX_BYTES).await.map(Self)
    }
}

/// The one media type that a request names.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    value.to_str().ok()
}

/// `application/json`, with no parameter but a charset of UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = media_type(headers) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or("");
    essence.eq_ignore_ascii_case("application/json")
        && parts.all(|part| {
            part.is_empty()
                || part.eq_ignore_ascii_case("charset=utf-8")
                || part.eq_ignore_ascii_case("charset=\"utf-8\"")
        })
}

impl From<JsonFault> for Problem {
    fn from(fault: JsonFault) -> Self {
        let code = match fault.kind {
            JsonFaultKind::Syntax { .. } | JsonFaultKind::DuplicateKey | JsonFaultKind::TooDeep => {
                Code::MalformedJson
            }
            JsonFaultKind::UnknownField { .. }
            | JsonFaultKind::MissingField
            | JsonFaultKind::Value(_) => Code::InvalidFields,
        };
        Self::new(code).errors(vec![field_error(fault)])
    }
}

fn field_error(fault: JsonFault) -> FieldError {
    let (code, message) = match fault.kind {
        JsonFaultKind::Syntax { line, column } => (
            "syntax",
            Text::new(
                format!("Sai cú pháp JSON ở dòng {line}, cột {column}."),
                format!("Not JSON at line {line}, column {column}."),
            ),
        ),
        JsonFaultKind::DuplicateKey => (
            "duplicate_key",
            Text::new(
                "Khoá xuất hiện hai lần trong cùng một đối tượng.",
                "The key stands twice in one object.",
            ),
        ),
        JsonFaultKind::TooDeep => (
            "too_deep",
            Text::new(
                format!("Lồng sâu quá {} lớp.", json::DEPTH_MAX),
                format!("Nested deeper than {} levels.", json::DEPTH_MAX),
            ),
        ),
        JsonFaultKind::UnknownField { expected } => (
            "unknown_field",
            Text::new(
                format!("Không có trường này; các trường được nhận: {expected}."),
                format!("There is no such field; expected {expected}."),
            ),
        ),
        JsonFaultKind::MissingField => (
            "missing_field",
            Text::new("Thiếu trường bắt buộc.", "This field is required."),
        ),
        JsonFaultKind::Value(reason) => (
            "invalid_value",
            Text::new(
                format!("Giá trị không hợp lệ ({reason})."),
                format!("Not an acceptable value ({reason})."),
            ),
        ),
    };
    FieldError::new(fault.pointer, code, message)
}

/// The query string. `T` derives `Deserialize` with `deny_unknown_fields`; a parameter given
/// twice is refused.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read_query(parts.uri.query().unwrap_or("")).map(Self)
    }
}

fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let mut seen = HashSet::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if !seen.insert(name.clone()) {
            let message = Text::new(
                "Tham số chỉ được ghi một lần.",
                "A parameter is given once.",
            );
            let error = FieldError::query(&name, "repeated_parameter", message);
            return Err(Problem::new(Code::InvalidQuery).errors(vec![error]));
        }
    }
    let pairs = form_urlencoded::parse(query.as_bytes());
    let reader = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let name = error.path().to_string();
        let fault = json::fault_of_value(String::new(), &error.into_inner().to_string());
        let name = match fault.kind {
            JsonFaultKind::MissingField => fault.pointer.trim_start_matches('/').to_owned(),
            _ => name,
        };
        let mut error = field_error(fault);
        error.place(format!("?{name}"));
        Problem::new(Code::InvalidQuery).errors(vec![error])
    })
}

/// The one parameter of a path. What is no value of its type is answered like what does not
/// exist: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The two parameters of a path, in order.
#[derive(Clone, Copy, Debug)]
pub struct PathPair<A, B>(pub A, pub B);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = path_params(parts, state).await?;
        let mut values = params.iter().map(|(_, value)| value);
        Ok(Self(parse_segment(values.next())?))
    }
}

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for PathPair<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = path_params(parts, state).await?;
        let mut values = params.iter().map(|(_, value)| value);
        Ok(Self(
            parse_segment(values.next())?,
            parse_segment(values.next())?,
        ))
    }
}

async fn path_params<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<RawPathParams, Problem> {
    RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::not_found())
}

fn parse_segment<T: FromStr>(segment: Option<&str>) -> Result<T, Problem> {
    segment
        .and_then(|segment| segment.parse().ok())
        .ok_or_else(Problem::not_found)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::language::Language;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        limit: Option<u16>,
        zone: String,
    }

    #[test]
    fn a_query_is_refused_by_the_name_of_the_parameter() {
        for (query, pointer, code) in [
            ("zone=a&limit=1&limit=1", "?limit", "repeated_parameter"),
            ("zone=a&lim%69t=1&limit=1", "?limit", "repeated_parameter"),
            ("zone=a&color=red", "?color", "unknown_field"),
            ("limit=3", "?zone", "missing_field"),
            ("zone=a&limit=many", "?limit", "invalid_value"),
            ("zone=a&limit=-1", "?limit", "invalid_value"),
        ] {
            let problem = read_query::<Filter>(query).expect_err(query);
            assert_eq!(problem.code(), Code::InvalidQuery, "{query}");
            let document = problem.document(Language::English, "");
            let found = (&*document.errors[0].pointer, &*document.errors[0].code);
            assert_eq!(found, (pointer, code), "{query}");
        }
        let filter = read_query::<Filter>("zone=TH-QK&limit=3").unwrap();
        assert_eq!((filter.zone.as_str(), filter.limit), ("TH-QK", Some(3)));
    }

    #[test]
    fn only_one_plain_json_media_type_is_read() {
        for (values, wanted) in [
            (&["application/json"][..], true),
            (&["Application/JSON; charset=UTF-8"], true),
            (&["application/json; charset=utf-16"], false),
            (&["text/plain"], false),
            (&["application/jsonp"], false),
            (&[], false),
            (&["application/json", "application/json"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_TYPE, value.parse().unwrap());
            }
            assert_eq!(is_json(&headers), wanted, "{values:?}");
        }
    }
}
