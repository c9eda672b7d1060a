//! The reasons of faults in Vietnamese.

use super::reason::{Construct, Reason};
use crate::domain::statement::Balance;

impl Reason {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Unreadable => "Không đọc được tệp đến hết".into(),
            Self::UnknownForm => {
                "Đây không phải sao kê ngân hàng đọc được: CSV, XLSX, XLS, MT940, camt.053".into()
            }
            Self::Empty => "Tệp trống: hãy tải lại".into(),
            Self::Pdf => "Đây là tệp PDF: hãy tải sao kê của ngân hàng dạng Excel hoặc CSV".into(),
            Self::CutOff => "Tệp bị đứt giữa chừng: hãy tải lại".into(),
            Self::NotXml => "Tệp XML bị hỏng: hãy tải lại".into(),
            Self::XmlEncoding => "Sao kê XML phải dùng mã UTF-8".into(),
            Self::OtherMessage { found } => {
                format!("Không đọc “{found}”: chỉ đọc camt.053 và camt.054 phiên bản 02 đến 13")
            }
            Self::Forbidden { construct } => {
                format!("Sao kê không được có {}", construct.vietnamese())
            }
            Self::TooDeep => "Các phần tử lồng nhau quá sâu".into(),
            Self::TooLong => "Chỗ này dài hơn mọi sao kê".into(),
            Self::TextTooLong => "Nội dung dài hơn mọi sao kê".into(),
            Self::OtherCurrency { found } => format!("Loại tiền là “{found}”: chỉ đọc VND"),
            Self::Missing => "Thiếu trường này".into(),
            Self::Repeated => "Trường này có hơn một lần".into(),
            Self::NotAnAmount { found } => format!("“{found}” không phải số tiền"),
            Self::Fraction { found } => format!("“{found}” không phải số đồng nguyên"),
            Self::Zero => "Số tiền bằng không".into(),
            Self::TooLarge => "Số tiền lớn quá mức xử lý được".into(),
            Self::NotADate { found } => format!("“{found}” không phải ngày"),
            Self::UnknownWord { found } => {
                format!("“{found}” không phải giá trị của trường này")
            }
            Self::DetailsDiffer => "Các chi tiết cộng lại không bằng số tiền của bút toán".into(),
            Self::BalanceBroken { expected, found } => {
                broken("Số dư", "các dòng trước", (*expected, *found))
            }
            Self::ClosingBroken { expected, found } => {
                broken("Số dư cuối", "số dư đầu và các dòng", (*expected, *found))
            }
            Self::Damaged => "Chữ bị hỏng: hãy tải lại tệp hoặc lưu thành UTF-8".into(),
            Self::ZeroBytes => "Tệp có byte rỗng: hãy lưu lại thành CSV UTF-8".into(),
            Self::LegacyEncoding => "Tệp dùng bảng mã cũ (TCVN3 hoặc VNI): hãy chuyển sang \
                                     Unicode rồi lưu thành CSV UTF-8"
                .into(),
            Self::WorkbookDamaged => "Bảng tính hỏng hoặc quá cũ: hãy lưu lại thành XLSX".into(),
            Self::WorkbookLocked => "Bảng tính có mật khẩu: hãy lưu lại không mật khẩu".into(),
            Self::WorkbookTooLarge => "Bảng tính quá lớn: hãy chia nhỏ hoặc lưu thành CSV".into(),
            Self::NoHeader => "Không tìm thấy dòng tiêu đề: phải có cột ngày và cột số tiền, hoặc \
                               ghi nợ và ghi có"
                .into(),
            Self::RepeatedColumn => "Cột này trùng ý với cột khác: hãy xoá một cột".into(),
            Self::OpenQuote => "Dấu nháy kép mở ở dòng này không được đóng".into(),
            Self::AmbiguousNumbers => "Số ở cột này có thể là hàng nghìn hoặc phần lẻ: hãy ghi số \
                                       không có dấu, hoặc tải tệp Excel"
                .into(),
            Self::MixedNumbers => {
                "Số ở cột này được ghi theo hai kiểu: hãy ghi theo một kiểu".into()
            }
            Self::AccountCurrency { found } => {
                format!("Tài khoản dùng loại tiền “{found}”: chỉ đọc VND")
            }
            Self::Scientific { found } => format!(
                "Bảng tính đã rút gọn số này thành “{found}” và làm mất các chữ số cuối: hãy định \
                 dạng cột là văn bản rồi tải lại tệp"
            ),
            Self::BothSides => "Dòng này có cả ghi nợ và ghi có".into(),
            Self::NoSide => "Dòng này không có ghi nợ cũng không có ghi có".into(),
            Self::ControlCharacter => "Nội dung có ký tự điều khiển".into(),
        }
    }
}

fn broken(what: &str, led: &str, (expected, found): (Balance, Balance)) -> String {
    format!(
        "{what} là {found} đồng, nhưng {led} cho ra {expected} đồng: có dòng bị thiếu hoặc bị \
         sửa, hãy tải lại tệp"
    )
}

impl Construct {
    const fn vietnamese(self) -> &'static str {
        match self {
            Self::DocumentType => "khai báo kiểu tài liệu (DOCTYPE)",
            Self::Entity => "thực thể (entity)",
            Self::ProcessingInstruction => "chỉ thị xử lý",
        }
    }
}
