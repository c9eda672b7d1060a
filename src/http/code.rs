//! The catalogue of error codes: part of the contract, each with its status, what it means
//! and what to do, in both languages.
//!
//! A code exists only when a client would act on it. The page behind a problem's `type` is
//! written from this table.

use std::borrow::Cow;

use axum::http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::language::Text;

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $wire:literal, $status:ident,
        vi $title_vi:literal, $fix_vi:literal,
        en $title_en:literal, $fix_en:literal;)*) => {
        /// What went wrong, as a stable word that a client can act on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word in the document.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }

            /// The status it travels with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// What went wrong, in a few words.
            pub fn title(self) -> Text {
                match self { $(Self::$name => Text::new($title_vi, $title_en),)* }
            }

            /// What the caller can do about it.
            pub fn what_to_do(self) -> Text {
                match self { $(Self::$name => Text::new($fix_vi, $fix_en),)* }
            }
        }
    };
}

catalogue! {
    /// The body is not one well-formed, unambiguous JSON document.
    MalformedJson = "malformed_json", BAD_REQUEST,
        vi "Nội dung gửi lên không phải JSON hợp lệ", "Gửi một tài liệu JSON đúng cú pháp, không lặp khoá, không lồng quá sâu.",
        en "The body is not valid JSON", "Send one well-formed JSON document without repeated keys or deep nesting.";
    /// The query names an unknown parameter, repeats one or gives it an impossible value.
    InvalidQuery = "invalid_query", BAD_REQUEST,
        vi "Tham số truy vấn không hợp lệ", "Sửa các tham số nêu trong errors; mỗi tham số chỉ ghi một lần.",
        en "A query parameter is not valid", "Correct the parameters named in errors; give each of them once.";
    /// The cursor was altered, or belongs to another list or filter.
    InvalidCursor = "invalid_cursor", BAD_REQUEST,
        vi "Con trỏ trang không dùng được", "Lấy lại danh sách từ đầu và chỉ dùng next_cursor với cùng bộ lọc.",
        en "The cursor cannot be used", "Start the list again and use next_cursor only with the same filters.";
    /// A header that the operation needs cannot be read.
    InvalidHeader = "invalid_header", BAD_REQUEST,
        vi "Tiêu đề HTTP không hợp lệ", "Sửa tiêu đề nêu trong errors.",
        en "A header is not valid", "Correct the header named in errors.";
    /// No credential, or one that is unknown, expired or revoked.
    Unauthenticated = "unauthenticated", UNAUTHORIZED,
        vi "Chưa xác thực", "Gửi tiêu đề Authorization: Bearer với khoá còn hiệu lực.",
        en "Not authenticated", "Send Authorization: Bearer with a token that is still valid.";
    /// The credential is good but does not allow this.
    Forbidden = "forbidden", FORBIDDEN,
        vi "Không được phép", "Dùng tài khoản có quyền cần thiết, hoặc xin người quản trị cấp quyền.",
        en "Not allowed", "Use a credential with the needed right, or ask an administrator for it.";
    /// The one who made a change may not also approve it.
    SecondPersonRequired = "second_person_required", FORBIDDEN,
        vi "Cần người thứ hai duyệt", "Nhờ một người khác có quyền duyệt thực hiện bước này.",
        en "A second person is required", "Have another person with the right to approve do this step.";
    /// There is nothing here, or nothing that this caller may see.
    NotFound = "not_found", NOT_FOUND,
        vi "Không tìm thấy", "Kiểm tra địa chỉ và mã; dữ liệu của người khác cũng trả lời như vậy.",
        en "Not found", "Check the address and the id; what belongs to others is answered the same way.";
    /// The address exists, the method does not; `Allow` lists those that do.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        vi "Phương thức không được hỗ trợ", "Dùng một phương thức nêu trong tiêu đề Allow.",
        en "Method not allowed", "Use a method that the Allow header lists.";
    /// The body did not arrive in time.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT,
        vi "Nội dung đến quá chậm", "Gửi lại yêu cầu; kiểm tra đường truyền.",
        en "The body arrived too slowly", "Send the request again; check the connection.";
    /// What is asked does not fit the present state of the thing.
    WrongState = "wrong_state", CONFLICT,
        vi "Trạng thái hiện tại không cho phép", "Đọc lại dữ liệu mới nhất rồi chọn bước phù hợp.",
        en "The present state does not allow this", "Read the latest state and choose a step that fits it.";
    /// Something else already carries this unique value.
    AlreadyExists = "already_exists", CONFLICT,
        vi "Đã tồn tại", "Dùng bản đã có, hoặc chọn giá trị khác.",
        en "Already exists", "Use the existing one, or choose another value.";
    /// Another request with the same key is still running.
    IdempotencyKeyInUse = "idempotency_key_in_use", CONFLICT,
        vi "Yêu cầu cùng khoá đang chạy", "Đợi một giây rồi gửi lại cùng nội dung và cùng khoá.",
        en "A request with this key is still running", "Wait a second and send the same body with the same key.";
    /// `If-Match` names a version that is no longer the latest.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED,
        vi "Dữ liệu đã được người khác thay đổi", "Đọc lại, xem thay đổi, rồi gửi với ETag mới.",
        en "Someone else changed it", "Read it again, look at the change and send with the new ETag.";
    /// The body is larger than this operation takes.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE,
        vi "Nội dung quá lớn", "Gửi ít dữ liệu hơn trong một lần.",
        en "The body is too large", "Send less at a time.";
    /// The address is longer than any of ours.
    AddressTooLong = "address_too_long", URI_TOO_LONG,
        vi "Địa chỉ quá dài", "Rút ngắn địa chỉ và tham số.",
        en "The address is too long", "Shorten the address and its parameters.";
    /// The body is of a kind, or in an encoding, that the operation does not read.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE,
        vi "Kiểu nội dung không được hỗ trợ", "Gửi Content-Type: application/json, không nén.",
        en "Unsupported media type", "Send Content-Type: application/json, not compressed.";
    /// The JSON is well-formed but its values are not acceptable; `errors` names them.
    InvalidFields = "invalid_fields", UNPROCESSABLE_ENTITY,
        vi "Có trường không hợp lệ", "Sửa các trường nêu trong errors.",
        en "Some fields are not valid", "Correct the fields named in errors.";
    /// The file cannot be taken as it is; `errors` names its lines and columns.
    InvalidFile = "invalid_file", UNPROCESSABLE_ENTITY,
        vi "Tệp không dùng được", "Sửa các chỗ nêu trong errors, hoặc tải lại tệp từ ngân hàng.",
        en "The file cannot be used", "Correct the places named in errors, or download the file from the bank again.";
    /// The key was used before with another body.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY,
        vi "Khoá đã dùng cho nội dung khác", "Dùng khoá mới cho yêu cầu mới.",
        en "The key was used with another body", "Use a new key for a new request.";
    /// A change must say which version it changes.
    PreconditionRequired = "precondition_required", PRECONDITION_REQUIRED,
        vi "Thiếu If-Match", "Gửi If-Match với ETag vừa đọc được.",
        en "If-Match is missing", "Send If-Match with the ETag you just read.";
    /// Too many requests from one place.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS,
        vi "Quá nhiều yêu cầu", "Đợi số giây ghi trong Retry-After rồi gửi lại.",
        en "Too many requests", "Wait the seconds in Retry-After and send again.";
    /// A fault of ours; the request id finds it in the log.
    Internal = "internal", INTERNAL_SERVER_ERROR,
        vi "Lỗi phía hệ thống", "Gửi lại sau; nếu vẫn lỗi, báo cho người vận hành kèm request_id.",
        en "A fault on our side", "Try again later; if it stays, tell the operator the request_id.";
    /// We cannot take it now; nothing was stored.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE,
        vi "Tạm thời chưa phục vụ được", "Chưa có gì được lưu. Gửi lại sau số giây ghi trong Retry-After.",
        en "Not available at the moment", "Nothing was stored. Send again after the seconds in Retry-After.";
    /// The work did not end in time; it may still complete.
    DeadlineExceeded = "deadline_exceeded", GATEWAY_TIMEOUT,
        vi "Xử lý quá lâu", "Việc có thể vẫn hoàn tất. Đọc lại, hoặc gửi lại cùng Idempotency-Key.",
        en "The work took too long", "It may still complete. Read it back, or send again with the same Idempotency-Key.";
}

impl Code {
    /// The code that a document spells as `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_str(self.as_str())
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let words = Self::ALL.iter().map(|code| code.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What went wrong, as a stable word to act on."))
            .enum_values(Some(words))
            .into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ErrorCode")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::language::Language;

    #[test]
    fn every_code_is_a_distinct_word_and_explained_in_both_languages() {
        let mut seen = BTreeSet::new();
        for &code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code:?} repeats a word");
            assert_eq!(Code::parse(code.as_str()), Some(code));
            assert!(code.status().is_client_error() || code.status().is_server_error());
            let (title, fix) = (code.title(), code.what_to_do());
            assert_ne!(
                title.get(Language::Vietnamese),
                title.get(Language::English)
            );
            assert_ne!(fix.get(Language::Vietnamese), fix.get(Language::English));
        }
        assert_eq!(Code::parse("no_such_code"), None);
    }
}
