//! The vendors' formats in short: what is sent, what proves it and what is answered.
//!
//! The answers are asked of the adapters; the rest is what they read. `code` marks names as in
//! [`Line`].

use chrono::{DateTime, Utc};

use super::document::Line;
use crate::banks::{Adapter, Answer, Call, Outcome, Refusal, Unusable, adapter_by_name};
use crate::http::language::Language;

/// A vendor's format in both languages, Vietnamese first.
struct VendorFormat {
    adapter: &'static str,
    vendor: &'static str,
    /// The vendor's own description, where it is public.
    description: Option<&'static str>,
    sent: [&'static str; 2],
    proof: [&'static str; 2],
}

const SEPAY: &str = "https://developer.sepay.vn/en/sepay-webhooks/xac-thuc";
/// The same notice under both of SePay's proofs.
const SEPAY_SENT: [&str; 2] = [
    "`POST`, JSON, một biến động: `id`, `transferType` (`in` tiền vào, `out` tiền ra), `transferAmount`, `accountNumber`, `transactionDate`, `content` (nội dung)",
    "`POST`, JSON, one movement: `id`, `transferType` (`in` or `out`), `transferAmount`, `accountNumber`, `transactionDate`, `content` (the text)",
];

const FORMATS: [VendorFormat; 11] = [
    VendorFormat {
        adapter: "sepay_hmac",
        vendor: "SePay",
        description: Some(SEPAY),
        sent: SEPAY_SENT,
        proof: [
            "`X-SePay-Signature`: `sha256=` và HMAC-SHA256 dạng hex của `X-SePay-Timestamp` (giây Unix), dấu chấm và nội dung nguyên byte",
            "`X-SePay-Signature`: `sha256=` and HMAC-SHA256 in hexadecimal of `X-SePay-Timestamp` (Unix seconds), a dot and the body byte for byte",
        ],
    },
    VendorFormat {
        adapter: "sepay_apikey",
        vendor: "SePay",
        description: Some(SEPAY),
        sent: SEPAY_SENT,
        proof: [
            "`Authorization`: `Apikey` và khoá; nội dung không được ký",
            "`Authorization`: `Apikey` and the key; the body is not signed",
        ],
    },
    VendorFormat {
        adapter: "payos",
        vendor: "payOS",
        description: Some("https://payos.vn/docs/tich-hop-webhook/kiem-tra-du-lieu-voi-signature/"),
        sent: [
            "`POST`, JSON, một khoản trong `data`: `reference`, `paymentLinkId`, `orderCode` (số đơn hàng), `amount`, `currency`, `accountNumber`, `code` (`00` là đã trả), `transactionDateTime`, `description` (nội dung)",
            "`POST`, JSON, one payment in `data`: `reference`, `paymentLinkId`, `orderCode` (the order), `amount`, `currency`, `accountNumber`, `code` (`00` is paid), `transactionDateTime`, `description` (the text)",
        ],
        proof: [
            "`signature` trong nội dung: HMAC-SHA256 dạng hex của các trường trong `data`, viết tên=giá trị, xếp theo tên, nối bằng dấu &, không mã hoá URL",
            "`signature` in the body: HMAC-SHA256 in hexadecimal of the fields of `data`, written name=value, sorted by name, with & between, not encoded for a URL",
        ],
    },
    VendorFormat {
        adapter: "casso_v2",
        vendor: "Casso",
        description: Some("https://developer.casso.vn/webhook/thiet-lap-webhook-thu-cong"),
        sent: [
            "`POST`, JSON, một biến động trong `data`: `id`, `amount` (số âm là tiền ra), `accountNumber`, `transactionDateTime`, `description` (nội dung)",
            "`POST`, JSON, one movement in `data`: `id`, `amount` (negative: money out), `accountNumber`, `transactionDateTime`, `description` (the text)",
        ],
        proof: [
            "`X-Casso-Signature`: `t=` mili giây Unix, dấu phẩy, `v1=` HMAC-SHA512 dạng hex của số mili giây ấy, dấu chấm và cả nội dung viết lại như JSON.stringify sau khi xếp tên trường ở mọi tầng",
            "`X-Casso-Signature`: `t=` Unix milliseconds, a comma, `v1=` HMAC-SHA512 in hexadecimal of those milliseconds, a dot and the whole body as JSON.stringify writes it once the names are sorted at every depth",
        ],
    },
    VendorFormat {
        adapter: "casso_v1",
        vendor: "Casso",
        description: Some("https://casso.vn/tich-hop-webhook-tuy-chinh-vao-casso/"),
        sent: [
            "`POST`, JSON, danh sách `data`, mỗi biến động có: `id`, `amount` (số âm là tiền ra), `bank_sub_acc_id` (tài khoản), `when`, `description` (nội dung)",
            "`POST`, JSON, the list `data`, in each movement: `id`, `amount` (negative: money out), `bank_sub_acc_id` (the account), `when`, `description` (the text)",
        ],
        proof: [
            "`Secure-Token`: khoá; nội dung không được ký",
            "`Secure-Token`: the key; the body is not signed",
        ],
    },
    VendorFormat {
        adapter: "pay2s",
        vendor: "Pay2S",
        description: Some("https://docs.pay2s.vn/webhook/tai-lieu-ky-thuat.html"),
        sent: [
            "`POST`, JSON, danh sách `transactions`, mỗi biến động có: `id`, `transferType` (`IN` tiền vào, `OUT` tiền ra), `transferAmount`, `accountNumber`, `transactionDate`, `content` (nội dung)",
            "`POST`, JSON, the list `transactions`, in each movement: `id`, `transferType` (`IN` or `OUT`), `transferAmount`, `accountNumber`, `transactionDate`, `content` (the text)",
        ],
        proof: [
            "`Authorization`: `Bearer` và khoá; nội dung không được ký, tổng kiểm đi kèm không được đọc",
            "`Authorization`: `Bearer` and the key; the body is not signed, and a checksum in it is not read",
        ],
    },
    VendorFormat {
        adapter: "vietqr_vn",
        vendor: "VietQR VN",
        description: Some(
            "https://api.vietqr.vn/vi/api-va-test-ket-noi/trien-khai-api-transaction-sync",
        ),
        sent: [
            "`POST` tới `/api/token_generate` để lấy mã, rồi `POST`, JSON tới `/bank/api/transaction-sync`, một biến động: `transactionid`, `referencenumber`, `transType` (`C` tiền vào, `D` tiền ra), `amount`, `bankaccount`, `transactiontime`, `content` (nội dung), `orderId` (số đơn hàng)",
            "`POST` to `/api/token_generate` for a token, then `POST`, JSON to `/bank/api/transaction-sync`, one movement: `transactionid`, `referencenumber`, `transType` (`C` in, `D` out), `amount`, `bankaccount`, `transactiontime`, `content` (the text), `orderId` (the order)",
        ],
        proof: [
            "`Authorization`: `Basic` và base64 của tên:mật khẩu khi lấy mã, `Bearer` và mã ấy (sống 300 giây) khi gửi; nội dung không được ký",
            "`Authorization`: `Basic` and base64 of username:password for the token, `Bearer` and that token, which lives 300 seconds, for the notice; the body is not signed",
        ],
    },
    VendorFormat {
        adapter: "vnpay_ipn",
        vendor: "VNPAY",
        description: Some("https://sandbox.vnpayment.vn/apis/docs/thanh-toan-pay/pay.html"),
        sent: [
            "`GET`, trong chuỗi truy vấn: `vnp_TmnCode`, `vnp_TxnRef` (số đơn hàng), `vnp_TransactionNo`, `vnp_Amount` (số đồng nhân 100), `vnp_ResponseCode` và `vnp_TransactionStatus` (cùng `00` là đã trả), `vnp_PayDate`, `vnp_OrderInfo` (nội dung)",
            "`GET`, in the query: `vnp_TmnCode`, `vnp_TxnRef` (the order), `vnp_TransactionNo`, `vnp_Amount` (đồng times 100), `vnp_ResponseCode` and `vnp_TransactionStatus` (both `00`: paid), `vnp_PayDate`, `vnp_OrderInfo` (the text)",
        ],
        proof: [
            "`vnp_SecureHash` trong chuỗi truy vấn: HMAC-SHA512 dạng hex của các tham số vnp_ khác không rỗng, xếp theo tên, mã hoá như khi gửi",
            "`vnp_SecureHash` in the query: HMAC-SHA512 in hexadecimal of the other vnp_ parameters that are not empty, sorted by name, encoded as they are sent",
        ],
    },
    VendorFormat {
        adapter: "momo_ipn",
        vendor: "MoMo",
        description: Some(
            "https://developers.momo.vn/v3/docs/payment/api/result-handling/notification",
        ),
        sent: [
            "`POST`, JSON, một khoản: `partnerCode`, `transId`, `orderId` (số đơn hàng), `orderInfo` (nội dung), `amount`, `resultCode` (`0` là đã trả), `responseTime`",
            "`POST`, JSON, one payment: `partnerCode`, `transId`, `orderId` (the order), `orderInfo` (the text), `amount`, `resultCode` (`0` is paid), `responseTime`",
        ],
        proof: [
            "`signature` trong nội dung: HMAC-SHA256 dạng hex của accessKey (không gửi đi), `amount`, `extraData`, `message`, `orderId`, `orderInfo`, `orderType`, `partnerCode`, `payType`, `requestId`, `responseTime`, `resultCode`, `transId`, viết tên=giá trị theo thứ tự này, nối bằng dấu &, không mã hoá URL",
            "`signature` in the body: HMAC-SHA256 in hexadecimal of accessKey (which is not sent), `amount`, `extraData`, `message`, `orderId`, `orderInfo`, `orderType`, `partnerCode`, `payType`, `requestId`, `responseTime`, `resultCode`, `transId`, written name=value in this order with & between, not encoded for a URL",
        ],
    },
    VendorFormat {
        adapter: "zalopay_callback",
        vendor: "ZaloPay",
        description: Some("https://docs.zalopay.vn/docs/specs/callback-api"),
        sent: [
            "`POST`, JSON, một khoản; `data` là một văn bản JSON có: `app_id`, `app_trans_id` (số đơn hàng), `zp_trans_id`, `amount`, `server_time`",
            "`POST`, JSON, one payment; `data` is a JSON text with `app_id`, `app_trans_id` (the order), `zp_trans_id`, `amount`, `server_time`",
        ],
        proof: [
            "`mac` trong nội dung: HMAC-SHA256 dạng hex, với khoá thứ hai (key2), của văn bản trong `data` đúng như khi giải mã một lần",
            "`mac` in the body: HMAC-SHA256 in hexadecimal, with the second key (key2), of the text in `data` exactly as it reads after one decoding",
        ],
    },
    VendorFormat {
        adapter: "acb",
        vendor: "ACB",
        description: None,
        sent: [
            "`POST`, JSON, trong `requestParameters`, `request`: `requestMeta` có `requestCode` (`TRANSACTION_UPDATE`, hoặc TRANSACTION_HISTORY cho cả ngày hôm trước) và `requestParams` có danh sách `transactions`, mỗi biến động có: `transactionStatus` (`COMPLETED`, hoặc ERRORCORRECTED khi bị huỷ), `transactionCode`, `accountNumber`, `debitOrCredit`, `amount`, `transactionDate`, `transactionContent` (nội dung)",
            "`POST`, JSON, in `requestParameters`, `request`: `requestMeta` with `requestCode` (`TRANSACTION_UPDATE`, or TRANSACTION_HISTORY for the whole day before) and `requestParams` with the list `transactions`, in each movement: `transactionStatus` (`COMPLETED`, or ERRORCORRECTED when it is taken back), `transactionCode`, `accountNumber`, `debitOrCredit`, `amount`, `transactionDate`, `transactionContent` (the text)",
        ],
        proof: [
            "`x-api-key` hoặc Authorization, không phải cả hai: khoá để nguyên; nội dung không được ký, tổng kiểm đi kèm không được đọc",
            "`x-api-key` or Authorization, not both: the key as it is; the body is not signed, and a checksum in it is not read",
        ],
    },
];

/// A vendor's format as a page shows it.
pub(super) struct VendorLine {
    pub(super) adapter: &'static str,
    pub(super) vendor: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) sent: Line,
    pub(super) proof: Line,
    pub(super) answers: Vec<AnswerLine>,
}

/// What is answered, and when.
pub(super) struct AnswerLine {
    pub(super) when: &'static str,
    pub(super) status: u16,
    pub(super) body: String,
}

/// Every format of a vendor.
pub(super) fn vendors(language: Language, now: DateTime<Utc>) -> Vec<VendorLine> {
    let of = |[vi, en]: [&'static str; 2]| match language {
        Language::Vietnamese => Line::read(vi),
        Language::English => Line::read(en),
    };
    let line = |format: &VendorFormat| VendorLine {
        adapter: format.adapter,
        vendor: format.vendor,
        description: format.description,
        sent: of(format.sent),
        proof: of(format.proof),
        answers: adapter_by_name(format.adapter)
            .map(|adapter| answers(adapter, language, now))
            .unwrap_or_default(),
    };
    FORMATS.iter().map(line).collect()
}

/// What an adapter answers in each case; cases of one answer are shown once.
fn answers(adapter: &dyn Adapter, language: Language, now: DateTime<Utc>) -> Vec<AnswerLine> {
    let receipt = || Some("…".to_owned());
    let [stored, again, unusable, refused, later] = match language {
        Language::Vietnamese => [
            "đã lưu",
            "đã báo trước đó",
            "giữ cho người xem",
            "không tin",
            "chưa lưu, hãy gửi lại",
        ],
        Language::English => [
            "stored",
            "told before",
            "kept for people",
            "not believed",
            "not stored, send again",
        ],
    };
    let cases = [
        (stored, Outcome::Stored { receipt: receipt() }),
        (again, Outcome::Repeated { receipt: receipt() }),
        (unusable, Outcome::Quarantined(Unusable::BadAmount)),
        (refused, Outcome::Refused(Refusal::SignatureMismatch)),
        (later, Outcome::Unavailable),
    ];
    let mut lines: Vec<AnswerLine> = Vec::new();
    for (when, outcome) in cases {
        let call = Call {
            delivery_id: Some("…").filter(|_| !matches!(outcome, Outcome::Refused(_))),
            now,
            remark: None,
        };
        let Answer { status, body, .. } = adapter.acknowledge(&outcome, call);
        let same = |line: &AnswerLine| line.status == status && line.body == body;
        if !lines.iter().any(same) {
            lines.push(AnswerLine { when, status, body });
        }
    }
    lines
}
