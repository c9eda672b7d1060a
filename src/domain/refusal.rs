//! Why a step in a lifecycle is refused.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::day::to_rfc3339;
use crate::domain::money::Vnd;

/// A step that the rules do not allow. `Display` is the English text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The step does not exist from this state.
    #[error("a {thing} that is {state} cannot {event}")]
    WrongState {
        /// What it is, such as `merchant`.
        thing: &'static str,
        /// The state it is in.
        state: &'static str,
        /// The step that was asked for.
        event: &'static str,
    },
    /// Who asked for it may not approve it.
    #[error("the person who submitted this cannot approve it: a second person must")]
    SamePerson,
    /// An outlet trades only while its merchant is active.
    #[error("the merchant is not active")]
    MerchantNotActive,
    /// The test payment has another amount.
    #[error("the test payment is {wanted} đồng, not {received}")]
    TestAmount {
        /// What proves the outlet.
        wanted: Vnd,
        /// What came.
        received: Vnd,
    },
    /// It is in force already, so it can only be retired.
    #[error("this account has been in use since {}", to_rfc3339(*since))]
    AlreadyEffective {
        /// When new codes could first use it.
        since: DateTime<Utc>,
    },
    /// The setting takes business accounts only.
    #[error("a personal account is not taken: give the account of the business")]
    PersonalAccount,
    /// A printed code has no moment at which it is paid.
    #[error("a static code is never completed")]
    StaticNeverCompletes,
    /// A changed amount would contradict what was paid.
    #[error("this code has been paid, so its amount is fixed")]
    AlreadyPaid,
    /// The code has expired.
    #[error("this code expired at {}", to_rfc3339(*at))]
    Expired {
        /// The end of its life.
        at: DateTime<Utc>,
    },
    /// An acquirer's code is the acquirer's to change.
    #[error("an acquirer's code is changed at the acquirer")]
    NotOurs,
    /// The new terms would make it another kind of code.
    #[error("a change keeps the kind and the scheme of the code")]
    OtherKind,
    /// A credit counts only for codes and outlets of the account that it came to.
    #[error("the money is in another account: it never moves between bank accounts here")]
    OtherAccount,
    /// A move that would leave the payment where it is.
    #[error("the payment counts there already")]
    SamePlace,
    /// A test proves an outlet only if the notice itself names its code.
    #[error("a test code takes no money by hand")]
    TestCode,
    /// More would go back than is left of the payment.
    #[error("{left} đồng of this payment are left to give back")]
    ReturnTooMuch {
        /// What did not go back yet.
        left: Vnd,
    },
    /// Money is on its way back, from where the payment counts.
    #[error("a reversal of this payment waits for its debit")]
    ReturnWaits,
    /// The transaction cannot be the other end of the reversal.
    #[error("this transaction is none of the reversal's candidates")]
    NoCandidate,
    /// What was told names no account that its source may speak for.
    #[error("what was told names no account that its source speaks for")]
    NoAccount,
    /// What has not happened yet cannot be recorded.
    #[error("the day lies in the future")]
    FutureDay,
    /// A consent that has ended is none.
    #[error("the consent would have ended already")]
    PastExpiry,
    /// Whoever owns the account has not agreed, or no longer does.
    #[error("the trader has not agreed to the link of this account through this source")]
    NoConsent,
    /// A census that saw nothing would empty the zone.
    #[error("a census has at least one place")]
    EmptyCensus,
    /// Two entries of one census are the same place.
    #[error("entry {} has a position that stands before it in the same census", entry + 1)]
    PositionTwice {
        /// The place of the second one in the list, from 0.
        entry: usize,
    },
    /// An older walk-through would change what newer figures were counted from.
    #[error("this zone was surveyed on {latest}: a census is not older than the one before")]
    EarlierCensus {
        /// The day of the zone's newest census.
        latest: NaiveDate,
    },
}

impl Refusal {
    /// The stable code for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongState { .. } => "wrong_state",
            Self::SamePerson => "same_person",
            Self::MerchantNotActive => "merchant_not_active",
            Self::TestAmount { .. } => "test_amount",
            Self::AlreadyEffective { .. } => "already_effective",
            Self::PersonalAccount => "personal_account",
            Self::StaticNeverCompletes => "static_never_completes",
            Self::AlreadyPaid => "already_paid",
            Self::Expired { .. } => "code_expired",
            Self::NotOurs => "code_not_ours",
            Self::OtherKind => "other_kind",
            Self::OtherAccount => "other_account",
            Self::SamePlace => "same_place",
            Self::TestCode => "test_code",
            Self::ReturnTooMuch { .. } => "return_too_much",
            Self::ReturnWaits => "return_waits",
            Self::NoCandidate => "no_candidate",
            Self::NoAccount => "no_account",
            Self::FutureDay => "future_day",
            Self::PastExpiry => "past_expiry",
            Self::NoConsent => "no_consent",
            Self::EmptyCensus => "empty_census",
            Self::PositionTwice { .. } => "position_twice",
            Self::EarlierCensus { .. } => "earlier_census",
        }
    }

    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::WrongState { state, event, .. } => {
                format!("Không thể thực hiện bước \"{event}\" khi trạng thái là \"{state}\"")
            }
            Self::SamePerson => {
                "Người trình không được tự duyệt: cần một người thứ hai duyệt".into()
            }
            Self::MerchantNotActive => {
                "Hộ hoặc doanh nghiệp này không ở trạng thái hoạt động".into()
            }
            Self::TestAmount { wanted, received } => {
                format!("Khoản thử phải là {wanted} đồng, không phải {received} đồng")
            }
            Self::AlreadyEffective { since } => {
                format!("Tài khoản này đã được dùng từ {}", to_rfc3339(*since))
            }
            Self::PersonalAccount => {
                "Không nhận tài khoản cá nhân: hãy dùng tài khoản của hộ hoặc doanh nghiệp".into()
            }
            Self::StaticNeverCompletes => "Mã tĩnh không có trạng thái hoàn tất".into(),
            Self::AlreadyPaid => "Mã này đã có tiền về nên không đổi số tiền được nữa".into(),
            Self::Expired { at } => format!("Mã này đã hết hạn lúc {}", to_rfc3339(*at)),
            Self::NotOurs => "Mã của đơn vị chấp nhận thanh toán phải sửa tại đơn vị đó".into(),
            Self::OtherKind => "Khi sửa, loại mã và hình thức mã phải giữ nguyên".into(),
            Self::OtherAccount => {
                "Tiền nằm ở tài khoản khác: ở đây tiền không bao giờ chuyển giữa các tài khoản"
                    .into()
            }
            Self::SamePlace => "Khoản này đang tính ở đó rồi".into(),
            Self::TestCode => "Mã thử của điểm bán không nhận tiền gắn bằng tay".into(),
            Self::ReturnTooMuch { left } => {
                format!("Khoản này chỉ còn {left} đồng có thể hoàn")
            }
            Self::ReturnWaits => "Khoản này có tiền hoàn đang chờ ngân hàng báo nợ".into(),
            Self::NoCandidate => "Giao dịch này không thể là đầu kia của khoản hoàn".into(),
            Self::NoAccount => {
                "Thông báo không ghi tài khoản nào mà nguồn này được phép báo".into()
            }
            Self::FutureDay => "Ngày này chưa tới".into(),
            Self::PastExpiry => "Sự đồng ý này đã hết hạn".into(),
            Self::NoConsent => "Người bán chưa đồng ý liên kết tài khoản này qua nguồn này".into(),
            Self::EmptyCensus => "Một đợt khảo sát có ít nhất một điểm".into(),
            Self::PositionTwice { entry } => {
                format!(
                    "Mục {} trùng vị trí với một mục ở trên trong cùng đợt khảo sát",
                    entry + 1
                )
            }
            Self::EarlierCensus { latest } => {
                format!("Khu vực này đã khảo sát ngày {latest}: đợt mới không được sớm hơn")
            }
        }
    }
}
