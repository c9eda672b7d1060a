//! Which issued reference, if any, does a transfer text name?
//!
//! Banks drop diacritics, change case, put spaces, dots and line breaks anywhere and glue
//! their own numbers to the text. So the text is read twice: as it is, and with everything
//! removed that is no letter or digit. Together both readings must hold exactly one issued
//! reference; otherwise a person decides. Nothing is ever matched by likeness or by amount
//! alone.
//!
//! The store does not have to know every reference: [`candidates`] lists what in a text looks
//! like one, the store says which of those were issued, [`read`] says what the texts of one
//! telling name, and the [`Naming`] of all tellings gives the verdict.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::account::HolderKind;
use super::explanation::{
    AccountRefusal, Evidence, Explanation, Field, Form, Rejected, RejectedWhy, SuspenseReason,
};
use super::ids::{AccountId, OutletId, ZoneId};
use super::naming::Naming;
use super::txn_ref::{ALPHABET, TxnRef, TxnRefError};

/// Characters that are read of a text. No bank delivers more; a longer text goes to a person.
pub const LONGEST_TEXT: usize = 2_000;

const REFERENCE_LENGTH: usize = 10;

/// What the two fields of a notice say about the reference.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// The transfer text.
    pub content: &'a str,
    /// The provider's order field, only where it may hold our reference.
    pub order_field: Option<&'a str>,
}

impl<'a> Texts<'a> {
    fn fields(self) -> impl Iterator<Item = (Field, &'a str)> {
        let order = self.order_field.map(|text| (Field::OrderField, text));
        std::iter::once((Field::Content, self.content)).chain(order)
    }
}

/// Everything in the fields that looks like a reference, for the store to look up.
pub fn candidates(texts: Texts<'_>) -> BTreeSet<String> {
    sightings(texts)
        .into_iter()
        .map(|sighting| sighting.reference)
        .collect()
}

/// Reads what the fields of one telling name. `issued` holds at least those [`candidates`]
/// that were ever issued; others in it do no harm.
pub fn read(texts: Texts<'_>, issued: &BTreeSet<String>) -> Naming {
    let (evidence, others): (Vec<_>, Vec<_>) = sightings(texts)
        .into_iter()
        .partition(|sighting| issued.contains(&sighting.reference));
    let unknown: BTreeSet<String> = others.into_iter().map(|other| other.reference).collect();
    let too_long = texts.fields().any(|(_, text)| is_too_long(text));
    let rejected = unknown.into_iter().map(reject_unknown).collect();
    Naming::new(evidence, rejected, too_long)
}

/// Decides which reference one telling names.
pub fn decide(texts: Texts<'_>, issued: &BTreeSet<String>) -> Explanation {
    read(texts, issued).explain()
}

/// The account that a notice speaks of. `bound` are the accounts bound to the source: those
/// with the number that the notice names, or all of them when it names none.
pub fn credited_account(
    named: Option<&str>,
    bound: &[AccountId],
) -> Result<AccountId, AccountRefusal> {
    match (bound, named) {
        ([account], _) => Ok(*account),
        ([], _) => Err(AccountRefusal::NotBound),
        (_, None) => Err(AccountRefusal::NotSingle),
        (_, Some(_)) => Err(AccountRefusal::SeveralAccounts),
    }
}

/// Whether the money is where the code says: in the account that was shown to the payer. A
/// genuine notice about another account must not settle a code that was never paid.
pub fn check_account(
    credited: AccountId,
    code_account: Option<AccountId>,
) -> Result<(), SuspenseReason> {
    match code_account {
        Some(account) if account == credited => Ok(()),
        Some(_) => Err(SuspenseReason::OtherAccount),
        None => Err(SuspenseReason::CodeWithoutAccount),
    }
}

/// An outlet at which codes of the credited account hang, as it stood at the bank's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountOutlet {
    /// The outlet.
    pub outlet: OutletId,
    /// Where it lies.
    pub zone: ZoneId,
    /// Whether it had opened and was not closed.
    pub trades: bool,
    /// Whether its merchant had switched matching by account on.
    pub switched_on: bool,
}

/// The outlet that a credit without any reference counts for by its account alone: the only
/// one of a business account, trading, and switched on at the bank's time. `hung` are all
/// outlets at which codes of the account ever hung.
pub fn outlet_by_account(holder: HolderKind, hung: &[AccountOutlet]) -> Option<AccountOutlet> {
    let business = match holder {
        HolderKind::Household | HolderKind::Company => true,
        // Private money comes to it too, and nothing tells the two apart.
        HolderKind::Personal => false,
    };
    match hung {
        [only] if business && only.trades && only.switched_on => Some(*only),
        _ => None,
    }
}

fn reject_unknown(reference: String) -> Rejected {
    let why = match TxnRef::parse(&reference) {
        Err(TxnRefError::Check) => RejectedWhy::Mistyped,
        _ => RejectedWhy::NotIssued,
    };
    Rejected { reference, why }
}

fn is_too_long(text: &str) -> bool {
    text.chars().nth(LONGEST_TEXT).is_some()
}

/// Finds every window of ten characters that has the form of a reference; one entry for each
/// field and reference, with the first form in which it was seen.
fn sightings(texts: Texts<'_>) -> Vec<Evidence> {
    let mut found = Vec::new();
    for (field, text) in texts.fields().filter(|(_, text)| !is_too_long(text)) {
        let folded = fold(text);
        let joined = without_separators(&folded);
        let mut seen = BTreeSet::new();
        for (form, text) in [
            (Form::AsWritten, &folded),
            (Form::SeparatorsRemoved, &joined),
        ] {
            for reference in windows(text) {
                if seen.insert(reference.to_owned()) {
                    found.push(Evidence {
                        field,
                        form,
                        reference: reference.to_owned(),
                    });
                }
            }
        }
    }
    found
}

/// What of a text stays the same however a bank delivers it: its folded letters and digits,
/// without anything between them.
pub fn plain_letters(text: &str) -> String {
    without_separators(&fold(text))
}

fn without_separators(folded: &str) -> String {
    let letters = folded.chars();
    letters.filter(|letter| letter.is_alphanumeric()).collect()
}

/// Upper case without diacritics; letters and digits in other widths and styles become plain
/// ones.
fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_uppercase)
        .map(|letter| if letter == 'Đ' { 'D' } else { letter })
        .collect()
}

/// The letters and digits of each field, folded, as the second reading sees them.
pub(super) fn joined(texts: Texts<'_>) -> Vec<String> {
    let short = texts.fields().filter(|(_, text)| !is_too_long(text));
    short.map(|(_, text)| plain_letters(text)).collect()
}

/// The windows with the form of a reference.
fn windows(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('T').filter_map(|(start, _)| {
        let window = text.get(start..start + REFERENCE_LENGTH)?;
        let rest = window.strip_prefix("TH")?;
        rest.bytes()
            .all(|byte| ALPHABET.contains(&byte))
            .then_some(window)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::explanation::Rule;
    use proptest::prelude::*;

    const ISSUED: [&str; 3] = ["TH7K2M9XQ4", "TH3D8W5RNC", "THQ6V2Y9JB"];

    fn issued() -> BTreeSet<String> {
        ISSUED.map(str::to_owned).into()
    }

    fn only(content: &str) -> Texts<'_> {
        Texts {
            content,
            order_field: None,
        }
    }

    fn matched(content: &str) -> Option<String> {
        decide(only(content), &issued()).reference
    }

    #[test]
    fn a_reference_is_found_however_the_bank_mangles_the_text() {
        for text in [
            "TH7K2M9XQ4",
            "MBVCB.3278907687.TH7K2M9XQ4.CT tu 0011000000001 NGUYEN VAN A",
            "thanh toan th7k2m9xq4 cam on",
            "TH7K2 M9XQ4 NGUYEN VAN A",
            "T H 7 K 2 M 9 X Q 4",
            "TH-7K2M-9XQ4",
            "TH7K2M\r\n9XQ4",
            "884114.100924.223854.TH7K2M9XQ4 FT24255276428461",
            "TH7K2M9XQ42700",
            "QRTH7K2M9XQ4FT26075",
            "\u{ff34}\u{ff28}\u{ff17}\u{ff2b}\u{ff12}\u{ff2d}\u{ff19}\u{ff38}\u{ff31}\u{ff14}",
            "TH7K2\u{200b}M9X\u{200d}Q4",
            "\u{202e}TH7K2M9XQ4\u{202c}",
            "TH7\u{212a}2M9XQ4",
            "T\u{301}H\u{323}7K2M9XQ4",
            "TH7K2\u{ad}M9XQ4",
            "TH7K2😀M9XQ4",
            "TH7K2M9XQ4 TH7K2M9XQ4 TH-7K2M9XQ4",
        ] {
            assert_eq!(matched(text).as_deref(), Some("TH7K2M9XQ4"), "{text}");
        }
        let folded = issued()
            .into_iter()
            .chain(["THDD234567".to_owned()])
            .collect();
        let decision = decide(only("THđĐ234567"), &folded);
        assert_eq!(decision.reference.as_deref(), Some("THDD234567"));
    }

    #[test]
    fn what_names_no_single_reference_goes_to_a_person() {
        use SuspenseReason::{NoReference, NotIssued, SeveralReferences, TextTooLong};
        let long = format!("TH7K2M9XQ4{}", " ".repeat(LONGEST_TEXT));
        for (text, wanted) in [
            ("", NoReference),
            ("NGUYEN VAN A chuyen tien", NoReference),
            ("THZZZZ9999 thanh toan", NotIssued),
            ("TH7K2M9XQ4 TH3D8W5RNC", SeveralReferences),
            ("TH7K2M9XQ4TH3D8W5RNC", SeveralReferences),
            ("TH7K2M9XQ4 TH3D8-W5RNC", SeveralReferences),
            ("Thanh toan don hang so TH7K2M9", NoReference),
            ("TH7K2M9XQ5", NotIssued),
            ("7K2M9XQ4", NoReference),
            ("H7K2M9XQ4", NoReference),
            ("TH7K2M9XQ", NoReference),
            ("TH7K2M9X04", NoReference),
            ("TH7K2ЖM9XQ4", NoReference),
            ("ТН7K2M9XQ4", NoReference),
            ("TH7K2M9Xı4", NoReference),
            (&long, TextTooLong),
        ] {
            let decision = decide(only(text), &issued());
            assert_eq!(decision.reference, None, "{text}");
            assert_eq!(decision.suspense, Some(wanted), "{text}");
        }
    }

    #[test]
    fn the_order_field_may_name_the_reference_but_not_another_one() {
        let decide = |content, order| {
            let texts = Texts {
                content,
                order_field: Some(order),
            };
            let decision = decide(texts, &issued());
            (decision.rule, decision.suspense)
        };
        for (content, order, wanted) in [
            (
                "TH7K2M9XQ4",
                "TH7K2M9XQ42700",
                (Rule::ReferenceInText, None),
            ),
            (
                "thanh toan",
                "TH7K2M9XQ4-2700",
                (Rule::ReferenceInOrderField, None),
            ),
            ("TH7K2M9XQ4", "260316_2700", (Rule::ReferenceInText, None)),
            (
                "TH7K2M9XQ4",
                "TH3D8W5RNC",
                (Rule::None, Some(SuspenseReason::OrderFieldDiffers)),
            ),
            (
                "TH7K2M9XQ4 TH3D8W5RNC",
                "TH3D8W5RNC",
                (Rule::None, Some(SuspenseReason::SeveralReferences)),
            ),
            // The end of one field and the start of the other make no reference.
            (
                "TH7K2",
                "M9XQ4",
                (Rule::None, Some(SuspenseReason::NoReference)),
            ),
        ] {
            assert_eq!(decide(content, order), wanted, "{content} / {order}");
        }
    }

    #[test]
    fn a_decision_names_what_it_saw_and_what_it_passed_over() {
        let decision = decide(only("TH7K2 M9XQ4 THZZZZ9999"), &issued());
        assert_eq!(decision.rule, Rule::ReferenceInText);
        assert_eq!(
            decision.evidence,
            [Evidence {
                field: Field::Content,
                form: Form::SeparatorsRemoved,
                reference: "TH7K2M9XQ4".into(),
            }]
        );
        let names: Vec<_> = decision
            .rejected
            .iter()
            .map(|one| &*one.reference)
            .collect();
        assert_eq!(names, ["THZZZZ9999"]);
        let good = TxnRef::from_random([1; 7]).to_string();
        let decision = decide(only(&good), &issued());
        assert_eq!(decision.rejected[0].why, RejectedWhy::NotIssued);
    }

    #[test]
    fn the_store_is_asked_for_everything_that_a_decision_could_need() {
        let text = "TH7K2 M9XQ4 / THTH3D8W5RNC";
        let asked = candidates(only(text));
        let known: BTreeSet<_> = issued().intersection(&asked).cloned().collect();
        assert_eq!(decide(only(text), &known), decide(only(text), &issued()));
        assert!(asked.contains("TH7K2M9XQ4") && asked.contains("TH3D8W5RNC"));
    }

    #[test]
    fn money_elsewhere_settles_no_code() {
        let account = |number| AccountId::from_uuid(uuid::Uuid::from_u128(number));
        let (here, there) = (account(1), account(2));
        assert_eq!(check_account(here, Some(here)), Ok(()));
        assert_eq!(
            check_account(here, Some(there)),
            Err(SuspenseReason::OtherAccount)
        );
        assert_eq!(
            check_account(here, None),
            Err(SuspenseReason::CodeWithoutAccount)
        );
        for (named, bound, wanted) in [
            (Some("1030000000117"), &[here][..], Ok(here)),
            (None, &[here], Ok(here)),
            (Some("9990001112"), &[], Err(AccountRefusal::NotBound)),
            (None, &[], Err(AccountRefusal::NotBound)),
            (None, &[here, there], Err(AccountRefusal::NotSingle)),
            (
                Some("1030000000117"),
                &[here, there],
                Err(AccountRefusal::SeveralAccounts),
            ),
        ] {
            assert_eq!(
                credited_account(named, bound),
                wanted,
                "{named:?} {bound:?}"
            );
        }
    }

    #[test]
    fn an_account_alone_names_its_only_trading_outlet_where_that_is_switched_on() {
        let id = uuid::Uuid::from_u128;
        let outlet = |number, trades, switched_on| AccountOutlet {
            outlet: OutletId::from_uuid(id(number)),
            zone: ZoneId::from_uuid(id(9)),
            trades,
            switched_on,
        };
        let good = outlet(1, true, true);
        for (holder, hung, wanted) in [
            (HolderKind::Household, &[good][..], true),
            (HolderKind::Company, &[good], true),
            (HolderKind::Personal, &[good], false),
            (HolderKind::Household, &[], false),
            (
                HolderKind::Household,
                &[good, outlet(2, false, false)],
                false,
            ),
            (HolderKind::Household, &[outlet(1, false, true)], false),
            (HolderKind::Household, &[outlet(1, true, false)], false),
        ] {
            let found = outlet_by_account(holder, hung);
            assert_eq!(found, wanted.then_some(good), "{holder} {hung:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_decided_and_a_match_is_in_it(text in "\\PC{0,80}") {
            let asked = candidates(only(&text));
            prop_assert!(asked.iter().all(|one| one.starts_with("TH") && one.len() == 10));
            let decision = decide(only(&text), &asked);
            prop_assert_eq!(decision.reference.is_some(), asked.len() == 1);
        }

        #[test]
        fn separators_anywhere_change_nothing(
            gaps in prop::collection::vec("[ .,_/\\-\n\u{200b}]{0,3}", 11)
        ) {
            let mut text = String::new();
            for (gap, letter) in gaps.iter().zip(ISSUED[0].chars().map(Some).chain([None])) {
                text.push_str(gap);
                text.extend(letter);
            }
            prop_assert_eq!(matched(&text), Some(ISSUED[0].to_owned()));
        }
    }
}
