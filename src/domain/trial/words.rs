//! The words of a trial, each with its meaning in both languages.

use serde::{Deserialize, Serialize};

use crate::domain::explanation::worded;

worded! {
    /// What a delivery came to.
    Verdict {
        /// A movement told for the first time.
        Accepted = "accepted",
            "Chữ ký đúng, đọc được, báo lần đầu.",
            "Signature right, read, and new.";
        /// Told before.
        Repeated = "duplicate",
            "Đã báo trước đó: nhận lại và không tính thêm. Đúng như khi gửi lại.",
            "Told before: answered again and counted once, as a retry should be.";
        /// The same number with other facts.
        Conflict = "conflict",
            "Số giao dịch này đã được báo với nội dung khác: bản đầu được giữ. Mỗi giao dịch cần một số riêng, không bao giờ dùng lại.",
            "This number was told before with other facts: the first telling stands. Give every movement a number of its own that is never used again.";
        /// A payment that failed or is unfinished.
        Failed = "failed",
            "Báo một khoản không thành công: ghi nhận, không tính là tiền.",
            "Tells of a payment that failed: noted, and no money.";
        /// Nothing about money received.
        Ignored = "ignored",
            "Thông báo thật nhưng không nói về tiền vào: ghi nhận và không đổi gì.",
            "Genuine, but it tells of no credit: noted, and nothing changes.";
        /// Authentic, but not to be used.
        Quarantined = "quarantined",
            "Chữ ký đúng nhưng không dùng được: giữ lại cho người xem, không tính là tiền.",
            "Believed, but it cannot be used: kept for people, and no money.";
        /// Not believed.
        Refused = "refused",
            "Không tin: không có gì được ghi.",
            "Not believed: nothing is recorded.";
        /// A login that was answered with a token.
        LoggedIn = "logged_in",
            "Đăng nhập được: hãy gửi thông báo với mã vừa nhận.",
            "Logged in: send notices with the token in the answer.";
    }
}

worded! {
    /// What a movement is.
    MovementKind {
        /// Money in.
        Credit = "credit", "tiền vào", "money in";
        /// Money out.
        Debit = "debit", "tiền ra: không bao giờ là khoản thu", "money out: never a payment";
        /// An earlier movement taken back.
        Reversal = "reversal",
            "huỷ một giao dịch trước: không bao giờ là khoản thu",
            "takes an earlier movement back: never a payment";
        /// The provider reports a failure.
        Failed = "failed",
            "không thành công: chưa có tiền",
            "failed: there is no money";
        /// A call that tries the address.
        Test = "test",
            "lời gọi thử: không phải tiền",
            "a call that tries the address: no money";
    }
}

worded! {
    /// How a movement came to what is known.
    Came {
        /// For the first time.
        New = "new", "báo lần đầu", "new: not told before";
        /// It is known already.
        Again = "again", "đã báo trước đó", "told before";
        /// It is known with other facts.
        OtherFacts = "other_facts",
            "đã báo trước đó với nội dung khác",
            "told before with other facts";
        /// It moved on an account that this trial may not speak for.
        OtherAccount = "account_not_bound",
            "không phải số tài khoản của nguồn thử",
            "not the account of this trial";
        /// Nothing was booked.
        NotBooked = "not_booked", "chưa hạch toán", "nothing was booked";
    }
}

worded! {
    /// A slip that explains why a signature or a token does not fit.
    Slip {
        /// The body was written anew after signing.
        BodyRewritten = "body_rewritten",
            "Chữ ký khớp với nội dung sau khi viết lại JSON (dấu cách, thứ tự khoá hoặc ký tự thoát khác đi). Hãy ký đúng các byte được gửi đi.",
            "The signature fits the body written again as JSON (other spaces, key order or escapes). Sign the very bytes that are sent.";
        /// Without the moment of sending.
        WithoutTime = "without_time",
            "Chữ ký khớp khi bỏ thời điểm gửi. Thời điểm phải nằm trong văn bản được ký.",
            "The signature fits without the time of sending. The time is part of the signed text.";
        /// Without the name of the notice.
        WithoutId = "without_id",
            "Chữ ký khớp khi bỏ webhook-id. Mã này phải nằm trong văn bản được ký.",
            "The signature fits without webhook-id. It is part of the signed text.";
        /// The body and nothing else.
        BodyAlone = "body_alone",
            "Chữ ký khớp với riêng nội dung. Văn bản được ký không chỉ là nội dung: xem quy tắc của định dạng.",
            "The signature fits the body alone. The signed text is not just the body: see the rule of the format.";
        /// The parts stand together without a dot.
        WithoutDot = "without_dot",
            "Chữ ký khớp khi bỏ dấu chấm giữa các phần.",
            "The signature fits without the dots between the parts.";
        /// A line end too many or too few.
        LineEnd = "line_end",
            "Chữ ký khớp khi thêm hoặc bớt ký tự xuống dòng ở cuối nội dung (ví dụ do echo).",
            "The signature fits with a line end added to or taken from the body (echo adds one).";
        /// White space behind the body that was not signed.
        SpaceAtEnd = "space_at_end",
            "Chữ ký khớp khi bỏ khoảng trắng ở cuối nội dung: chúng được thêm vào sau khi ký.",
            "The signature fits without the spaces at the end of the body: they were added after signing.";
        /// The keys were not sorted.
        NotSorted = "not_sorted",
            "Chữ ký khớp với các trường theo thứ tự khi gửi. Phải sắp xếp các trường trước khi ký.",
            "The signature fits the fields in the order in which they were sent. Sort them before signing.";
        /// The values were not written as a form.
        NotEncoded = "not_encoded",
            "Chữ ký khớp với các giá trị chưa mã hoá URL. Hãy mã hoá giá trị trước khi ký.",
            "The signature fits the values before they were encoded for the URL. Encode them before signing.";
        /// The access key was left out.
        WithoutAccessKey = "without_access_key",
            "Chữ ký khớp khi bỏ accessKey. accessKey nằm trong văn bản được ký dù không được gửi.",
            "The signature fits without accessKey. It is part of the signed text although it is not sent.";
        /// The secret's text was the key though its bytes are.
        SecretAsText = "secret_as_text",
            "Chữ ký khớp khi dùng nguyên chuỗi khoá bí mật làm khoá. Hãy giải mã base64 phần sau whsec_ rồi mới dùng.",
            "The signature fits the secret used as text. Decode the base64 behind whsec_ and use those bytes.";
        /// The secret was decoded though its text is the key.
        SecretDecoded = "secret_decoded",
            "Chữ ký khớp khi giải mã khoá bí mật. Định dạng này dùng nguyên chuỗi khoá làm khoá, không giải mã.",
            "The signature fits the decoded secret. This format uses the secret's text as the key, as it is.";
        /// A line end behind the secret.
        SecretLineEnd = "secret_line_end",
            "Chữ ký khớp khi khoá bí mật có thêm ký tự xuống dòng. Hãy bỏ ký tự thừa ở cuối khoá.",
            "The signature fits the secret with a line end behind it. Take it off.";
        /// Base64 of the hexadecimal text, not of the bytes.
        HexInBase64 = "hex_in_base64",
            "Chữ ký đúng nhưng base64 được tạo từ chuỗi hex của nó. Hãy mã hoá base64 từ chính các byte của HMAC.",
            "The signature is right, but the base64 was made of its hexadecimal text. Encode the bytes of the HMAC themselves.";
        /// The key was taken for the text and the text for the key.
        KeyForText = "key_for_text",
            "Chữ ký khớp khi đổi chỗ khoá và văn bản. Hãy xem thứ tự tham số của hàm HMAC: khoá bí mật là khoá, văn bản được ký là thông điệp.",
            "The signature fits with key and text changed round. Look at the order of arguments of your HMAC: the secret is the key, the signed text is the message.";
        /// Hexadecimal where base64 is expected.
        HexForBase64 = "hex_for_base64",
            "Chữ ký đúng nhưng viết dạng hex; định dạng này cần base64.",
            "The signature is right but written in hexadecimal; this format wants base64.";
        /// Base64 where hexadecimal is expected.
        Base64ForHex = "base64_for_hex",
            "Chữ ký đúng nhưng viết dạng base64; định dạng này cần hex chữ thường.",
            "The signature is right but written in base64; this format wants lower-case hexadecimal.";
        /// Capital letters in hexadecimal.
        CapitalHex = "capital_hex",
            "Chữ ký đúng nhưng viết hex chữ hoa; định dạng này cần chữ thường.",
            "The signature is right but in capital letters; this format wants lower-case hexadecimal.";
        /// Base64 in another alphabet or without its padding.
        LooseBase64 = "loose_base64",
            "Chữ ký đúng nhưng base64 sai kiểu: cần bảng chữ chuẩn (+ và /) và đủ dấu = ở cuối.",
            "The signature is right but its base64 is not: use the standard alphabet (+ and /) with its = at the end.";
        /// SHA-256 for SHA-512 or the other way round.
        OtherAlgorithm = "other_algorithm",
            "Chữ ký khớp với hàm băm khác (SHA-256 thay cho SHA-512 hoặc ngược lại).",
            "The signature fits the other hash (SHA-256 for SHA-512 or the other way round).";
        /// What has to stand before a signature is missing.
        WithoutLabel = "without_label",
            "Chữ ký đúng nhưng thiếu phần đứng trước (v1, hoặc sha256=).",
            "The signature is right but what has to stand before it is missing (v1, or sha256=).";
        /// An equals sign where a comma has to stand.
        EqualsForComma = "equals_for_comma",
            "Chữ ký đúng nhưng sau v1 là dấu bằng; định dạng này cần dấu phẩy: v1,",
            "The signature is right but v1 is followed by an equals sign; this format wants a comma: v1,";
        /// The secret is shown, but not where and how the format has it.
        TokenElsewhere = "token_elsewhere",
            "Khoá bí mật có trong yêu cầu nhưng không ở đúng header hoặc không đứng sau đúng từ của định dạng (Apikey, Bearer, Basic).",
            "The secret is in the request, but not in the header or not behind the word that the format has (Apikey, Bearer, Basic).";
    }
}

worded! {
    /// What a trial has to show.
    Check {
        /// A signed credit was accepted.
        Accepted = "accepted",
            "Một thông báo tiền vào có chữ ký được nhận",
            "A signed notice of a credit is accepted";
        /// Its reference was found.
        ReferenceFound = "reference_found",
            "Mã tham chiếu được tìm thấy trong thông báo",
            "The reference is found in the notice";
        /// The same notice again is a repeat.
        Repeat = "repeat",
            "Gửi lại cùng thông báo được trả lời là gửi lại",
            "The same notice again is answered as a repeat";
        /// A notice with a wrong signature is refused.
        ForgedRefused = "forged_refused",
            "Thông báo sai chữ ký bị từ chối",
            "A notice with a wrong signature is refused";
        /// A notice with an old time is refused.
        StaleRefused = "stale_refused",
            "Thông báo ký với thời điểm cũ bị từ chối",
            "A notice signed with an old time is refused";
        /// The reference is found in a text as the bank delivers it.
        MangledFound = "mangled_found",
            "Mã vẫn được tìm thấy trong nội dung bị ngân hàng làm biến dạng",
            "The reference is found in a text that the bank has changed";
        /// A debit or a failed payment is no money.
        NotMoney = "not_money",
            "Tiền ra hoặc khoản không thành công không bị tính là tiền vào",
            "Money out, or a payment that failed, is not taken for money";
        /// Two movements with one text are two.
        TwoAlike = "two_alike",
            "Hai giao dịch khác nhau cùng nội dung là hai khoản",
            "Two movements with the same text are two";
    }
}

impl Check {
    /// All of them, in the order in which they are best tried.
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::ReferenceFound,
        Self::Repeat,
        Self::TwoAlike,
        Self::MangledFound,
        Self::NotMoney,
        Self::ForgedRefused,
        Self::StaleRefused,
    ];

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.as_str() == word)
    }

    /// What passes it, in Vietnamese and in English.
    pub const fn what_to_do(self) -> [&'static str; 2] {
        match self {
            Self::Accepted => [
                "Gửi tới địa chỉ của nguồn thử một thông báo tiền vào có chữ ký, cho số tài khoản của nguồn thử.",
                "Send a signed notice of a credit to the trial's address, for the trial's account number.",
            ],
            Self::ReferenceFound => [
                "Ghi mã tham chiếu của nguồn thử vào nội dung chuyển khoản, hoặc vào số đơn hàng nếu định dạng không có nội dung.",
                "Write the trial's reference into the transfer text, or into the order number where the format has no text.",
            ],
            Self::Repeat => [
                "Gửi lại thông báo đã được nhận, giữ nguyên số giao dịch; webhook-id, thời điểm và chữ ký có thể mới.",
                "Send an accepted notice once more with the same transaction number; its webhook-id, time and signature may be new.",
            ],
            Self::TwoAlike => [
                "Gửi thêm một thông báo với số giao dịch khác và cùng nội dung chuyển khoản.",
                "Send one more notice with another transaction number and the same transfer text.",
            ],
            Self::MangledFound => [
                "Gửi một giao dịch mới có nội dung đúng như ngân hàng chuyển đi: có phần đứng trước mã, chữ thường, hoặc có dấu cách, dấu chấm xen giữa mã. Mục này cho thấy chúng tôi tìm được mã trong nội dung mà hệ thống của ngân hàng đã đổi; khi chạy thật hãy gửi nội dung nguyên như bạn nhận được.",
                "Send a new movement with the text as your bank delivers it: with what it puts before the reference, in lower case, or with spaces or dots within the reference. This shows that we find it in what banks' systems make of a text; in use, send the text as you have it.",
            ],
            Self::NotMoney => [
                "Gửi một thông báo tiền ra, hoặc một khoản không thành công, có chữ ký đúng.",
                "Send a well signed notice of money out, or of a payment that failed.",
            ],
            Self::ForgedRefused => [
                "Sau khi một thông báo đã được nhận, cố ý gửi một thông báo ký bằng khoá khác. Nó phải bị từ chối.",
                "After a notice was accepted, send one signed with another secret on purpose. It has to be refused.",
            ],
            Self::StaleRefused => [
                "Ký đúng, nhưng với thời điểm gửi cũ hơn mười phút (trừ 600 giây trước khi ký). Nó phải bị từ chối. Thời điểm trong tương lai không cho thấy điều này.",
                "Sign well, but with a time of sending ten minutes old (take off 600 seconds before signing). It has to be refused. A time in the future does not show it.",
            ],
        }
    }
}
