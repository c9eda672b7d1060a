//! An entry and its details as the lines of a statement.

use super::element::Element;
use super::{CURRENCY, check_currency, direction_of};
use crate::domain::credit::Direction;
use crate::domain::money::Vnd;
use crate::domain::statement::{Booking, StatementLine};
use crate::statements::date::{self, Moment};
use crate::statements::fault::{Fault, found};
use crate::statements::reason::Reason;
use crate::statements::{amount, text};

/// What a payer's bank writes where the payer gave no reference.
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// The lines of an entry: one, or one for each of its details when they tell their own amounts.
pub(super) fn lines(entry: &Element) -> Result<Vec<StatementLine>, Fault> {
    let whole = line_of(entry)?;
    let groups = entry.all("NtryDtls");
    let details: Vec<&Element> = groups.flat_map(|group| group.all("TxDtls")).collect();
    let mut amounts = Vec::with_capacity(details.len());
    for detail in &details {
        amounts.push(amount_of_detail(detail, whole.direction)?);
    }
    if amounts.iter().all(Option::is_none) {
        return Ok(vec![described(whole, entry, &details)?]);
    }
    check_sum(entry, &whole, &amounts)?;
    let mut lines = Vec::with_capacity(details.len());
    for (detail, amount) in details.into_iter().zip(amounts) {
        let (direction, amount) = amount.expect("the sum holds every detail");
        let line = StatementLine {
            line: detail.line,
            direction,
            amount,
            ..whole.clone()
        };
        lines.push(described(line, entry, &[detail])?);
    }
    Ok(lines)
}

/// What the entry says itself.
fn line_of(entry: &Element) -> Result<StatementLine, Fault> {
    let amount = entry.required("Amt")?;
    check_currency(amount, amount.currency.as_deref().unwrap_or_default())?;
    let moment = moment_of(entry)?;
    Ok(StatementLine {
        line: entry.line,
        occurred_on: moment.on,
        occurred_at: moment.at,
        direction: direction_of(entry)?,
        amount: amount::plain(amount.trimmed(), '.').map_err(|it| amount.fault(it))?,
        content: String::new(),
        bank_reference: name_of(entry, &["AcctSvcrRef"])?,
        end_to_end_id: None,
        balance_after: None,
        is_reversal: is_reversal(entry)?,
        booking: booking_of(entry)?,
    })
}

/// The day that the bank booked, else the day from which the money counts.
fn moment_of(entry: &Element) -> Result<Moment, Fault> {
    let date = match entry.one("BookgDt")? {
        Some(date) => date,
        None => entry
            .one("ValDt")?
            .ok_or_else(|| Fault::of_field(entry.line, "BookgDt", Reason::Missing))?,
    };
    if let Some(time) = date.one("DtTm")? {
        return date::iso_time(time.trimmed()).map_err(|reason| time.fault(reason));
    }
    let day = date.required("Dt")?;
    date::iso_day(day.trimmed()).map_err(|reason| day.fault(reason))
}

fn is_reversal(entry: &Element) -> Result<bool, Fault> {
    let Some(word) = entry.one("RvslInd")? else {
        return Ok(false);
    };
    match word.trimmed() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(word.fault(Reason::UnknownWord {
            found: found(other),
        })),
    }
}

/// Old versions write `<Sts>BOOK</Sts>`, newer ones `<Sts><Cd>BOOK</Cd></Sts>`.
fn booking_of(entry: &Element) -> Result<Booking, Fault> {
    let status = entry.required("Sts")?;
    let word = status.one("Cd")?.unwrap_or(status);
    match word.trimmed() {
        "BOOK" => Ok(Booking::Booked),
        "PDNG" | "FUTR" => Ok(Booking::Pending),
        "INFO" => Ok(Booking::Information),
        other => Err(word.fault(Reason::UnknownWord {
            found: found(other),
        })),
    }
}

/// A detail's own amount and the way it went, where it tells one.
fn amount_of_detail(detail: &Element, whole: Direction) -> Result<Option<(Direction, Vnd)>, Fault> {
    let amount = match detail.one("Amt")? {
        Some(amount) => amount,
        None => match detail.at(&["AmtDtls", "TxAmt", "Amt"])? {
            Some(amount) => amount,
            None => return Ok(None),
        },
    };
    check_currency(amount, amount.currency.as_deref().unwrap_or(CURRENCY))?;
    let direction = match detail.one("CdtDbtInd")? {
        Some(_) => direction_of(detail)?,
        None => whole,
    };
    let value = amount::plain(amount.trimmed(), '.').map_err(|reason| amount.fault(reason))?;
    Ok(Some((direction, value)))
}

/// The details have to be the whole entry: else a payment is missing or stands there twice.
fn check_sum(
    entry: &Element,
    whole: &StatementLine,
    amounts: &[Option<(Direction, Vnd)>],
) -> Result<(), Fault> {
    let mut sum = 0_i64;
    for amount in amounts {
        let differ = || entry.fault(Reason::DetailsDiffer);
        let (direction, amount) = amount.ok_or_else(differ)?;
        let signed = if direction == whole.direction {
            amount.get()
        } else {
            -amount.get()
        };
        sum = sum.checked_add(signed).ok_or_else(differ)?;
    }
    if sum != whole.amount.get() {
        return Err(entry.fault(Reason::DetailsDiffer));
    }
    Ok(())
}

/// The line with the texts and references of its details.
fn described(
    mut line: StatementLine,
    entry: &Element,
    details: &[&Element],
) -> Result<StatementLine, Fault> {
    let mut texts = Vec::new();
    for detail in details {
        texts.extend(remittance(detail)?);
    }
    if texts.is_empty() {
        let further = details.iter().flat_map(|it| it.all("AddtlTxInf"));
        texts.extend(further.map(Element::trimmed));
    }
    if texts.is_empty() {
        texts.extend(entry.all("AddtlNtryInf").map(Element::trimmed));
    }
    line.content = text::content(&texts.join(" "))
        .map_err(|reason| Fault::of_field(line.line, "RmtInf", reason))?;
    if let [detail] = details {
        if let Some(own) = name_of(detail, &["Refs", "AcctSvcrRef"])? {
            line.bank_reference = Some(own);
        } else if line.bank_reference.is_none() {
            line.bank_reference = name_of(detail, &["Refs", "TxId"])?;
        }
        line.end_to_end_id =
            name_of(detail, &["Refs", "EndToEndId"])?.filter(|reference| reference != NOT_PROVIDED);
    }
    Ok(line)
}

/// What the payer wrote: the free texts, then references that these do not hold.
fn remittance(detail: &Element) -> Result<Vec<&str>, Fault> {
    let mut texts: Vec<&str> = Vec::new();
    for information in detail.all("RmtInf") {
        texts.extend(information.all("Ustrd").map(Element::trimmed));
        for structured in information.all("Strd") {
            let Some(reference) = structured.at(&["CdtrRefInf", "Ref"])? else {
                continue;
            };
            let reference = reference.trimmed();
            if !texts.iter().any(|it| it.contains(reference)) {
                texts.push(reference);
            }
        }
    }
    texts.retain(|it| !it.is_empty());
    Ok(texts)
}

fn name_of(element: &Element, path: &[&'static str]) -> Result<Option<String>, Fault> {
    let Some(found) = element.at(path)? else {
        return Ok(None);
    };
    text::name(found.trimmed()).map_err(|reason| found.fault(reason))
}
