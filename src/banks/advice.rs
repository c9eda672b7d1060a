//! What was wrong with a delivery and what to do, for the engineer of a trial. The one home of
//! these texts: a vendor in use is told no more than that it was refused.

use super::verdict::{NoticeKind, Refusal, Unusable};
use crate::domain::trial::{Advice, RefusedAs};

impl Advice {
    pub(super) fn of(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }
}

impl Refusal {
    /// As what a trial counts it.
    pub const fn refused_as(self) -> RefusedAs {
        match self {
            Self::SignatureMismatch | Self::BadToken | Self::BadCredentials => RefusedAs::Forged,
            Self::StaleTimestamp => RefusedAs::Stale,
            Self::MissingHeader
            | Self::RepeatedHeader
            | Self::MalformedHeader
            | Self::MissingSignature
            | Self::AmbiguousBody
            | Self::MalformedBody
            | Self::OtherTerminal
            | Self::OtherAddress
            | Self::OtherCertificate
            | Self::WrongMethod
            | Self::UnusableSecret => RefusedAs::Malformed,
        }
    }

    /// What was wrong and what to do.
    pub fn advice(self) -> Advice {
        let (vi, en) = match self {
            Self::MissingHeader => (
                "Thiếu một header mà định dạng yêu cầu. Hãy gửi đủ các header mang mã, thời điểm và chữ ký.",
                "A header that the format requires is missing. Send every header that carries id, time and signature.",
            ),
            Self::RepeatedHeader => (
                "Một header xuất hiện nhiều lần. Mỗi header chỉ gửi một lần; kiểm tra proxy ở giữa có thêm header không.",
                "A header is there more than once. Send each once; look whether a proxy on the way adds one.",
            ),
            Self::MalformedHeader => (
                "Giá trị của một header sai dạng. Hãy xem dạng mà định dạng quy định cho từng header.",
                "A header's value is malformed. Look up the form that the format gives each header.",
            ),
            Self::OtherAddress => (
                "Cuộc gọi đến từ một địa chỉ mà nguồn không cho phép. Hãy gửi từ địa chỉ đã khai báo, hoặc đề nghị người vận hành thêm địa chỉ này.",
                "The call comes from an address that the source does not admit. Send from a declared one, or have the operator add this one.",
            ),
            Self::OtherCertificate => (
                "Nguồn yêu cầu một chứng thư khác của máy khách. Hãy dùng chứng thư đã khai báo và gửi qua proxy đã khai báo.",
                "The source asks for another client certificate. Use the declared one, and send through the declared proxy.",
            ),
            Self::MissingSignature => (
                "Không có chữ ký. Hãy đặt chữ ký vào trường hoặc tham số mà định dạng quy định.",
                "There is no signature. Put it into the field or parameter that the format names.",
            ),
            Self::SignatureMismatch => (
                "Chữ ký không khớp. Hãy dùng đúng khoá bí mật của nguồn thử này và ký đúng các byte được gửi đi, không viết lại JSON sau khi ký.",
                "The signature does not fit. Use this trial's own secret and sign the very bytes that are sent; do not write the JSON again after signing.",
            ),
            Self::StaleTimestamp => (
                "Chữ ký đúng nhưng thời điểm gửi lệch quá xa đồng hồ ở đây. Hãy đồng bộ giờ (NTP) và lấy thời điểm mới cho mỗi lần gửi lại.",
                "The signature is right, but the time of sending is too far from the clock here. Keep the machine on NTP and take a new time for every retry.",
            ),
            Self::AmbiguousBody => (
                "Nội dung có thể hiểu theo nhiều cách: khoá hoặc tham số lặp lại, ký tự không hợp lệ, hoặc giá trị chứa tên trường khác. Mỗi khoá chỉ ghi một lần, mã UTF-8 hợp lệ.",
                "The body can be read in more than one way: a key or parameter stands twice, a character is not valid, or a value hides the name of another field. Write each key once, in valid UTF-8.",
            ),
            Self::MalformedBody => (
                "Nội dung không phải tài liệu mà định dạng mô tả nên không thể kiểm tra chữ ký. Hãy gửi một đối tượng JSON với đủ các trường.",
                "The body is not the document that the format describes, so nothing can be proved. Send one JSON object with its fields.",
            ),
            Self::BadToken => (
                "Khoá hoặc mã truy cập thiếu, sai hoặc đã hết hạn. Hãy gửi khoá của nguồn thử này trong đúng header; nếu định dạng có bước đăng nhập thì đăng nhập lại để lấy mã mới.",
                "The key or token is missing, wrong or has ended. Send this trial's own key in the header that the format names; where the format logs in, log in again for a new token.",
            ),
            Self::BadCredentials => (
                "Tên đăng nhập hoặc mật khẩu không đúng. Hãy gửi Authorization: Basic với base64 của tên:mật khẩu của nguồn thử này.",
                "The login is not right. Send Authorization: Basic and base64 of this trial's username:password.",
            ),
            Self::OtherTerminal => (
                "Chữ ký đúng nhưng thông báo ghi mã thiết bị, đối tác hoặc ứng dụng khác. Hãy dùng các thiết lập của nguồn thử này.",
                "The signature is right, but the notice names another terminal, partner or application. Use the settings of this trial.",
            ),
            Self::WrongMethod => (
                "Sai phương thức HTTP. Định dạng này dùng POST, riêng VNPAY dùng GET.",
                "The wrong HTTP method. Formats use POST; VNPAY's uses GET.",
            ),
            Self::UnusableSecret => (
                "Khoá hoặc thiết lập của nguồn thử này không dùng được. Hãy tạo nguồn thử mới.",
                "The secret or the settings of this trial cannot be used. Make a new trial.",
            ),
        };
        Advice::of(vi, en)
    }
}

impl Unusable {
    /// What was wrong and what to do.
    pub fn advice(self) -> Advice {
        match self {
            Self::MalformedBody => Advice::of(
                "Nội dung không phải tài liệu mà định dạng mô tả. Hãy gửi một tài liệu mã UTF-8 với các trường của định dạng.",
                "The body is not the document that the format describes. Send one document in UTF-8 with the fields of the format.",
            ),
            Self::OtherMessage => Advice::of(
                "Thông điệp thuộc loại hoặc phiên bản khác. Hãy gửi đúng loại thông điệp và một phiên bản mà định dạng này đọc.",
                "The message is of another kind or version. Send the kind of message and a version that this format reads.",
            ),
            Self::MissingField(field) => Advice::of(
                format!(
                    "Thiếu trường bắt buộc {field}, hoặc trường này rỗng. Hãy gửi giá trị của nó."
                ),
                format!("The required field {field} is missing or empty. Send its value."),
            ),
            Self::BadField(field) => Advice::of(
                format!(
                    "Trường {field} có kiểu hoặc dạng khác với định dạng. Hãy xem dạng của trường này và gửi đúng."
                ),
                format!(
                    "The field {field} has another type or form than the format. Look up its form and send that."
                ),
            ),
            Self::BadAmount => Advice::of(
                "Số tiền phải là số nguyên đồng từ 1 đến 1000000000000, không có phần lẻ, dấu phân cách hay số mũ.",
                "The amount has to be a whole number of đồng from 1 to 1000000000000, without a fraction, separators or an exponent.",
            ),
            Self::OtherCurrency => Advice::of(
                "Loại tiền không phải VND. Chỉ gửi giao dịch bằng VND.",
                "The currency is not VND. Send movements in VND only.",
            ),
            Self::Contradiction => Advice::of(
                "Loại sự kiện và chiều tiền mâu thuẫn nhau. Hãy gửi hai trường này khớp nhau.",
                "The kind of event and the direction contradict each other. Let the two agree.",
            ),
        }
    }
}

impl NoticeKind {
    /// Why it changes nothing.
    pub fn advice(self) -> Advice {
        match self {
            Self::Ping => Advice::of(
                "Lời gọi thử kết nối: địa chỉ và chữ ký đều đúng. Tiếp theo hãy gửi một thông báo tiền vào.",
                "A call that tries the connection: address and signature are right. Send a notice of a credit next.",
            ),
            Self::OtherEvent => Advice::of(
                "Loại sự kiện này được nhận và không đổi gì. Nếu muốn báo tiền vào, hãy kiểm tra trường loại sự kiện.",
                "This kind of event is acknowledged and changes nothing. To tell of a credit, look at the field that names the event.",
            ),
            Self::NotBooked => Advice::of(
                "Chưa có bút toán nào được ghi sổ. Hãy gửi lại khi tiền đã được ghi sổ.",
                "No entry is booked yet. Send the notice once the money is booked.",
            ),
            Self::Empty => Advice::of(
                "Thông báo không có giao dịch nào. Hãy đưa ít nhất một giao dịch vào danh sách.",
                "The notice holds no movement. Put at least one into its list.",
            ),
        }
    }
}
