//! The domain's refusals as this API words them: a stable code and both languages.

use super::code::Code;
use super::language::Text;
use super::problem::{Explain, FieldError, Problem};
use crate::banks::CredentialsFault;
use crate::domain::account::HolderNameError;
use crate::domain::bank::{AccountNumberError, BankBinError};
use crate::domain::base_url::BaseUrlError;
use crate::domain::code::CodeTermsError;
use crate::domain::disclosure::CaseNumberError;
use crate::domain::entry_rules::FingerprintError;
use crate::domain::establishment::{OpenDaysError, OwnerKeyError};
use crate::domain::ids::IdError;
use crate::domain::money::VndError;
use crate::domain::network::AddressRangeError;
use crate::domain::period::PeriodError;
use crate::domain::phone::PhoneError;
use crate::domain::refusal::Refusal;
use crate::domain::source::SourceNameError;
use crate::domain::tax_code::TaxCodeError;
use crate::domain::text::TextError;
use crate::domain::txn_ref::TxnRefError;
use crate::domain::word::UnknownWord;
use crate::domain::zone::{WardHistoryError, ZoneCodeError};

/// A refusal that carries both texts itself needs only its code.
macro_rules! explain_by_code {
    ($($fault:ty { $($pattern:pat => $code:literal,)+ })*) => {$(
        impl Explain for $fault {
            fn code(&self) -> &'static str {
                match self { $($pattern => $code,)+ }
            }

            fn text(&self) -> Text {
                Text::new(self.vietnamese(), self.to_string())
            }
        }
    )*};
}

explain_by_code! {
    CaseNumberError { Self => "wrong_form", }
    HolderNameError {
        Self::Length => "wrong_length",
        Self::Charset(_) => "wrong_character",
    }
    BankBinError {
        Self::Format => "wrong_form",
        Self::Unknown => "unknown_bank",
    }
    AccountNumberError {
        Self::Length => "wrong_length",
        Self::Charset => "wrong_character",
    }
    BaseUrlError {
        Self::Form => "wrong_form",
        Self::Insecure => "insecure_address",
        Self::Private => "private_address",
    }
    CodeTermsError {
        Self::Zero => "too_small",
        Self::TooLarge => "too_large",
        Self::FloorAboveCeiling => "floor_above_ceiling",
        Self::DynamicNeedsFixed => "amount_required",
        Self::Expiry => "out_of_range",
    }
    AddressRangeError { Self => "wrong_form", }
    FingerprintError { Self => "wrong_form", }
    OpenDaysError { Self => "wrong_form", }
    OwnerKeyError { Self => "wrong_form", }
    PeriodError {
        Self::Day | Self::Week | Self::Month => "wrong_form",
        Self::Year => "out_of_range",
        Self::Reversed => "reversed",
        Self::TooLong => "too_long",
    }
    PhoneError {
        Self::Charset => "wrong_character",
        Self::Country => "wrong_country",
        Self::Old => "old_number",
        Self::Landline => "landline",
        Self::Service => "service_number",
        Self::Length => "wrong_length",
        Self::Prefix => "wrong_prefix",
    }
    TaxCodeError {
        Self::Charset => "wrong_character",
        Self::Length => "wrong_length",
        Self::Check => "mistyped",
        Self::NeverIssued => "never_issued",
        Self::Branch => "wrong_branch",
        Self::Province => "wrong_province",
        Self::OtherKind => "other_kind",
    }
    TextError {
        Self::Empty => "empty",
        Self::TooLong { .. } => "too_long",
        Self::Character { .. } => "wrong_character",
    }
    UnknownWord { Self { .. } => "unknown_word", }
    SourceNameError { Self => "wrong_form", }
    ZoneCodeError { Self => "wrong_form", }
}

/// A refusal that knows English only gets its Vietnamese here.
macro_rules! explain_in_vietnamese {
    ($($fault:ty { $($pattern:pat => $code:literal, $vietnamese:literal;)+ })*) => {$(
        impl Explain for $fault {
            fn code(&self) -> &'static str {
                match self { $($pattern => $code,)+ }
            }

            fn text(&self) -> Text {
                let vietnamese = match self { $($pattern => $vietnamese,)+ };
                Text::new(vietnamese, self.to_string())
            }
        }
    )*};
}

explain_in_vietnamese! {
    VndError {
        Self::Negative => "negative", "Số tiền không được âm";
        Self::TooLarge => "too_large", "Số tiền tối đa là 1 000 000 000 000 đồng";
        Self::NotDigits => "wrong_character", "Số tiền chỉ ghi bằng chữ số";
    }
    TxnRefError {
        Self::Length => "wrong_length", "Mã tham chiếu gồm mười ký tự";
        Self::Prefix => "wrong_prefix", "Mã tham chiếu bắt đầu bằng TH";
        Self::Charset => "wrong_character", "Mã tham chiếu chỉ gồm A–Z và 2–9, không có I, L và O";
        Self::Check => "mistyped", "Mã tham chiếu bị gõ sai: ký tự cuối không khớp";
    }
}

impl Explain for CredentialsFault {
    fn code(&self) -> &'static str {
        self.code()
    }

    fn text(&self) -> Text {
        Text::new(self.vietnamese(), self.to_string())
    }
}

impl Explain for WardHistoryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Reversed(_) => "reversed",
            Self::Overlap(_) => "overlap",
        }
    }

    fn text(&self) -> Text {
        let vietnamese = match self {
            Self::Reversed(day) => format!("Ngày cuối đứng trước ngày đầu {day}"),
            Self::Overlap(day) => format!("Hai phường cùng nhận ngày {day}"),
        };
        Text::new(vietnamese, self.to_string())
    }
}

impl Explain for IdError {
    fn code(&self) -> &'static str {
        "wrong_form"
    }

    fn text(&self) -> Text {
        let Self(prefix) = self;
        Text::new(
            format!("Mã này có dạng {prefix}_ và một UUID"),
            self.to_string(),
        )
    }
}

/// The step is refused as a whole: the entry of `errors` has the empty pointer and the
/// domain's own code.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::SamePerson => Code::SecondPersonRequired,
            Refusal::TestAmount { .. }
            | Refusal::OtherKind
            | Refusal::OtherAccount
            | Refusal::SamePlace
            | Refusal::TestCode
            | Refusal::ReturnTooMuch { .. }
            | Refusal::NoCandidate
            | Refusal::NoAccount
            | Refusal::PersonalAccount
            | Refusal::FutureDay
            | Refusal::PastExpiry
            | Refusal::EmptyCensus
            | Refusal::PositionTwice { .. } => Code::InvalidFields,
            Refusal::WrongState { .. }
            | Refusal::ReturnWaits
            | Refusal::MerchantNotActive
            | Refusal::AlreadyEffective { .. }
            | Refusal::NoConsent
            | Refusal::StaticNeverCompletes
            | Refusal::AlreadyPaid
            | Refusal::Expired { .. }
            | Refusal::NotOurs
            | Refusal::EarlierCensus { .. } => Code::WrongState,
        };
        let text = Text::new(refusal.vietnamese(), refusal.to_string());
        let error = FieldError::new("", refusal.code(), text.clone());
        Self::new(code).detail(text).errors(vec![error])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Vnd;
    use crate::http::language::Language::{English, Vietnamese};
    use crate::http::problem::{FieldErrors, at};

    #[test]
    fn a_value_the_domain_refuses_becomes_a_field_error_in_both_languages() {
        let problem = Vnd::new(-1).map_err(at("/amount_vnd")).unwrap_err();
        assert_eq!(problem.code(), Code::InvalidFields);
        for (language, message) in [
            (Vietnamese, "Số tiền không được âm"),
            (English, "an amount cannot be negative"),
        ] {
            let document = problem.document(language, "");
            let error = &document.errors[0];
            assert_eq!(error.pointer, "/amount_vnd");
            assert_eq!(
                (error.code.as_str(), error.message.as_str()),
                ("negative", message)
            );
        }
    }

    #[test]
    fn one_answer_names_every_field_at_fault() {
        let mut errors = FieldErrors::new();
        let good = errors.check("/floor_vnd", Vnd::new(5));
        let bad = errors.check("/amount_vnd", Vnd::new(-1));
        let worse = errors.check("/source_id", Err::<(), _>(IdError("src")));
        assert_eq!((good, bad, worse), (Some(Vnd::new(5).unwrap()), None, None));
        let document = errors.finish().unwrap_err().document(English, "");
        let pointers: Vec<_> = document
            .errors
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/amount_vnd", "/source_id"]);
        assert!(FieldErrors::new().finish().is_ok());
    }

    #[test]
    fn a_refused_step_keeps_its_own_code_beside_the_catalogues() {
        for (refusal, status, code) in [
            (Refusal::SamePerson, 403, "same_person"),
            (Refusal::MerchantNotActive, 409, "merchant_not_active"),
            (Refusal::OtherKind, 422, "other_kind"),
        ] {
            let document = Problem::from(refusal).document(Vietnamese, "");
            assert_eq!(
                (document.status, document.errors[0].code.as_str()),
                (status, code)
            );
            assert_eq!(document.detail, refusal.vietnamese());
        }
    }
}
