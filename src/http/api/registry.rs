//! What the operations of the registry share: whose rows a caller reaches, versions as
//! `ETag` and `If-Match`, and how refused changes are worded.

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::domain::access::Scope;
use crate::flows::change::{Change, ChangeError, Thing, UniqueValue};
use crate::http::AppState;
use crate::http::auth::Caller;
use crate::http::code::Code;
use crate::http::extract::Json;
use crate::http::language::Text;
use crate::http::page::Position;
use crate::http::problem::{Explain, FieldError, Problem};
use crate::store::reach::Reach;

/// The version that a change expects, from `If-Match`; none when the caller does not say.
#[derive(Clone, Copy, Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Expected {
    /// The `ETag` that was read: the change is made only if it is still the latest.
    #[param(rename = "If-Match", value_type = Option<String>)]
    pub version: Option<i64>,
}

impl<S: Sync> FromRequestParts<S> for Expected {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let (Some(value), second) = (values.next(), values.next()) else {
            return Ok(Self { version: None });
        };
        let tag = value.to_str().ok().filter(|_| second.is_none());
        let version = tag
            .and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'))
            .and_then(|version| version.parse().ok());
        if version.is_none() {
            let message = Text::new(
                "Ghi một ETag đã đọc được, ví dụ \"3\".",
                "Give one ETag that was read, such as \"3\".",
            );
            let error = FieldError::header("If-Match", "wrong_form", message);
            return Err(Problem::new(Code::InvalidHeader).errors(vec![error]));
        }
        Ok(Self { version })
    }
}

/// A document with the version it shows, which goes out as its `ETag`.
#[derive(Debug)]
pub struct Versioned<T>(pub i64, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let Self(version, document) = self;
        ([(ETAG, format!("\"{version}\""))], Json(document)).into_response()
    }
}

/// Whose rows the caller reaches.
pub fn reach(caller: &Caller) -> Result<Reach, Problem> {
    match (&caller.principal.scope, caller.principal.user()) {
        (Scope::All, _) => Ok(Reach::Everything),
        (Scope::Zones(_), Some(user)) => Ok(Reach::ZonesOf(user)),
        (Scope::Merchant(merchant) | Scope::Outlet { merchant, .. }, _) => {
            Ok(Reach::Merchant(*merchant))
        }
        (Scope::Zones(_), None) => Err(Code::Forbidden.into()),
    }
}

/// A change in the name of the person who calls, now.
pub fn change<'a>(caller: &Caller, state: &'a AppState) -> Result<Change<'a>, Problem> {
    Ok(Change {
        actor: caller.principal.user().ok_or(Code::Forbidden)?,
        now: state.clock.now(),
        entropy: &state.entropy,
    })
}

/// A position in a list that is sorted by id.
pub fn by_id(id: Uuid) -> Position {
    Position {
        sort: String::new(),
        id,
    }
}

/// Reads an optional query parameter.
pub fn filter<T, E: Explain>(
    name: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Problem> {
    text.map(read).transpose().map_err(|fault| {
        let error = FieldError::query(name, fault.code(), fault.text());
        Problem::new(Code::InvalidQuery).errors(vec![error])
    })
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound(thing) => unknown(thing),
            ChangeError::Taken(value) => taken(value),
            ChangeError::Stale => Code::PreconditionFailed.into(),
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Store(fault) => fault.into(),
        }
    }
}

fn unknown(thing: Thing) -> Problem {
    let (pointer, code, text) = match thing {
        Thing::Subject => return Problem::not_found(),
        Thing::Merchant => (
            "/merchant_id",
            "unknown_merchant",
            Text::new(
                "Không có hộ hay doanh nghiệp này.",
                "There is no such merchant.",
            ),
        ),
        Thing::Zone => (
            "/zone_id",
            "unknown_zone",
            Text::new("Không có khu vực này.", "There is no such zone."),
        ),
        Thing::Establishment => (
            "/establishment_id",
            "unknown_establishment",
            Text::new(
                "Không có điểm kinh doanh này trong khu vực.",
                "There is no such establishment in this zone.",
            ),
        ),
        Thing::ReplacedAccount => (
            "/replaces_id",
            "unknown_account",
            Text::new(
                "Hộ này không có tài khoản đó.",
                "This merchant has no such account.",
            ),
        ),
        Thing::Code => (
            "/code_id",
            "unknown_code",
            Text::new("Không có mã này.", "There is no such code."),
        ),
        Thing::Outlet => (
            "/outlet_id",
            "unknown_outlet",
            Text::new("Không có điểm bán này.", "There is no such outlet."),
        ),
        Thing::Account => (
            "/account_id",
            "unknown_account",
            Text::new("Không có tài khoản này.", "There is no such account."),
        ),
        Thing::Source => (
            "/source_id",
            "unknown_source",
            Text::new("Không có nguồn này.", "There is no such source."),
        ),
    };
    FieldError::new(pointer, code, text).into()
}

fn taken(value: UniqueValue) -> Problem {
    let (pointer, text) = match value {
        UniqueValue::ZoneCode => (
            "/code",
            Text::new("Mã khu vực đã được dùng.", "This zone code is in use."),
        ),
        UniqueValue::TaxCode => (
            "/tax_code",
            Text::new(
                "Mã số thuế đã được đăng ký.",
                "This tax code is registered.",
            ),
        ),
        UniqueValue::StallLabel => (
            "/stall_label",
            Text::new(
                "Sạp này đã có điểm bán.",
                "This stall has an outlet already.",
            ),
        ),
        UniqueValue::AccountNumber => (
            "/account_number",
            Text::new(
                "Số tài khoản này đã được đăng ký.",
                "This account number is registered.",
            ),
        ),
        UniqueValue::SourceName => (
            "/name",
            Text::new(
                "Tên nguồn đã được dùng.",
                "This name of a source is in use.",
            ),
        ),
        UniqueValue::Position => (
            "/position",
            Text::new(
                "Vị trí này đã có trong danh sách.",
                "There is an establishment at this position.",
            ),
        ),
        UniqueValue::DayOfChange => (
            "/day",
            Text::new(
                "Ngày này đã ghi một thay đổi của điểm kinh doanh.",
                "A change of this establishment is recorded on this day.",
            ),
        ),
        UniqueValue::PaymentMove => (
            "",
            Text::new(
                "Khoản này đã có một đề nghị chuyển đang chờ.",
                "A move of this payment waits already.",
            ),
        ),
        UniqueValue::OpenLink => (
            "/account_id",
            Text::new(
                "Tài khoản này đã có liên kết qua nguồn này.",
                "This account has an open link through this source.",
            ),
        ),
    };
    let error = FieldError::new(pointer, "taken", text);
    Problem::new(Code::AlreadyExists).errors(vec![error])
}
