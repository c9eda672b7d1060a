//! ISO 20022 notifications (camt.054) under our own signing, as [`contract`] says.
//!
//! A message tells of any number of entries, and an entry of any number of payments. One that
//! cannot be read keeps the whole delivery for people: half of it would look like all of it.
//! Only booked entries are money; a pending one claims no identity, so that the booked one is
//! no repeat of it.
//!
//! The identity is the account with the bank's reference (`AcctSvcrRef`). Payments of one
//! entry that share its reference are told apart by the payers' own (`EndToEndId`): their
//! statement line is the entry's, so they bear no bank reference of their own here.
//!
//! What XML could mean beside what it shows (a document type, entities, instructions) is
//! refused although it is signed, like a JSON body with two readings.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::claim::Claim;
use super::fields::dedupe_key;
use super::verdict::{Answer, Call, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, BATCH_MAX_BYTES, Credentials, CredentialsFault, Delivery, HeaderForm, Media,
    SECRET_BYTES, Secret, contract, reading_of, reading_with,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::day::start_of_day;
use crate::domain::statement::{Booking, StatementForm, StatementLine};
use crate::domain::trial::Tells;
use crate::statements::camt::Camt;
use crate::statements::{Column, Fault, Item, Reason};

/// The type that a body has to be declared as.
const CONTENT_TYPE: &str = "application/xml";
/// What sets the number of a reversal apart from that of the payment it takes back.
const REVERSAL: &str = "reversed";

/// A bank that sends camt.054.
pub struct Camt054;

impl Adapter for Camt054 {
    fn media(&self) -> Media {
        Media::Xml
    }

    /// A text under another name could be read in another encoding.
    fn takes_type_of(&self, delivery: &Delivery) -> bool {
        delivery.header("content-type") == Ok(None) || require_xml(delivery).is_ok()
    }

    fn tells(&self) -> Tells {
        contract::TELLS
    }

    fn headers(&self) -> &'static [HeaderForm] {
        &contract::HEADERS
    }

    fn signed_before(&self, delivery: &Delivery) -> Option<String> {
        Some(contract::signed_before(delivery))
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        contract::claims(delivery, credentials)
    }

    fn name(&self) -> &'static str {
        "camt054"
    }

    fn body_max_bytes(&self) -> usize {
        BATCH_MAX_BYTES
    }

    fn names_account(&self) -> bool {
        true
    }

    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified, Refusal> {
        require_xml(delivery)?;
        let proven = contract::prove(delivery, credentials, now)?;
        let payments = read_message(&delivery.body)?;
        let reading = reading_of(payments.and_then(|payments| reading(&payments)));
        Ok(Verified::new(reading, proven.with).named(proven.id))
    }

    fn acknowledge(&self, outcome: &Outcome, call: Call<'_>) -> Answer {
        Answer::with_remark(outcome, call.remark)
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        contract::check(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        Some(contract::make_secret(random))
    }
}

/// Refuses a body that is declared as anything else: the type, and at most UTF-8 behind it.
fn require_xml(delivery: &Delivery) -> Result<(), Refusal> {
    let declared = delivery.required_header("content-type")?;
    let (kind, parameter) = declared.split_once(';').unwrap_or((declared, ""));
    let parameter = parameter.trim().to_ascii_lowercase();
    let is_utf8 = matches!(&*parameter, "" | "charset=utf-8" | "charset=\"utf-8\"");
    let is_xml = kind.trim().eq_ignore_ascii_case(CONTENT_TYPE);
    (is_xml && is_utf8)
        .then_some(())
        .ok_or(Refusal::MalformedHeader)
}

/// A booked payment and the account that it is on.
struct Payment {
    account: String,
    line: StatementLine,
}

/// Reads a proven message.
///
/// # Errors
/// The outer refusal is of a text that two readers could understand differently, the inner
/// one of a message that is of no use.
fn read_message(body: &[u8]) -> Result<Result<Vec<Payment>, Unusable>, Refusal> {
    // A mark of byte order is a second opinion about the encoding.
    let text = std::str::from_utf8(body).map_err(|_| Refusal::AmbiguousBody)?;
    if text.starts_with('\u{feff}') {
        return Err(Refusal::AmbiguousBody);
    }
    let mut payments = Vec::new();
    let mut account = None;
    for item in Camt::new(body) {
        match item {
            Err(fault) if is_ambiguous(&fault.reason) => return Err(Refusal::AmbiguousBody),
            Err(fault) => return Ok(Err(unusable(&fault))),
            Ok(Item::Head(head)) if head.form != StatementForm::Camt054 => {
                return Ok(Err(Unusable::OtherMessage));
            }
            Ok(Item::Head(head)) => account = head.account_number,
            Ok(Item::Line(line)) if line.booking == Booking::Booked => {
                let Some(account) = account.clone() else {
                    return Ok(Err(Unusable::MissingField("Acct")));
                };
                payments.push(Payment { account, line });
            }
            Ok(Item::Line(_) | Item::End(_)) => {}
        }
    }
    Ok(Ok(payments))
}

const fn is_ambiguous(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Forbidden { .. } | Reason::XmlEncoding | Reason::Damaged | Reason::TooDeep
    )
}

/// A fault of the reader in the words of a notice.
fn unusable(fault: &Fault) -> Unusable {
    let field = match fault.column {
        Some(Column::Field(name)) => name,
        _ => "Ntry",
    };
    match fault.reason {
        Reason::OtherCurrency { .. } => Unusable::OtherCurrency,
        Reason::NotAnAmount { .. } | Reason::Fraction { .. } | Reason::Zero | Reason::TooLarge => {
            Unusable::BadAmount
        }
        Reason::OtherMessage { .. } => Unusable::OtherMessage,
        Reason::Missing => Unusable::MissingField(field),
        Reason::Repeated
        | Reason::NotADate { .. }
        | Reason::UnknownWord { .. }
        | Reason::TextTooLong
        | Reason::ControlCharacter
        | Reason::DetailsDiffer => Unusable::BadField(field),
        _ => Unusable::MalformedBody,
    }
}

/// What is told apart by a reference alone.
type Told<'a> = (&'a str, &'a str, bool);

fn reading(payments: &[Payment]) -> Result<Reading, Unusable> {
    let mut counts: BTreeMap<Told<'_>, usize> = BTreeMap::new();
    for payment in payments {
        *counts.entry(payment.told()?).or_default() += 1;
    }
    let mut facts: Vec<BankFact> = Vec::new();
    for payment in payments {
        let fact = payment.fact(counts[&payment.told()?] > 1)?;
        // Whether the bank wrote one payment twice or two payments alike, nobody can say.
        if facts.iter().any(|it| it.dedupe_key == fact.dedupe_key) {
            return Err(Unusable::BadField("EndToEndId"));
        }
        facts.push(fact);
    }
    Ok(reading_with(facts, NoticeKind::NotBooked))
}

impl Payment {
    fn told(&self) -> Result<Told<'_>, Unusable> {
        let reference = self.line.bank_reference.as_deref();
        let reference = reference.ok_or(Unusable::MissingField("AcctSvcrRef"))?;
        Ok((&self.account, reference, self.line.is_reversal))
    }

    /// The payment as a fact; `shares_reference` with another one of its message.
    fn fact(&self, shares_reference: bool) -> Result<BankFact, Unusable> {
        let (account, reference, is_reversal) = self.told()?;
        let mut names = vec![account, reference];
        if shares_reference {
            let own = self.line.end_to_end_id.as_deref();
            names.push(own.ok_or(Unusable::MissingField("EndToEndId"))?);
        }
        let number = names[1..].join("/");
        let line = &self.line;
        let midnight = || start_of_day(line.occurred_on);
        let fact = BankFact {
            provider: "camt054",
            dedupe_key: dedupe_key("camt054", &names),
            provider_txn_id: number.clone(),
            direction: line.direction,
            amount: line.amount,
            account_number: Some(self.account.clone()),
            virtual_account: None,
            content: Some(line.content.clone()),
            bank_reference: (!shares_reference).then(|| reference.to_owned()),
            merchant_reference: None,
            order_field_is_searched: false,
            provider_payment_code: None,
            reverses: None,
            occurred_at: line.occurred_at.unwrap_or_else(midnight),
            outcome: match line.direction {
                Direction::Credit => FactOutcome::Paid,
                Direction::Debit => FactOutcome::Ignored,
            },
        };
        if !is_reversal {
            return Ok(fact);
        }
        Ok(BankFact {
            dedupe_key: dedupe_key("camt054", &[&names[..], &["", REVERSAL]].concat()),
            provider_txn_id: format!("{number}/{REVERSAL}"),
            reverses: Some(number),
            outcome: FactOutcome::Ignored,
            ..fact
        })
    }
}
