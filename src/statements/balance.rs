//! The control of a statement: its balances follow from its lines.
//!
//! Balances line by line are followed where they stand there, and opening + credits − debits
//! is compared with the closing balance. The first line that breaks is named, once for each
//! statement. A line that could not be read is a gap: the sums say nothing across it.

use std::collections::VecDeque;

use super::Item;
use super::fault::{Fault, Scope};
use super::reason::Reason;
use crate::domain::credit::Direction;
use crate::domain::statement::{
    Balance, Booking, LineOrder, StatementEnd, StatementHead, StatementLine,
};

/// Items with the faults of their balances behind them.
pub(super) struct Controlled<I> {
    items: I,
    told: VecDeque<Result<Item, Fault>>,
    sums: Option<Sums>,
}

/// A statement at work.
struct Sums {
    order: LineOrder,
    /// What the opening balance and the lines lead to; `None` once that is not known.
    total: Option<Balance>,
    /// The balance at the near side of the next line: before it when the oldest stands first,
    /// after it when the newest does.
    next: Option<Balance>,
    is_broken: bool,
}

impl<I> Controlled<I> {
    pub(super) const fn new(items: I) -> Self {
        Self {
            items,
            told: VecDeque::new(),
            sums: None,
        }
    }

    fn follow(&mut self, item: &Result<Item, Fault>) {
        let fault = match item {
            Ok(Item::Head(head)) => {
                self.sums = Some(Sums::of(head));
                None
            }
            Ok(Item::Line(line)) => self.sums.as_mut().and_then(|it| it.line(line)),
            Ok(Item::End(end)) => self.sums.take().and_then(|it| it.end(end)),
            Err(fault) => {
                if let Some(sums) = self
                    .sums
                    .as_mut()
                    .filter(|_| fault.reason.scope() == Scope::Line)
                {
                    (sums.total, sums.next) = (None, None);
                }
                None
            }
        };
        self.told.extend(fault.map(Err));
    }
}

impl<I: Iterator<Item = Result<Item, Fault>>> Iterator for Controlled<I> {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(fault) = self.told.pop_front() {
            return Some(fault);
        }
        let item = self.items.next()?;
        self.follow(&item);
        Some(item)
    }
}

impl Sums {
    fn of(head: &StatementHead) -> Self {
        Self {
            order: head.order,
            total: head.opening,
            next: head
                .opening
                .filter(|_| head.order == LineOrder::OldestFirst),
            is_broken: false,
        }
    }

    fn line(&mut self, line: &StatementLine) -> Option<Fault> {
        if line.booking != Booking::Booked {
            return None;
        }
        self.total = self
            .total
            .and_then(|it| it.after(line.direction, line.amount));
        let expected = match self.order {
            LineOrder::OldestFirst => self
                .next
                .and_then(|it| it.after(line.direction, line.amount)),
            LineOrder::NewestFirst => self.next,
        };
        let stands = line.balance_after.or(expected);
        self.next = match self.order {
            LineOrder::OldestFirst => stands,
            LineOrder::NewestFirst => {
                let back = match line.direction {
                    Direction::Credit => Direction::Debit,
                    Direction::Debit => Direction::Credit,
                };
                stands.and_then(|it| it.after(back, line.amount))
            }
        };
        let (expected, found) = (expected?, line.balance_after?);
        self.broken(line.line, expected != found, || Reason::BalanceBroken {
            expected,
            found,
        })
    }

    fn end(mut self, end: &StatementEnd) -> Option<Fault> {
        let (expected, found) = (self.total?, end.closing?);
        self.broken(end.line, expected != found, || Reason::ClosingBroken {
            expected,
            found,
        })
    }

    fn broken(
        &mut self,
        line: u64,
        breaks: bool,
        reason: impl FnOnce() -> Reason,
    ) -> Option<Fault> {
        let is_first = breaks && !self.is_broken;
        self.is_broken |= breaks;
        is_first.then(|| Fault::of_line(line, reason()))
    }
}

#[cfg(test)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "items stand beside faults in the cases"
)]
mod tests {
    use super::*;
    use crate::domain::money::Vnd;
    use crate::domain::statement::StatementForm;

    fn head(opening: Option<i64>, order: LineOrder) -> Result<Item, Fault> {
        Ok(Item::Head(StatementHead {
            line: 1,
            form: StatementForm::Csv,
            account_number: None,
            currency: None,
            from: None,
            to: None,
            opening: opening.and_then(Balance::new),
            order,
        }))
    }

    /// A movement, below zero for money out, and the balance behind it.
    fn line(line: u64, amount: i64, balance: Option<i64>) -> Result<Item, Fault> {
        Ok(Item::Line(StatementLine {
            line,
            occurred_on: chrono::NaiveDate::from_ymd_opt(2026, 3, 16).unwrap(),
            occurred_at: None,
            direction: if amount < 0 {
                Direction::Debit
            } else {
                Direction::Credit
            },
            amount: Vnd::new(amount.abs()).unwrap(),
            content: String::new(),
            bank_reference: None,
            end_to_end_id: None,
            balance_after: balance.and_then(Balance::new),
            is_reversal: false,
            booking: Booking::Booked,
        }))
    }

    fn end(closing: Option<i64>) -> Result<Item, Fault> {
        Ok(Item::End(StatementEnd {
            line: 9,
            closing: closing.and_then(Balance::new),
            lines: 0,
        }))
    }

    #[test]
    fn the_first_line_that_breaks_is_named_once() {
        use LineOrder::{NewestFirst, OldestFirst};
        let bad = || Err(Fault::of_line(3, Reason::Zero));
        #[rustfmt::skip]
        let cases = [
            ("sums agree", vec![head(Some(100), OldestFirst), line(2, 50, None), line(3, -20, None), end(Some(130))], None),
            ("sums differ", vec![head(Some(100), OldestFirst), line(2, 50, None), end(Some(149))], Some((9, "closing_broken"))),
            ("no balances", vec![head(None, OldestFirst), line(2, 50, None), end(None)], None),
            ("line by line", vec![head(Some(100), OldestFirst), line(2, 50, Some(150)), line(3, -20, Some(130)), end(Some(130))], None),
            ("a line is missing", vec![head(None, OldestFirst), line(2, 50, Some(150)), line(3, 1, Some(131)), line(4, 1, Some(7)), end(None)], Some((3, "balance_broken"))),
            ("newest first", vec![head(Some(100), NewestFirst), line(2, -20, Some(130)), line(3, 50, Some(150)), end(Some(130))], None),
            ("newest first, one missing", vec![head(Some(100), NewestFirst), line(2, -20, Some(130)), line(3, 50, Some(160)), end(Some(130))], Some((3, "balance_broken"))),
            ("a gap", vec![head(Some(100), OldestFirst), line(2, 50, Some(150)), bad(), line(4, 1, Some(7)), end(Some(7))], None),
            ("behind a gap", vec![head(Some(100), OldestFirst), bad(), line(4, 1, Some(7)), line(5, 1, Some(9)), end(None)], Some((5, "balance_broken"))),
            ("two statements", vec![head(Some(1), OldestFirst), end(Some(1)), head(Some(5), OldestFirst), end(Some(6))], Some((9, "closing_broken"))),
        ];
        for (name, items, wanted) in cases {
            let faults = Controlled::new(items.into_iter()).filter_map(Result::err);
            let found: Vec<_> = faults
                .filter(|fault| fault.reason.scope() == Scope::Statement)
                .map(|fault| (fault.line, fault.reason.code()))
                .collect();
            assert_eq!(found, Vec::from_iter(wanted), "{name}");
        }
    }

    #[test]
    fn what_is_pending_moves_no_balance() {
        let Ok(Item::Line(mut pending)) = line(2, 50, None) else {
            unreachable!("it is a line");
        };
        pending.booking = Booking::Pending;
        let items = vec![
            head(Some(100), LineOrder::OldestFirst),
            Ok(Item::Line(pending)),
            end(Some(100)),
        ];
        assert!(Controlled::new(items.into_iter()).all(|item| item.is_ok()));
    }
}
