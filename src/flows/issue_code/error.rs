//! Why a code is not issued, registered or changed.

use super::issue::REFERENCE_DRAWS;
use crate::domain::code::CodeTermsError;
use crate::domain::refusal::Refusal;
use crate::store::StoreError;
use crate::vietqr::Fault;

/// Why a code is not issued, registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// There is no such outlet within reach.
    #[error("there is no such outlet")]
    UnknownOutlet,
    /// There is no such code within reach.
    #[error("there is no such code")]
    UnknownCode,
    /// The merchant has no account for new codes at this moment, or not the one asked for.
    #[error("the merchant has no approved account that new codes may use now")]
    NoAccount,
    /// The rules of outlets, merchants or codes do not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What it asks for does not fit a code.
    #[error(transparent)]
    Terms(#[from] CodeTermsError),
    /// The text of an acquirer's code cannot be read.
    #[error(transparent)]
    Payload(#[from] Fault),
    /// An account transfer, which only we issue, to an approved account.
    #[error("a code for account transfers is issued here and not registered")]
    NotAnAcquirers,
    /// The same acquirer's code is in use already, here or at another outlet.
    #[error("this code is registered and in use")]
    AlreadyRegistered,
    /// The acquirer's code is not in đồng.
    #[error("the code is not in đồng")]
    OtherCurrency,
    /// The acquirer's code carries an amount that is not one.
    #[error("the amount in the code is not in whole đồng")]
    UnreadableAmount,
    /// The change was decided on an older revision.
    #[error("the code has been changed: its newest revision is {newest}")]
    OtherRevision {
        /// The revision in force.
        newest: i64,
    },
    /// Every reference drawn was issued before.
    #[error("no unused reference was drawn in {REFERENCE_DRAWS} attempts")]
    NoReference,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IssueError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::UnknownOutlet => "Không có điểm bán này".into(),
            Self::UnknownCode => "Không có mã thanh toán này".into(),
            Self::NoAccount => {
                "Hộ hoặc doanh nghiệp chưa có tài khoản đã duyệt và đang dùng được cho mã mới"
                    .into()
            }
            Self::Refused(refusal) => refusal.vietnamese(),
            Self::Terms(error) => error.vietnamese(),
            Self::Payload(fault) => fault.message_vi(),
            Self::NotAnAcquirers => {
                "Mã chuyển khoản vào tài khoản do hệ thống phát hành, không đăng ký từ ngoài".into()
            }
            Self::AlreadyRegistered => "Mã này đã được đăng ký và đang dùng".into(),
            Self::OtherCurrency => "Mã không dùng đồng Việt Nam".into(),
            Self::UnreadableAmount => "Số tiền trong mã không phải số đồng nguyên".into(),
            Self::OtherRevision { newest } => {
                format!("Mã đã được sửa: bản mới nhất là bản {newest}")
            }
            Self::NoReference => "Chưa rút được mã tham chiếu mới, hãy thử lại".into(),
            Self::Store(_) => "Lỗi cơ sở dữ liệu".into(),
        }
    }
}
