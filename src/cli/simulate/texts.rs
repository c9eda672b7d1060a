//! Transfer texts in the shapes that banks give them.

use std::collections::BTreeSet;

use super::faults::Fault;
use crate::cli::dice::Dice;

/// Who pays.
const PAYERS: [&str; 4] = [
    "NGUYEN VAN AN",
    "TRAN THI BINH",
    "LE MINH CHAU",
    "PHAM THU DUNG",
];
/// After how many letters systems on the way cut a text.
const CUTS: [usize; 4] = [19, 25, 35, 50];

/// The text of a transfer under a reference, after what went wrong with it.
pub(super) fn text(dice: &Dice, faults: &BTreeSet<Fault>, reference: &str) -> String {
    let mut text = if faults.contains(&Fault::Mangled) {
        mangled(dice, reference)
    } else {
        plain(dice, reference)
    };
    if faults.contains(&Fault::Recased) {
        text = text.to_lowercase();
    }
    if faults.contains(&Fault::Truncated) {
        let cut = *dice.pick(&CUTS);
        text = text.chars().take(cut).collect();
    }
    text
}

fn plain(dice: &Dice, reference: &str) -> String {
    match dice.below(3) {
        0 => format!("{} chuyen tien {reference}", dice.pick(&PAYERS)),
        1 => format!("{reference} thanh toan"),
        _ => reference.to_owned(),
    }
}

/// Marks and long numbers before and behind, separators within.
fn mangled(dice: &Dice, reference: &str) -> String {
    let half = reference.len() / 2;
    let reference = match reference.split_at_checked(half) {
        Some((front, back)) => {
            let separator = *dice.pick(&["", " ", "-", ".", "\n"]);
            format!("{front}{separator}{back}")
        }
        None => reference.to_owned(),
    };
    let (payer, long) = (dice.pick(&PAYERS), 10_000_000 + dice.below(89_999_999));
    let (account, short) = (dice.below(999_999_999), 100_000 + dice.below(899_999));
    match dice.below(7) {
        0 => format!("MBVCB.{long}12.{short}.{reference}.CT tu {account} {payer} toi {long}"),
        1 => format!("Vietcombank:{short}:{reference}#SP#{long}"),
        2 => format!("{short}.100924.223854.{reference} FT24{long}1234"),
        3 => format!("{reference} FT25{long}1234 Ma giao dich Trace{short} Trace {short}"),
        4 => format!("QR VQR{long}ea {reference} Ma giao dich Trace{short}"),
        5 => format!("{reference} GD {short}-040125 00:05:38"),
        _ => format!("IBFT {payer} {reference} CKN {short}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::matching::{Texts, decide};

    #[test]
    fn most_shapes_still_name_their_reference_and_none_names_another() {
        let reference = "TH7K2M9XQ4";
        let issued = BTreeSet::from([reference.to_owned()]);
        let faults = BTreeSet::from([Fault::Mangled, Fault::Recased]);
        let found = (0..200_u32).filter(|number| {
            let dice = Dice::new(7, &number.to_string());
            let text = text(&dice, &faults, reference);
            names(&text, &issued)
        });
        assert!(found.count() >= 190);
    }

    fn names(text: &str, issued: &BTreeSet<String>) -> bool {
        let texts = Texts {
            content: text,
            order_field: None,
        };
        decide(texts, issued).reference.is_some()
    }

    #[test]
    fn a_cut_text_is_no_longer_than_the_longest_cut() {
        let faults = BTreeSet::from([Fault::Truncated, Fault::Mangled]);
        for number in 0..50 {
            let dice = Dice::new(7, &number.to_string());
            assert!(text(&dice, &faults, "TH7K2M9XQ4").chars().count() <= 50);
        }
    }
}
