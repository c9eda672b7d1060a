//! What a delivery says of a movement that was told before.

use serde::{Deserialize, Serialize};

use super::{Advice, Movement};
use crate::domain::day::to_rfc3339;

/// The movement that another one takes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// The number or reference that was named.
    pub number: String,
    /// Whether this trial was told of it.
    pub known: bool,
}

/// A movement that was told before, and by which delivery first.
pub struct FirstTelling {
    /// The delivery's number.
    pub number: i64,
    /// What it said.
    pub movement: Movement,
}

impl FirstTelling {
    /// Whether it is the movement that a number or a bank's reference names.
    pub fn is_named(&self, name: &str) -> bool {
        let reference = self.movement.bank_reference.as_deref();
        self.movement.provider_txn_id == name || reference == Some(name)
    }
}

/// What to do about a movement that was told before with other facts: which of them differ,
/// where the first telling is still known.
pub fn advice_on_conflict(first: Option<&FirstTelling>, again: &Movement) -> Advice {
    let mut advice = Advice {
        vi: "Khi gửi lại, chiều tiền, số tiền, tài khoản, tài khoản ảo, số tham chiếu ngân hàng và lúc hạch toán phải như lần đầu; chỉ nội dung được khác.".to_owned(),
        en: "A repeat has the direction, amount, account, virtual account, bank reference and booking time of the first telling; only the text may differ.".to_owned(),
    };
    if let Some(first) = first {
        let told = differences(&first.movement, again);
        let list = |place: usize| {
            let one = |(names, old, new): &([&str; 2], String, String)| {
                format!("{} {old} → {new}", names[place])
            };
            told.iter().map(one).collect::<Vec<_>>().join("; ")
        };
        let number = first.number;
        advice = Advice {
            vi: format!("Khác với lần gửi {number}: {}. {}", list(0), advice.vi),
            en: format!("Differs from delivery {number}: {}. {}", list(1), advice.en),
        };
    }
    advice
}

/// The facts in which two tellings differ: name, old and new.
fn differences(first: &Movement, again: &Movement) -> Vec<([&'static str; 2], String, String)> {
    const NAMES: [[&str; 2]; 6] = [
        ["chiều tiền", "direction"],
        ["số tiền", "amount"],
        ["tài khoản", "account"],
        ["tài khoản ảo", "virtual account"],
        ["số tham chiếu ngân hàng", "bank reference"],
        ["lúc hạch toán", "booking time"],
    ];
    let facts = |told: &Movement| {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        [
            told.kind.as_str().to_owned(),
            told.amount_vnd.to_string(),
            text(&told.account_number),
            text(&told.virtual_account),
            text(&told.bank_reference),
            to_rfc3339(told.occurred_at),
        ]
    };
    let pairs = facts(first).into_iter().zip(facts(again));
    let named = NAMES.into_iter().zip(pairs);
    named
        .filter(|(_, (old, new))| old != new)
        .map(|(names, (old, new))| (names, old, new))
        .collect()
}
