//! What a delivery says of a movement that was told before.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Advice, Movement, MovementKind};
use crate::domain::credit::{BankFact, Direction};
use crate::domain::day::to_rfc3339;

/// How far in the future a booking may be before it is remarked on.
const EARLY: TimeDelta = TimeDelta::days(1);
/// How long ago it may be.
const LATE: TimeDelta = TimeDelta::days(30);

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

/// What is odd about a movement that was told for the first time; `first` is the one that it
/// takes back, as far as it is known.
pub fn remarks_on_movement(
    fact: &BankFact,
    first: Option<&FirstTelling>,
    now: DateTime<Utc>,
) -> Vec<Advice> {
    let mut remarks = Vec::new();
    let mut say = |vi: String, en: String| remarks.push(Advice { vi, en });
    match (fact.takes_back(), fact.reverses.as_deref()) {
        (Some(named), _) if named == fact.provider_txn_id => say(
            format!("Bút toán huỷ nêu chính số của nó ({named}). Hãy nêu giao dịch bị huỷ."),
            format!(
                "The reversal names its own number ({named}). Name the movement that it takes back."
            ),
        ),
        (Some(_), _) => {
            if let Some(first) = first {
                remarks_on_reversal(fact, first, &mut say);
            }
        }
        (None, Some(named)) => say(
            format!(
                "Báo là tiền vào, nên giao dịch được nêu ({named}) bị bỏ qua: không có gì bị huỷ. Bút toán huỷ có loại bank.transaction.reversed."
            ),
            format!(
                "This tells of a credit, so the movement that it names ({named}) is passed over: nothing is taken back. A reversal is of the type bank.transaction.reversed."
            ),
        ),
        (None, None) => {}
    }
    let at = to_rfc3339(fact.occurred_at);
    let days = (now - fact.occurred_at).num_days();
    if fact.occurred_at - now > EARLY {
        let days = -days;
        say(
            format!(
                "Lúc hạch toán ({at}) còn {days} ngày nữa mới đến. Hãy xem lại năm, ngày và múi giờ."
            ),
            format!(
                "The booking ({at}) is {days} days in the future. Look at year, day and offset."
            ),
        );
    } else if now - fact.occurred_at > LATE {
        say(
            format!("Lúc hạch toán ({at}) đã qua {days} ngày. Hãy xem lại năm, ngày và múi giờ."),
            format!("The booking ({at}) was {days} days ago. Look at year, day and offset."),
        );
    }
    remarks
}

fn remarks_on_reversal(
    back: &BankFact,
    first: &FirstTelling,
    say: &mut impl FnMut(String, String),
) {
    let same_way = matches!(
        (first.movement.kind, back.direction),
        (MovementKind::Credit, Direction::Credit) | (MovementKind::Debit, Direction::Debit)
    );
    let (number, name) = (first.number, &first.movement.provider_txn_id);
    if same_way {
        say(
            format!(
                "Bút toán huỷ đi cùng chiều với giao dịch {name} mà nó huỷ (lần gửi {number}). Tiền đi ngược lại: huỷ một khoản tiền vào là debit, huỷ một khoản tiền ra là credit."
            ),
            format!(
                "The reversal goes the same way as the movement {name} that it takes back (delivery {number}). Money goes back: debit takes a credit back, credit a debit."
            ),
        );
    }
    let (returned, received) = (back.amount.get(), first.movement.amount_vnd);
    if returned > received {
        say(
            format!(
                "Số tiền bị huỷ ({returned}) lớn hơn số tiền của giao dịch {name} ({received}, lần gửi {number}). Khi chạy thật, trường hợp này được báo cho người xem."
            ),
            format!(
                "The reversal takes back {returned}, more than the {received} of the movement {name} (delivery {number}). In use such a reversal is shown to people."
            ),
        );
    }
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
