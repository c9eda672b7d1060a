//! A trial: a bank's engineer sends invented notices, learns what became of each and why, and
//! gets a report of what has been shown to work.
//!
//! A check is passed by a delivery that shows it, never by a word of the sender, and stays
//! passed. What a format cannot tell is not asked of it: [`Tells`] says what it can.

mod telling;
mod words;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::credit::{BankFact, Direction, FactOutcome};
use super::explanation::{Explanation, Field};

pub use telling::{FirstTelling, TakenBack, advice_on_conflict, remarks_on_movement};
pub use words::{Came, Check, MovementKind, Slip, Verdict};

/// How many movements of one delivery are listed.
pub const MOST_MOVEMENTS: usize = 5;
/// How many characters of a text are listed.
const MOST_CHARACTERS: usize = 300;

/// What the notices of a format can tell, and so what a trial of it can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tells {
    /// The moment of sending is signed, so that an old notice is refused.
    pub signed_time: bool,
    /// There is a transfer text.
    pub text: bool,
    /// Movements are told of that are no money received: money out, payments that failed.
    pub no_money: bool,
}

impl Tells {
    /// What most formats tell.
    pub const MOST: Self = Self {
        signed_time: false,
        text: true,
        no_money: true,
    };

    /// Whether a check can be asked of the format.
    pub const fn has(self, check: Check) -> bool {
        match check {
            Check::StaleRefused => self.signed_time,
            Check::MangledFound => self.text,
            Check::NotMoney => self.no_money,
            Check::Accepted
            | Check::ReferenceFound
            | Check::Repeat
            | Check::ForgedRefused
            | Check::TwoAlike => true,
        }
    }
}

/// As what a delivery was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedAs {
    /// Nothing proves the sender.
    Forged,
    /// Proven, but too old.
    Stale,
    /// Proven, but of a time to come.
    Early,
    /// Not in the form that the format describes.
    Malformed,
}

impl RefusedAs {
    /// The check that a delivery refused so may be meant to show.
    pub const fn check(self) -> Option<Check> {
        match self {
            Self::Forged => Some(Check::ForgedRefused),
            Self::Stale => Some(Check::StaleRefused),
            Self::Early | Self::Malformed => None,
        }
    }
}

/// A sentence in both languages: what was wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

/// A movement as it was read, bounded in size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// What it is.
    pub kind: MovementKind,
    /// How it came to what is known.
    pub came: Came,
    /// The provider's own number.
    pub provider_txn_id: String,
    /// Whole đồng.
    pub amount_vnd: i64,
    /// The account that moved, where the format names one.
    pub account_number: Option<String>,
    /// The virtual account that was paid to.
    pub virtual_account: Option<String>,
    /// The transfer text, where the format has one.
    pub content: Option<String>,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The provider's order field.
    pub merchant_reference: Option<String>,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// Which reference a credit was matched by, and why.
    pub explanation: Option<Explanation>,
    /// The movement that it takes back, where it names one.
    #[serde(default)]
    pub takes_back: Option<TakenBack>,
    /// Whether the reference was found although the text does not simply begin with it.
    pub changed_text: bool,
}

impl Movement {
    /// What is listed of a fact.
    pub fn of(fact: &BankFact, came: Came, explanation: Option<Explanation>) -> Self {
        let changed_text = explanation
            .as_ref()
            .is_some_and(|why| is_changed(fact.content.as_deref().unwrap_or_default(), why));
        let cut_all = |text: &Option<String>| text.as_deref().map(cut);
        Self {
            kind: MovementKind::of(fact),
            came,
            provider_txn_id: cut(&fact.provider_txn_id),
            amount_vnd: fact.amount.get(),
            account_number: cut_all(&fact.account_number),
            virtual_account: cut_all(&fact.virtual_account),
            content: cut_all(&fact.content),
            bank_reference: cut_all(&fact.bank_reference),
            merchant_reference: cut_all(&fact.merchant_reference),
            occurred_at: fact.occurred_at,
            explanation,
            takes_back: fact.takes_back().map(|number| TakenBack {
                number: cut(number),
                known: false,
            }),
            changed_text,
        }
    }

    /// Whether it is money that was told for the first time.
    fn is_new_money(&self) -> bool {
        self.kind == MovementKind::Credit && self.came == Came::New
    }

    fn reference(&self) -> Option<&str> {
        self.explanation.as_ref()?.reference.as_deref()
    }

    /// Whether it is no money, and was taken for none.
    fn is_rightly_no_money(&self) -> bool {
        let told = matches!(
            self.kind,
            MovementKind::Debit | MovementKind::Reversal | MovementKind::Failed
        );
        told && self.explanation.is_none()
            && !matches!(self.came, Came::OtherAccount | Came::OtherFacts)
    }
}

impl MovementKind {
    fn of(fact: &BankFact) -> Self {
        match (fact.outcome, fact.direction) {
            (FactOutcome::Failed, _) => Self::Failed,
            _ if fact.takes_back().is_some() => Self::Reversal,
            (FactOutcome::Paid, Direction::Credit) => Self::Credit,
            (_, Direction::Debit) => Self::Debit,
            (FactOutcome::Ignored, Direction::Credit) => Self::Test,
        }
    }
}

/// What tells two credits alike: their text, or what they are for where there is none.
pub fn told_text<'a>(fact: &'a BankFact, why: &'a Explanation) -> Option<&'a str> {
    let content = fact.content.as_deref().filter(|text| !text.is_empty());
    content.or(why.reference.as_deref())
}

/// Whether the reference that was found in a text is more than its first word.
fn is_changed(content: &str, why: &Explanation) -> bool {
    let found = why.evidence.iter().any(|seen| seen.field == Field::Content);
    let Some(reference) = why.reference.as_deref().filter(|_| found) else {
        return false;
    };
    match content.trim_start().strip_prefix(reference) {
        Some(rest) => rest.starts_with(|next: char| !next.is_whitespace()),
        None => true,
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What is known of one delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// What it came to.
    pub verdict: Verdict,
    /// Why, as a stable word; empty where the verdict says it all.
    pub reason: String,
    /// As what it was refused.
    pub refused_as: Option<RefusedAs>,
    /// What was wrong and what to do.
    pub advice: Option<Advice>,
    /// What explains that its signature does not fit.
    pub slips: Vec<Slip>,
    /// What is odd about a notice that was taken.
    #[serde(default)]
    pub remarks: Vec<Advice>,
    /// What was read, the first movements only.
    pub movements: Vec<Movement>,
    /// How many movements it told of.
    pub movements_told: usize,
}

impl Findings {
    /// A verdict and nothing else yet.
    pub fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            refused_as: None,
            advice: None,
            slips: Vec::new(),
            remarks: Vec::new(),
            movements: Vec::new(),
            movements_told: 0,
        }
    }
}

/// What a trial had seen before a delivery.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before {
    /// Whether a credit was accepted.
    pub accepted: bool,
    /// Whether another credit had the text of one that is new now.
    pub same_text: bool,
}

/// The checks that a delivery shows to hold.
pub fn shown_by(findings: &Findings, before: Before) -> Vec<Check> {
    let new_money = || findings.movements.iter().filter(|it| it.is_new_money());
    let accepted = findings.verdict == Verdict::Accepted;
    let holds = |check| match check {
        Check::Accepted => accepted && new_money().next().is_some(),
        Check::ReferenceFound => accepted && new_money().any(|it| it.reference().is_some()),
        Check::MangledFound => accepted && new_money().any(|it| it.changed_text),
        Check::TwoAlike => accepted && before.same_text,
        Check::Repeat => findings.verdict == Verdict::Repeated,
        Check::NotMoney => findings.movements.iter().any(Movement::is_rightly_no_money),
        Check::ForgedRefused => before.accepted && findings.refused_as == Some(RefusedAs::Forged),
        Check::StaleRefused => findings.refused_as == Some(RefusedAs::Stale),
    };
    let all = Check::ALL.into_iter();
    all.filter(|check| holds(*check)).collect()
}

/// Whether a delivery tried to show a check and did not.
fn misses(findings: &Findings, check: Check) -> bool {
    let new_money = || findings.movements.iter().filter(|it| it.is_new_money());
    match check {
        Check::Accepted => matches!(
            findings.verdict,
            Verdict::Refused | Verdict::Quarantined | Verdict::Conflict
        ),
        Check::ReferenceFound | Check::MangledFound => {
            new_money().any(|it| it.reference().is_none())
        }
        Check::Repeat | Check::TwoAlike => findings.verdict == Verdict::Conflict,
        // Nothing that a sender does wrong fails these: they wait until he tries.
        Check::NotMoney | Check::ForgedRefused | Check::StaleRefused => false,
    }
}

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Shown by a delivery.
    Passed {
        /// Its number.
        number: i64,
        /// When it came.
        at: DateTime<Utc>,
    },
    /// Tried, and not shown yet.
    Failed {
        /// The last delivery that tried.
        number: i64,
    },
    /// Not tried yet.
    Open,
    /// The format cannot tell it.
    NotInFormat,
}

impl Standing {
    /// The stable word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::Failed { .. } => "failed",
            Self::Open => "not_yet",
            Self::NotInFormat => "not_in_format",
        }
    }

    /// Whether nothing is missing.
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Passed { .. } | Self::NotInFormat)
    }
}

/// How a check stands: `passed` is the delivery that showed it, `recent` are deliveries with
/// their numbers, the newest first.
pub fn standing<'a>(
    check: Check,
    tells: Tells,
    passed: Option<(i64, DateTime<Utc>)>,
    recent: impl IntoIterator<Item = (i64, &'a Findings)>,
) -> Standing {
    if !tells.has(check) {
        return Standing::NotInFormat;
    }
    if let Some((number, at)) = passed {
        return Standing::Passed { number, at };
    }
    let mut recent = recent.into_iter();
    match recent.find(|(_, findings)| misses(findings, check)) {
        Some((number, _)) => Standing::Failed { number },
        None => Standing::Open,
    }
}

#[cfg(test)]
mod tests;
