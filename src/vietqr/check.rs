//! Is a scanned text one of our codes, and may it be paid here?
//!
//! A code that hangs on a stall can be pasted over. The scanned text is compared with the
//! texts that the code it names has shown; only a text that the strict reader accepts and that
//! says exactly the same, object by object, is genuine. So no change of bank, account, amount
//! or reference passes, whatever else looks right.

use std::collections::BTreeSet;

use super::decode::decode;
use super::emvco;
use super::fields::Fields;
use super::lenient::read_leniently;
use crate::domain::code::CodePhase;
use crate::domain::ids::OutletId;
use crate::domain::matching::{self, Texts};
use crate::domain::word::word_enum;

word_enum! {
    /// What a scanned text is, the best first.
    CodeVerdict is "verdict on a code" {
        /// Ours, in use, and where it belongs.
        Genuine = "genuine",
        /// Ours and in use, but of another outlet.
        OtherOutlet = "other_outlet",
        /// Ours, but not what is to be scanned now: an older revision, replaced, paid or
        /// expired.
        Superseded = "superseded",
        /// Ours, and withdrawn or revoked.
        Revoked = "revoked",
        /// It names one of our codes, and the money would go elsewhere.
        AccountDiffers = "account_differs",
        /// A payment code that we did not issue, or not so.
        Foreign = "foreign",
        /// No payment code, or a damaged one.
        Unreadable = "unreadable",
    }
}

impl CodeVerdict {
    /// The verdict in one sentence, in English.
    pub const fn english(self) -> &'static str {
        match self {
            Self::Genuine => "This code is genuine, in use and pays into the trader's account.",
            Self::OtherOutlet => "This code is genuine but belongs to another outlet.",
            Self::Superseded => {
                "This is an old code: a newer one took its place, or it was paid or has expired."
            }
            Self::Revoked => "This code was withdrawn: take it down.",
            Self::AccountDiffers => {
                "Warning: this code names one of our codes, but the money goes to another \
                 account. Do not pay, and report it."
            }
            Self::Foreign => "This is a payment code, but not as this system issued one.",
            Self::Unreadable => "This is not a payment code, or it is damaged.",
        }
    }

    /// The same in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Genuine => "Mã đúng: đang dùng và tiền vào tài khoản của người bán.",
            Self::OtherOutlet => "Mã đúng nhưng thuộc điểm bán khác.",
            Self::Superseded => "Mã cũ: đã có mã mới thay, đã được trả hoặc đã hết hạn.",
            Self::Revoked => "Mã đã bị thu hồi: hãy gỡ xuống.",
            Self::AccountDiffers => {
                "Cảnh báo: mã ghi tham chiếu của hệ thống nhưng tiền vào tài khoản khác. Đừng \
                 trả tiền và hãy báo ngay."
            }
            Self::Foreign => "Đây là mã thanh toán nhưng không đúng như hệ thống đã phát hành.",
            Self::Unreadable => "Đây không phải mã thanh toán, hoặc mã đã hỏng.",
        }
    }
}

/// A code that a scanned text may be.
#[derive(Clone, Debug)]
pub struct KnownCode {
    /// Every text that it showed, the newest first.
    pub texts: Vec<String>,
    /// What it is now.
    pub phase: CodePhase,
    /// Where it hangs.
    pub outlet: OutletId,
}

/// What a scanned text could name, for the store to look up; `None` for what is no payment
/// code at all.
pub fn named_references(scanned: &str) -> Option<BTreeSet<String>> {
    match read_leniently(scanned) {
        Ok(read) => {
            let content = read.fields.purpose().unwrap_or_default();
            let order_field = None;
            Some(matching::candidates(Texts {
                content,
                order_field,
            }))
        }
        // Another scheme of the standard, such as an acquirer's own.
        Err(_) => emvco::read_leniently(scanned).ok().map(|_| BTreeSet::new()),
    }
}

/// The verdict on a scanned text, and which of the codes it is about. `known` are the codes
/// that showed this text or whose references it names; `here` is the outlet where it was
/// scanned, if that was said.
pub fn check(
    scanned: &str,
    known: &[KnownCode],
    here: Option<OutletId>,
) -> (CodeVerdict, Option<usize>) {
    if named_references(scanned).is_none() {
        return (CodeVerdict::Unreadable, None);
    }
    let verdicts = known.iter().enumerate();
    let verdicts = verdicts.map(|(place, code)| (check_one(scanned, code, here), Some(place)));
    verdicts.min().unwrap_or((CodeVerdict::Foreign, None))
}

fn check_one(scanned: &str, code: &KnownCode, here: Option<OutletId>) -> CodeVerdict {
    let strict = decode(scanned).ok();
    let says_the_same =
        |text: &String| text == scanned || (strict.is_some() && decode(text).ok() == strict);
    let Some(age) = code.texts.iter().position(says_the_same) else {
        return if pays_elsewhere(scanned, code) {
            CodeVerdict::AccountDiffers
        } else {
            CodeVerdict::Foreign
        };
    };
    match code.phase {
        CodePhase::Cancelled | CodePhase::Revoked => CodeVerdict::Revoked,
        CodePhase::Superseded | CodePhase::Expired | CodePhase::Completed => {
            CodeVerdict::Superseded
        }
        CodePhase::Active if age > 0 => CodeVerdict::Superseded,
        CodePhase::Active if here.is_some_and(|here| here != code.outlet) => {
            CodeVerdict::OtherOutlet
        }
        CodePhase::Active => CodeVerdict::Genuine,
    }
}

/// Whether the scanned text leads to another bank or account than every text of the code.
fn pays_elsewhere(scanned: &str, code: &KnownCode) -> bool {
    let beneficiary = |fields: Fields| (fields.bin, fields.account);
    let read = |text: &str| {
        read_leniently(text)
            .ok()
            .map(|read| beneficiary(read.fields))
    };
    let there = read(scanned);
    code.texts.iter().all(|text| read(text) != there)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::bank::{AccountNumber, BankBin};
    use crate::domain::money::Vnd;
    use crate::domain::txn_ref::TxnRef;
    use crate::vietqr::{MerchantName, Payload, TransferCode, checksum};

    fn outlet(number: u128) -> OutletId {
        OutletId::from_uuid(Uuid::from_u128(number))
    }

    fn code() -> TransferCode {
        TransferCode {
            bank: BankBin::parse("970436").unwrap(),
            account: AccountNumber::parse("0011009950446").unwrap(),
            amount: Some(vnd(50_000)),
            reference: TxnRef::from_random([1, 2, 3, 4, 5, 6, 7]),
            merchant_name: MerchantName::fold("Bún ốc Phủ Tây Hồ"),
        }
    }

    fn text(code: &TransferCode) -> String {
        code.payload().unwrap().as_str().to_owned()
    }

    /// The text under a checksum that fits it.
    fn sealed(text: &str) -> String {
        let body = &text[..text.len() - 4];
        format!("{body}{:04X}", checksum(body))
    }

    fn known(phase: CodePhase) -> KnownCode {
        let older = TransferCode {
            amount: Some(vnd(40_000)),
            ..code()
        };
        KnownCode {
            texts: vec![text(&code()), text(&older)],
            phase,
            outlet: outlet(1),
        }
    }

    fn verdict(scanned: &str, phase: CodePhase, here: Option<u128>) -> CodeVerdict {
        check(scanned, &[known(phase)], here.map(outlet)).0
    }

    /// What we issued, with `from` written as `to` under a checksum that fits.
    fn swapped(from: &str, to: &str) -> String {
        let ours = text(&code());
        assert!(ours.contains(from), "{from}");
        sealed(&ours.replacen(from, to, 1))
    }

    /// What we issued, with some object changed.
    fn changed(change: impl FnOnce(&mut Fields)) -> String {
        let mut fields = decode(&text(&code())).unwrap();
        change(&mut fields);
        Payload::from_fields(fields).unwrap().as_str().to_owned()
    }

    fn vnd(amount: i64) -> Vnd {
        Vnd::new(amount).unwrap()
    }

    #[test]
    fn money_that_would_go_elsewhere_is_told_from_everything_else() {
        let bank = BankBin::parse("970415").unwrap();
        let thief = AccountNumber::parse("19001234567").unwrap();
        let amount = Some(vnd(1_000));
        for (name, scanned) in [
            ("one digit of the account", swapped("0446", "0447")),
            ("other bank", text(&TransferCode { bank, ..code() })),
            (
                "other account and amount, same name",
                text(&TransferCode {
                    account: thief,
                    amount,
                    ..code()
                }),
            ),
        ] {
            for phase in CodePhase::ALL {
                let found = verdict(&scanned, *phase, Some(1));
                assert_eq!(found, CodeVerdict::AccountDiffers, "{name}, {phase}");
            }
            let unknown = check(&scanned, &[], None);
            assert_eq!(unknown, (CodeVerdict::Foreign, None), "{name}");
        }
    }

    #[test]
    fn only_what_says_exactly_what_we_issued_is_genuine() {
        use CodeVerdict::{Foreign, Genuine, Superseded};
        let reference = code().reference.to_string();
        let ours = text(&code());
        let (body, crc) = ours.split_at(ours.len() - 4);
        let amount = |amount| text(&TransferCode { amount, ..code() });
        let nameless = TransferCode {
            merchant_name: None,
            ..code()
        };
        let fee = changed(|it| {
            it.tip_indicator = Some("02".into());
            it.fee_fixed = Some("9000".into());
        });
        let wordy = changed(|it| {
            let purpose = &mut it.additional.as_mut().unwrap().purpose;
            purpose.as_mut().unwrap().push_str(" CAM ON");
        });
        for (name, scanned, wanted) in [
            ("as issued", ours.clone(), Genuine),
            ("other amount", amount(Some(vnd(500_000))), Foreign),
            ("no amount", amount(None), Foreign),
            ("the amount before", amount(Some(vnd(40_000))), Superseded),
            ("a card", swapped("QRIBFTTA", "QRIBFTTC"), Foreign),
            ("other name", text(&nameless), Foreign),
            ("a fee on top", fee, Foreign),
            ("a word behind the reference", wordy, Foreign),
            (
                "other reference",
                swapped(&reference[..6], "THZZZZ"),
                Foreign,
            ),
            ("no reference", changed(|it| it.additional = None), Foreign),
            (
                "a checksum in lower case",
                format!("{body}{}", crc.to_ascii_lowercase()),
                Foreign,
            ),
        ] {
            let found = verdict(&scanned, CodePhase::Active, Some(1));
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn what_is_damaged_or_no_payment_code_is_unreadable() {
        let ours = text(&code());
        for (name, scanned) in [
            ("one digit, checksum left", ours.replacen("0446", "0447", 1)),
            ("cut", ours[..ours.len() - 9].to_owned()),
            ("a web address", "https://example.vn/pay".to_owned()),
            ("a long text", "0".repeat(5_000)),
            ("nothing", String::new()),
        ] {
            let found = verdict(&scanned, CodePhase::Active, None);
            assert_eq!(found, CodeVerdict::Unreadable, "{name}");
        }
    }

    #[test]
    fn an_unchanged_text_is_judged_by_where_the_code_stands_and_hangs() {
        use CodeVerdict::{Genuine, OtherOutlet, Revoked, Superseded};
        for (phase, here, wanted) in [
            (CodePhase::Active, None, Genuine),
            (CodePhase::Active, Some(1), Genuine),
            (CodePhase::Active, Some(2), OtherOutlet),
            (CodePhase::Expired, Some(1), Superseded),
            (CodePhase::Completed, Some(1), Superseded),
            (CodePhase::Superseded, Some(1), Superseded),
            (CodePhase::Cancelled, Some(1), Revoked),
            (CodePhase::Revoked, Some(2), Revoked),
        ] {
            assert_eq!(
                verdict(&text(&code()), phase, here),
                wanted,
                "{phase} {here:?}"
            );
        }
    }

    #[test]
    fn an_acquirers_text_is_known_to_the_letter_and_the_code_in_use_speaks_for_it() {
        let body = "00020101021126180006VNSHOP0104123453037045802VN6304";
        let theirs = format!("{body}{:04X}", checksum(body));
        let at = |number, phase| KnownCode {
            texts: vec![theirs.clone()],
            phase,
            outlet: outlet(number),
        };
        let both = [at(1, CodePhase::Cancelled), at(2, CodePhase::Active)];
        assert_eq!(
            check(&theirs, &both, Some(outlet(2))),
            (CodeVerdict::Genuine, Some(1))
        );
        assert_eq!(
            check(&theirs, &both[..1], None),
            (CodeVerdict::Revoked, Some(0))
        );
        let altered = sealed(&theirs.replacen("1234", "1235", 1));
        assert_eq!(check(&altered, &[], None), (CodeVerdict::Foreign, None));
        assert_eq!(named_references(&theirs), Some(BTreeSet::new()));
    }

    #[test]
    fn the_store_is_asked_for_the_reference_in_the_transfers_text() {
        let asked = named_references(&text(&code())).unwrap();
        assert_eq!(asked, [code().reference.to_string()].into());
        assert_eq!(named_references("TH7K2M9XQ4"), None);
    }

    #[test]
    fn every_verdict_is_one_sentence_in_both_languages() {
        for verdict in CodeVerdict::ALL {
            for sentence in [verdict.english(), verdict.vietnamese()] {
                assert!(
                    sentence.ends_with('.') && !sentence.contains("  "),
                    "{sentence}"
                );
            }
        }
    }
}
