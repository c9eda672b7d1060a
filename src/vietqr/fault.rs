//! Why a payment code is refused.

use std::fmt;

/// A refusal: what is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// What is wrong.
    pub reason: Reason,
    /// Where it is.
    pub place: Place,
}

/// Where a fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The code as a whole.
    Whole,
    /// At this character, counted from 0.
    Character(usize),
    /// In this object, its tags from the outside in joined with hyphens, such as `38-01-00`.
    Object(&'static str),
}

/// What a reader was looking at when it stopped, from the outside in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The text is not a sequence of tag, length and value.
    Structure,
    /// The checksum.
    Crc,
    /// Something that must be there is absent.
    Presence,
    /// A value breaks its rule.
    Field,
}

impl Group {
    /// The name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Crc => "crc",
            Self::Presence => "presence",
            Self::Field => "field",
        }
    }
}

impl Fault {
    /// A fault of the whole code.
    pub(super) const fn whole(reason: Reason) -> Self {
        Self {
            reason,
            place: Place::Whole,
        }
    }

    /// A fault at a character, counted from 0.
    pub(super) const fn at(reason: Reason, character: usize) -> Self {
        Self {
            reason,
            place: Place::Character(character),
        }
    }

    /// A fault in an object.
    pub(super) const fn object(reason: Reason, path: &'static str) -> Self {
        Self {
            reason,
            place: Place::Object(path),
        }
    }

    /// The whole message in Vietnamese.
    pub fn message_vi(&self) -> String {
        let text = self.reason.message_vi();
        match self.place {
            Place::Whole => text.to_owned(),
            Place::Character(at) => format!("{text} (ký tự thứ {})", at + 1),
            Place::Object(path) => format!("{text} (trường {path})"),
        }
    }
}

/// The English message; [`Fault::message_vi`] gives the Vietnamese one.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.reason.message_en();
        match self.place {
            Place::Whole => formatter.write_str(text),
            Place::Character(at) => write!(formatter, "{text} (character {})", at + 1),
            Place::Object(path) => write!(formatter, "{text} (object {path})"),
        }
    }
}

macro_rules! reasons {
    ($($name:ident = $code:literal, $group:ident, $en:literal, $vi:literal;)*) => {
        /// What is wrong with a payment code. The names are part of the contract of
        /// `phocho vietqr` and of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $(#[doc = $en] $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What the reader was looking at.
            pub fn group(self) -> Group {
                match self { $(Self::$name => Group::$group,)* }
            }

            /// One sentence in English.
            pub fn message_en(self) -> &'static str {
                match self { $(Self::$name => $en,)* }
            }

            /// One sentence in Vietnamese.
            pub fn message_vi(self) -> &'static str {
                match self { $(Self::$name => $vi,)* }
            }
        }
    };
}

reasons! {
    Empty = "empty", Structure,
        "The code is empty", "Mã trống";
    FirstTagNot00 = "first_tag_not_00", Structure,
        "A payment code begins with object 00", "Mã thanh toán phải bắt đầu bằng trường 00";
    TlvTruncated = "tlv_truncated", Structure,
        "The code ends inside an object", "Mã bị cắt giữa một trường";
    TagNotNumeric = "tag_not_numeric", Structure,
        "A tag is two digits 0-9", "Mã trường phải là hai chữ số 0-9";
    LengthNotNumeric = "length_not_numeric", Structure,
        "A length is two digits 0-9", "Độ dài phải là hai chữ số 0-9";
    LengthZero = "length_zero", Structure,
        "An object cannot be empty", "Trường không được để trống";
    NestedTlv = "nested_tlv", Structure,
        "The objects inside a template do not fill it exactly",
        "Các trường con không khớp với độ dài của trường chứa chúng";
    DuplicateTag = "duplicate_tag", Structure,
        "An object appears twice", "Một trường xuất hiện hai lần";
    AdditionalDuplicate = "additional_duplicate", Structure,
        "An object of the additional data appears twice",
        "Một trường của dữ liệu bổ sung xuất hiện hai lần";
    TrailingData = "trailing_data", Structure,
        "Something follows the checksum", "Có dữ liệu thừa sau mã kiểm tra";
    PayloadTooLong = "payload_too_long", Structure,
        "A code has at most 512 characters, and an object at most 99",
        "Mã có tối đa 512 ký tự, mỗi trường tối đa 99 ký tự";
    CrcMissing = "crc_missing", Crc,
        "The checksum is missing", "Thiếu mã kiểm tra";
    CrcLength = "crc_length", Crc,
        "The checksum has four characters", "Mã kiểm tra phải có bốn ký tự";
    CrcNotHex = "crc_not_hex", Crc,
        "The checksum is written with 0-9 and A-F", "Mã kiểm tra chỉ gồm 0-9 và A-F";
    CrcMismatch = "crc_mismatch", Crc,
        "The checksum does not fit: the code was damaged or altered",
        "Mã kiểm tra không khớp: mã đã bị hỏng hoặc bị sửa";
    CrcLowercase = "crc_lowercase", Crc,
        "The checksum is written with capital letters", "Mã kiểm tra phải viết hoa";
    RequiredTagMissing = "required_tag_missing", Presence,
        "A required object is missing", "Thiếu trường bắt buộc";
    PayloadFormat = "payload_format", Field,
        "The payload format indicator is 01", "Phiên bản dữ liệu phải là 01";
    InitiationMethod = "initiation_method", Field,
        "The initiation method is 11 or 12", "Phương thức khởi tạo phải là 11 hoặc 12";
    GuidMissing = "guid_missing", Presence,
        "The scheme identifier is missing", "Thiếu mã định danh của mạng thanh toán";
    GuidMismatch = "guid_mismatch", Field,
        "The scheme identifier is not that of VietQR, A000000727",
        "Mã định danh không phải của VietQR (A000000727)";
    BeneficiaryMissing = "beneficiary_missing", Presence,
        "The beneficiary's bank or account is missing",
        "Thiếu ngân hàng hoặc số tài khoản thụ hưởng";
    BeneficiaryStructure = "beneficiary_structure", Structure,
        "The beneficiary holds an object that does not belong there",
        "Thông tin thụ hưởng chứa trường không thuộc về nó";
    BinFormat = "bin_format", Field,
        "A bank's number has six digits", "Mã ngân hàng phải có sáu chữ số";
    BinUnknown = "bin_unknown", Field,
        "No known bank has this number", "Không có ngân hàng nào mang mã này";
    AccountLength = "account_length", Field,
        "An account number has 1 to 19 characters", "Số tài khoản có từ 1 đến 19 ký tự";
    AccountCharset = "account_charset", Field,
        "An account number is written with letters A-Z and digits only",
        "Số tài khoản chỉ gồm chữ cái không dấu và chữ số";
    ServiceCode = "service_code", Field,
        "The service is QRIBFTTA, QRIBFTTC, QRPUSH or QRCASH",
        "Mã dịch vụ phải là QRIBFTTA, QRIBFTTC, QRPUSH hoặc QRCASH";
    MccFormat = "mcc_format", Field,
        "A merchant category code has four digits", "Mã ngành hàng phải có bốn chữ số";
    Currency = "currency", Field,
        "The currency is 704 (VND)", "Mã tiền tệ phải là 704 (VND)";
    Country = "country", Field,
        "The country is VN", "Mã quốc gia phải là VN";
    AmountFormat = "amount_format", Field,
        "An amount is written with digits only", "Số tiền chỉ gồm chữ số";
    AmountZero = "amount_zero", Field,
        "An amount is more than zero", "Số tiền phải lớn hơn không";
    AmountLength = "amount_length", Field,
        "An amount has at most 13 characters", "Số tiền có tối đa 13 ký tự";
    AmountMinorUnits = "amount_minor_units", Field,
        "The đồng has no smaller unit", "Đồng Việt Nam không có phần lẻ";
    TipIndicator = "tip_indicator", Field,
        "The tip or fee indicator is 01, 02 or 03", "Chỉ báo phụ phí phải là 01, 02 hoặc 03";
    FeeMissing = "fee_missing", Field,
        "The announced fee is missing", "Thiếu khoản phụ phí đã khai báo";
    FeeUnexpected = "fee_unexpected", Field,
        "A fee is given that was not announced", "Có phụ phí không được khai báo";
    FeePercent = "fee_percent", Field,
        "A percentage fee lies between 00.01 and 99.99",
        "Phụ phí theo tỷ lệ phải từ 00.01 đến 99.99";
    MerchantNameLength = "merchant_name_length", Field,
        "The merchant's name has 1 to 25 characters", "Tên cửa hàng có từ 1 đến 25 ký tự";
    MerchantNameCharset = "merchant_name_charset", Field,
        "The merchant's name is written without diacritics",
        "Tên cửa hàng phải viết không dấu";
    MerchantCityLength = "merchant_city_length", Field,
        "The city has 1 to 15 characters without diacritics",
        "Tên thành phố có từ 1 đến 15 ký tự không dấu";
    PostalCodeLength = "postal_code_length", Field,
        "A postal code has 1 to 10 characters without diacritics",
        "Mã bưu chính có từ 1 đến 10 ký tự không dấu";
    AdditionalLength = "additional_length", Field,
        "An entry of the additional data has 1 to 25 characters, all together 99",
        "Mỗi mục dữ liệu bổ sung có từ 1 đến 25 ký tự, tổng cộng tối đa 99";
    AdditionalCharset = "additional_charset", Field,
        "Additional data is written without diacritics",
        "Dữ liệu bổ sung phải viết không dấu";
    ConsumerDataRequest = "consumer_data_request", Field,
        "The requested data is A, M or E, each at most once",
        "Dữ liệu yêu cầu chỉ gồm A, M, E, mỗi chữ tối đa một lần";
    LanguageTemplate = "language_template", Field,
        "The second language needs two letters and a name of at most 25 characters, and takes a city of at most 15",
        "Ngôn ngữ thứ hai cần mã hai chữ cái và tên tối đa 25 ký tự, thành phố tối đa 15 ký tự";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_and_where_in_both_languages() {
        let fault = Fault::object(Reason::BinFormat, "38-01-00");
        assert_eq!(
            fault.to_string(),
            "A bank's number has six digits (object 38-01-00)"
        );
        assert_eq!(
            fault.message_vi(),
            "Mã ngân hàng phải có sáu chữ số (trường 38-01-00)"
        );
        let fault = Fault::at(Reason::TlvTruncated, 4);
        assert_eq!(
            fault.to_string(),
            "The code ends inside an object (character 5)"
        );
    }

    #[test]
    fn no_two_reasons_share_a_name_or_a_message() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        let mut messages: Vec<_> = Reason::ALL.iter().map(|r| r.message_en()).collect();
        names.sort_unstable();
        names.dedup();
        messages.sort_unstable();
        messages.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
        assert_eq!(messages.len(), Reason::ALL.len());
    }
}
