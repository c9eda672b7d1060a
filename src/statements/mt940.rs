//! SWIFT MT940: fields such as `:61:`, with or without the blocks of a SWIFT message around
//! them, any number of messages in a file.

use std::collections::VecDeque;
use std::io::Read;

use chrono::{Datelike, NaiveDate};

use super::date::Moment;
use super::fault::{Fault, Scope, found};
use super::input::{BeyondBound, Input};
use super::reason::Reason;
use super::{Item, amount, text};
use crate::domain::credit::Direction;
use crate::domain::statement::{
    Balance, Booking, LineOrder, StatementEnd, StatementForm, StatementHead, StatementLine,
};

/// The longest line, in bytes.
const LINE_MAX_BYTES: usize = 4096;
/// The longest field, in bytes.
const FIELD_MAX_BYTES: usize = 16 * 1024;
const CURRENCY: &str = "VND";
/// What stands where there is no reference.
const NO_REFERENCE: &str = "NONREF";

/// The statements of a file, in its order.
pub(super) struct Mt940<R> {
    input: Input<R>,
    told: VecDeque<Result<Item, Fault>>,
    field: Option<Field>,
    statement: Option<Open>,
    has_begun: bool,
    is_over: bool,
}

/// A field at work.
struct Field {
    line: u64,
    tag: String,
    text: String,
}

/// A statement at work.
struct Open {
    head: StatementHead,
    is_told: bool,
    lines: u64,
    /// The movement whose text may follow.
    movement: Option<StatementLine>,
}

impl<R: Read> Mt940<R> {
    pub(super) fn new(bytes: R) -> Self {
        Self {
            input: Input::new(bytes),
            told: VecDeque::new(),
            field: None,
            statement: None,
            has_begun: false,
            is_over: false,
        }
    }

    /// Reads one line of the file.
    fn step(&mut self) -> Result<(), Fault> {
        let number = self.input.place().line;
        let fault = |reason| Fault::of_line(number, reason);
        let line = self.input.line(LINE_MAX_BYTES);
        let Some((_, bytes)) = line.map_err(|it| fault(BeyondBound::reason_of(&it)))? else {
            self.is_over = true;
            self.finish_field()?;
            let is_whole = self.has_begun && self.statement.is_none();
            return is_whole.then_some(()).ok_or(fault(Reason::CutOff));
        };
        let line = str::from_utf8(&bytes).map_err(|_| fault(Reason::Damaged))?;
        if line.contains('\0') {
            return Err(fault(Reason::Damaged));
        }
        if let Some((tag, text)) = tagged(line) {
            let field = Field {
                line: number,
                tag: tag.to_owned(),
                text: text.to_owned(),
            };
            let done = self.finish_field();
            self.field = Some(field);
            return done;
        }
        if line == "-" || line.starts_with("-}") || line.starts_with('{') {
            return self.finish_field();
        }
        if let Some(field) = &mut self.field {
            field.text.push('\n');
            field.text.push_str(line);
            if field.text.len() > FIELD_MAX_BYTES {
                return Err(fault(Reason::TooLong));
            }
        }
        Ok(())
    }

    fn finish_field(&mut self) -> Result<(), Fault> {
        let Some(field) = self.field.take() else {
            return Ok(());
        };
        match (field.tag.as_str(), &mut self.statement) {
            ("20", _) => {
                self.has_begun = true;
                let unfinished = self.statement.replace(Open::new(field.line));
                if let Some(mut open) = unfinished {
                    open.tell(&mut self.told);
                    return Err(Fault::of_field(field.line, ":62F:", Reason::Missing));
                }
                Ok(())
            }
            ("25", Some(open)) => {
                open.head.account_number = account_of(&field.text)
                    .map_err(|reason| Fault::of_field(field.line, ":25:", reason))?;
                Ok(())
            }
            ("60F" | "60M", Some(open)) => {
                let balance = balance_of(&field.text);
                open.head.currency = Some(CURRENCY.to_owned());
                open.head.opening =
                    Some(balance.map_err(|it| Fault::of_field(field.line, ":60F:", it))?);
                Ok(())
            }
            ("61", Some(open)) => {
                open.tell(&mut self.told);
                let movement = movement_of(&field);
                open.movement =
                    Some(movement.map_err(|it| Fault::of_field(field.line, ":61:", it))?);
                Ok(())
            }
            ("86", Some(open)) => {
                // A movement whose text cannot be read is none.
                if let Some(mut movement) = open.movement.take() {
                    movement.content = text::content(&field.text)
                        .map_err(|it| Fault::of_field(field.line, ":86:", it))?;
                    open.movement = Some(movement);
                }
                Ok(())
            }
            ("62F" | "62M", Some(_)) => self.close(&field),
            _ => Ok(()),
        }
    }

    fn close(&mut self, field: &Field) -> Result<(), Fault> {
        let mut open = self.statement.take().expect("a statement is at work");
        open.tell(&mut self.told);
        let balance = balance_of(&field.text);
        let fault = balance.clone().err();
        self.told.push_back(Ok(Item::End(StatementEnd {
            line: field.line,
            closing: balance.ok(),
            lines: open.lines,
        })));
        fault.map_or(Ok(()), |reason| {
            Err(Fault::of_field(field.line, ":62F:", reason))
        })
    }
}

impl<R: Read> Iterator for Mt940<R> {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.told.is_empty() && !self.is_over {
            if let Err(fault) = self.step() {
                self.is_over |= fault.reason.scope() == Scope::File;
                self.told.push_back(Err(fault));
            }
        }
        self.told.pop_front()
    }
}

impl Open {
    const fn new(line: u64) -> Self {
        Self {
            head: StatementHead {
                line,
                form: StatementForm::Mt940,
                account_number: None,
                currency: None,
                from: None,
                to: None,
                opening: None,
                order: LineOrder::OldestFirst,
            },
            is_told: false,
            lines: 0,
            movement: None,
        }
    }

    /// Tells the head, once, and the movement that is complete.
    fn tell(&mut self, told: &mut VecDeque<Result<Item, Fault>>) {
        if !std::mem::replace(&mut self.is_told, true) {
            told.push_back(Ok(Item::Head(self.head.clone())));
        }
        if let Some(movement) = self.movement.take() {
            self.lines += 1;
            told.push_back(Ok(Item::Line(movement)));
        }
    }
}

/// The tag of a field and what stands behind it on its first line.
fn tagged(line: &str) -> Option<(&str, &str)> {
    let (tag, text) = line.strip_prefix(':')?.split_once(':')?;
    let is_tag = match tag.as_bytes() {
        [one, two] => one.is_ascii_digit() && two.is_ascii_digit(),
        [one, two, letter] => {
            one.is_ascii_digit() && two.is_ascii_digit() && letter.is_ascii_uppercase()
        }
        _ => false,
    };
    is_tag.then_some((tag, text))
}

/// The account behind the bank's own code, without the currency that some banks append.
fn account_of(text: &str) -> Result<Option<String>, Reason> {
    let account = text.rsplit('/').next().unwrap_or(text).trim();
    let bare = account.strip_suffix(CURRENCY).map(str::trim_end);
    let is_number = |it: &&str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    text::name(bare.filter(is_number).unwrap_or(account))
}

/// `C260316VND2000000,00`.
fn balance_of(text: &str) -> Result<Balance, Reason> {
    let not = || Reason::NotAnAmount { found: found(text) };
    let (direction, rest) = match text.trim().split_at_checked(1).ok_or_else(not)? {
        ("C", rest) => (Direction::Credit, rest),
        ("D", rest) => (Direction::Debit, rest),
        _ => return Err(not()),
    };
    let (day, rest) = rest.split_at_checked(6).ok_or_else(not)?;
    short_day(day).ok_or_else(|| Reason::NotADate { found: found(day) })?;
    let (currency, number) = rest.split_at_checked(3).ok_or_else(not)?;
    if currency != CURRENCY {
        return Err(Reason::AccountCurrency {
            found: found(currency),
        });
    }
    let magnitude = amount::whole(number, ',')?;
    let balance = Balance::default().after(direction, magnitude);
    Ok(balance.expect("an amount is smaller than the largest balance"))
}

/// `2603160316C50000,00NTRFREFERENCE//BANKREFERENCE`, and on a second line more of it.
fn movement_of(field: &Field) -> Result<StatementLine, Reason> {
    let (first, further) = field.text.split_once('\n').unwrap_or((&field.text, ""));
    let not_a_date = || Reason::NotADate {
        found: found(first),
    };
    let (value_day, rest) = first.split_at_checked(6).ok_or_else(not_a_date)?;
    let value_day = short_day(value_day).ok_or_else(not_a_date)?;
    let (day, rest) = match rest.split_at_checked(4) {
        Some((booked, rest)) if booked.bytes().all(|it| it.is_ascii_digit()) => {
            (booked_day(value_day, booked).ok_or_else(not_a_date)?, rest)
        }
        _ => (value_day, rest),
    };
    let moment = Moment::day(day).ok_or_else(not_a_date)?;
    let (mark, rest) = mark_of(rest).ok_or_else(|| Reason::UnknownWord { found: found(rest) })?;
    // The letter behind the mark is the last one of the currency.
    let rest = rest
        .strip_prefix(|it: char| it.is_ascii_uppercase())
        .unwrap_or(rest);
    let end = rest
        .find(|it: char| it.is_ascii_uppercase())
        .unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    if !number.contains(',') {
        return Err(Reason::NotAnAmount {
            found: found(number),
        });
    }
    // The kind of movement: a letter and three characters.
    let references = rest
        .split_at_checked(4)
        .map_or("", |(_, references)| references);
    let (own, banks) = references.split_once("//").unwrap_or((references, ""));
    let own = text::name(own)?.filter(|it| it != NO_REFERENCE);
    Ok(StatementLine {
        line: field.line,
        occurred_on: moment.on,
        occurred_at: None,
        direction: mark.direction,
        amount: amount::plain(number, ',')?,
        content: text::content(further)?,
        bank_reference: text::name(banks)?.or(own),
        end_to_end_id: None,
        balance_after: None,
        is_reversal: mark.is_reversal,
        booking: mark.booking,
    })
}

/// What the letters before an amount say.
struct Mark {
    direction: Direction,
    is_reversal: bool,
    booking: Booking,
}

/// `C`, `D`; taken back `RC` (money out) and `RD` (money in); expected `EC` and `ED`.
fn mark_of(text: &str) -> Option<(Mark, &str)> {
    use Booking::{Booked, Pending};
    use Direction::{Credit, Debit};
    let marks = [
        ("RC", Debit, true, Booked),
        ("RD", Credit, true, Booked),
        ("EC", Credit, false, Pending),
        ("ED", Debit, false, Pending),
        ("C", Credit, false, Booked),
        ("D", Debit, false, Booked),
    ];
    marks
        .into_iter()
        .find_map(|(word, direction, is_reversal, booking)| {
            let rest = text.strip_prefix(word)?;
            let mark = Mark {
                direction,
                is_reversal,
                booking,
            };
            Some((mark, rest))
        })
}

/// `260316`.
fn short_day(text: &str) -> Option<NaiveDate> {
    if text.len() != 6 || !text.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().ok();
    let year = i32::try_from(part(0..2)?).ok()?;
    NaiveDate::from_ymd_opt(2000 + year, part(2..4)?, part(4..6)?)
}

/// `0316`, of the year that lies nearest to the day from which the money counts.
fn booked_day(value_day: NaiveDate, text: &str) -> Option<NaiveDate> {
    let month: u32 = text[..2].parse().ok()?;
    let day: u32 = text[2..].parse().ok()?;
    let years = [0, -1, 1].map(|it| value_day.year() + it);
    let days = years
        .into_iter()
        .filter_map(|it| NaiveDate::from_ymd_opt(it, month, day));
    days.min_by_key(|it| (*it - value_day).num_days().abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::balance::Controlled;
    use crate::statements::fault::Column;

    const FILE: &str = include_str!("../../tests/data/statements/mt940.sta");

    fn read(text: &str) -> Vec<Result<Item, Fault>> {
        Controlled::new(Mt940::new(text.as_bytes())).collect()
    }

    fn faults(text: &str) -> Vec<Fault> {
        read(text).into_iter().filter_map(Result::err).collect()
    }

    #[test]
    fn every_message_of_a_file_is_a_statement_whose_sums_agree() {
        let items = read(FILE);
        assert_eq!(faults(FILE), []);
        let mut told = Vec::new();
        for item in items.into_iter().flatten() {
            told.push(match item {
                Item::Head(head) => format!(
                    "{} {} {}",
                    head.line,
                    head.account_number.unwrap(),
                    head.opening.unwrap()
                ),
                Item::Line(line) => format!(
                    "{} {} {} {} {} {} {}",
                    line.line,
                    line.occurred_on,
                    line.direction.as_str(),
                    line.amount,
                    line.is_reversal,
                    line.bank_reference.as_deref().unwrap_or("-"),
                    line.content
                ),
                Item::End(end) => format!("{} {} {}", end.line, end.lines, end.closing.unwrap()),
            });
        }
        assert_eq!(
            told,
            [
                "2 0071000123456 2000000",
                "6 2026-03-16 credit 50000 false FT26075000000001 TH7K2M9XQ4 bun oc tra da",
                "10 2026-03-16 debit 25000 false PHI Phi quan ly tai khoan",
                "12 2026-03-16 debit 30000 true FT26075000000003 ",
                "13 2026-03-16 credit 10000 true FT26075000000004 Hoan phi",
                "15 2026-01-01 credit 1000 false - ",
                "16 5 2006000",
                "20 0071000999999 -500",
                "24 2025-12-31 credit 500 false ABC ",
                "25 1 0",
            ]
        );
    }

    #[test]
    fn a_bad_field_is_named_and_the_next_movement_is_read() {
        let unknown = |found: &str| Reason::UnknownWord {
            found: found.to_owned(),
        };
        let not = |found: &str| Reason::NotAnAmount {
            found: found.to_owned(),
        };
        #[rustfmt::skip]
        let cases = [
            ("2603160316C50000,00", "2603160316X50000,00", 6, ":61:", unknown("X50000,00NTRFNONREF//FT26075000000001")),
            ("0316C50000,00", "0316C50000.00", 6, ":61:", not("50000.00")),
            ("0316C50000,00", "0316C50000,5", 6, ":61:", Reason::Fraction { found: "50000,5".to_owned() }),
            ("0316C50000,00", "0316C0,00", 6, ":61:", Reason::Zero),
            ("0316C50000,00", "0316C-50000,00", 6, ":61:", not("-50000,00")),
            ("2603160316C50000", "2602310316C50000", 6, ":61:", Reason::NotADate { found: "2602310316C50000,00NTRFNONREF//FT26075000000001".to_owned() }),
            ("TH7K2M9XQ4", "TH7K\u{7}", 8, ":86:", Reason::ControlCharacter),
            ("C260315VND", "C260315USD", 5, ":60F:", Reason::AccountCurrency { found: "USD".to_owned() }),
        ];
        for (from, to, line, field, reason) in cases {
            assert!(FILE.contains(from));
            let found = faults(&FILE.replacen(from, to, 1));
            let column = Some(Column::Field(field));
            let wanted = Fault {
                line,
                column,
                reason,
            };
            assert_eq!(found.first(), Some(&wanted), "{to}");
        }
    }

    #[test]
    fn sums_that_differ_and_files_that_break_off_are_named() {
        let differs = FILE.replacen("C50000,00", "C50001,00", 1);
        assert_eq!(faults(&differs)[0].line, 16);
        let cut = FILE.split(":62M:").next().unwrap();
        assert_eq!(faults(cut), [Fault::of_line(25, Reason::CutOff)]);
        let unfinished = FILE.replacen(":62F:", ":63F:", 1);
        let missing = Fault::of_field(20, ":62F:", Reason::Missing);
        assert_eq!(faults(&unfinished), [missing]);
        assert_eq!(faults(""), [Fault::of_line(1, Reason::CutOff)]);
        let long = FILE.replacen("TH7K2M9XQ4", &"x".repeat(5_000), 1);
        assert_eq!(faults(&long), [Fault::of_line(8, Reason::TooLong)]);
        let bytes = [b":20:1\n:86:", &b"\xFF\n"[..]].concat();
        let found: Vec<_> = Mt940::new(&bytes[..]).filter_map(Result::err).collect();
        assert_eq!(found, [Fault::of_line(2, Reason::Damaged)]);
    }
}
