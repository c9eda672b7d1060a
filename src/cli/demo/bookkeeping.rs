//! What people do with a trader's money afterwards: two bank statements are held against the
//! books, one of which agrees and closes its days; money is given back; a payment is counted
//! elsewhere by two persons. All of it goes through the flows that people use.

use std::fmt::Write as _;
use std::io::Cursor;

use anyhow::Context;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::bank::SampleBank;
use super::enrol::OpenTrader;
use super::people::Staff;
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::credit::Direction;
use crate::domain::day::{Window, start_of_day, vietnam_offset};
use crate::domain::disclosure::CaseNumber;
use crate::domain::ids::{MoveId, PaymentId, StatementId, StatementProposalId, UserId};
use crate::domain::money::Vnd;
use crate::domain::reversal::Nature;
use crate::flows::access::Act;
use crate::flows::attribute_by_hand::Target;
use crate::flows::change::Change;
use crate::flows::intake::{Ledger, believe_statement};
use crate::flows::move_payment::{self, Verdict};
use crate::flows::reconcile::{self, Finished, Wishes};
use crate::flows::record_reversal::{self, GivenBack};
use crate::flows::settle_suspense::Trader;
use crate::store::accounts::{self, Account};
use crate::store::payments::{self, PaymentFilter, PaymentRow};
use crate::store::reach::Reach;
use crate::store::transactions::{self, TransactionRow};

/// How many days before today the statements begin.
pub(super) const STATEMENT_DAYS: i64 = 3;
/// What stands on an account before its statement begins, đồng.
const OPENING_VND: i64 = 5_000_000;
/// More movements than a trader has in those days and today.
const MOVEMENTS_MAX: u32 = 500;
/// A sale that no notice told of, đồng.
const UNTOLD_VND: i64 = 85_000;

/// Who keeps the books, and whose.
pub(super) struct Bookkeeper<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) staff: &'a Staff,
    pub(super) trader: &'a OpenTrader,
    pub(super) bank: &'static SampleBank,
    pub(super) today: NaiveDate,
    pub(super) now: DateTime<Utc>,
}

/// A line of a statement.
struct Line {
    at: DateTime<Utc>,
    reference: String,
    content: String,
    /// Below zero for money out, đồng.
    amount_vnd: i64,
}

impl Bookkeeper<'_> {
    /// Keeps the books of the days before today, which are told by now.
    pub(super) async fn keep(&self) -> anyhow::Result<()> {
        let yesterday = self.today - TimeDelta::days(1);
        let first = self.today - TimeDelta::days(STATEMENT_DAYS);
        let before = Window::new(first, yesterday - TimeDelta::days(1)).context("some days")?;
        let account = self.account().await?;
        let lines = self.movements(&account, before).await?;
        let at = start_of_day(yesterday) + TimeDelta::hours(8);
        self.reconcile(&account, before, &lines, at).await?;
        self.move_payment(before).await?;

        let yesterday = Window::day(yesterday);
        let lines = self.movements(&account, yesterday).await?;
        let back = self.give_back(yesterday).await?;
        let lines = differing_lines(lines, start_of_day(yesterday.first()), back);
        let finished = self
            .reconcile(&account, yesterday, &lines, self.now)
            .await?;
        self.believe(&finished).await
    }

    async fn account(&self) -> anyhow::Result<Account> {
        let bank = BankBin::parse(self.bank.bin)?;
        let number = AccountNumber::parse(&self.trader.account)?;
        let mut tx = self.ledger.store.begin_read().await?;
        let found = accounts::find_by_number(&mut tx, Reach::Everything, bank, &number).await?;
        tx.rollback().await?;
        found.context("a trader has an account")
    }

    /// What the bank told of an account, the oldest first.
    async fn movements(&self, account: &Account, days: Window) -> anyhow::Result<Vec<Line>> {
        let reach = Reach::Merchant(account.merchant);
        let mut tx = self.ledger.store.begin_read().await?;
        let found =
            transactions::list(&mut tx, reach, Some(account.id), None, MOVEMENTS_MAX).await?;
        tx.rollback().await?;
        let told = found.into_iter().filter(|it| holds(days, it.occurred_at));
        let mut lines: Vec<_> = told.map(line).collect();
        lines.reverse();
        Ok(lines)
    }

    /// The trader brings a statement at a moment.
    async fn reconcile(
        &self,
        account: &Account,
        days: Window,
        lines: &[Line],
        at: DateTime<Utc>,
    ) -> anyhow::Result<Finished> {
        let file = Cursor::new(statement(account, lines));
        let wishes = Wishes {
            period: Some(days),
            ..Wishes::default()
        };
        let examined = reconcile::examine(Box::new(file), account.clone(), wishes, at).await?;
        let actor = self.trader.merchant.to_string();
        let act = Act {
            now: at,
            ..self.act(&actor)
        };
        let (_, finished) = reconcile::import(self.ledger, &act, examined, &|_| {}).await?;
        Ok(finished)
    }

    /// A payment of a printed code counts at its outlet without a code, by two persons.
    async fn move_payment(&self, days: Window) -> anyhow::Result<()> {
        let payment = PaymentId::from_uuid(self.settled(days).await?.id);
        let (all, target) = (Reach::Everything, Target::Outlet(self.trader.outlet));
        let case = CaseNumber::parse("MAU-2026/1")?;
        let mut tx = self.ledger.store.begin_write().await?;
        let change = self.change(self.staff.maker);
        let proposal =
            move_payment::propose(&mut tx, &change, all, (payment, target), &case).await?;
        let which = (MoveId::from_uuid(proposal.id), None);
        let change = self.change(self.staff.checker);
        move_payment::decide(&mut tx, &change, all, which, Verdict::Approve).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Records that a customer got the price of a payment back; how much that is, đồng.
    async fn give_back(&self, days: Window) -> anyhow::Result<i64> {
        let payment = self.settled(days).await?;
        let given = GivenBack {
            amount: Vnd::new(payment.received_vnd)?,
            nature: Nature::CustomerRequest,
            note: None,
        };
        let actor = self.trader.merchant.to_string();
        let speaker = Trader {
            merchant: self.trader.merchant,
            till: None,
        };
        let id = PaymentId::from_uuid(payment.id);
        let mut tx = self.ledger.store.begin_write().await?;
        record_reversal::record(&mut tx, &self.act(&actor), speaker, id, &given).await?;
        tx.commit().await?;
        Ok(payment.received_vnd)
    }

    /// The newest payment of the days that counts in full by a code.
    async fn settled(&self, days: Window) -> anyhow::Result<PaymentRow> {
        let filter = PaymentFilter {
            outlet: Some(self.trader.outlet),
            code: None,
            from: Some(start_of_day(days.first())),
            until: Some(start_of_day(days.last() + TimeDelta::days(1))),
        };
        let reach = Reach::Merchant(self.trader.merchant);
        let mut tx = self.ledger.store.begin_read().await?;
        let found = payments::list(&mut tx, reach, filter, None, MOVEMENTS_MAX).await?;
        tx.rollback().await?;
        let mut plain = found
            .into_iter()
            .filter(|it| it.code_id.is_some() && it.status == "settled" && it.flags.is_empty());
        plain.next().context("somebody paid")
    }

    /// The trader proposes the lines that only the statement tells of: the money that went back
    /// is believed by an administrator, the sale waits for one.
    async fn believe(&self, finished: &Finished) -> anyhow::Result<()> {
        let id = StatementId::from_uuid(finished.import.id);
        let own = Reach::Merchant(self.trader.merchant);
        let actor = self.trader.merchant.to_string();
        for wanted in [Direction::Debit, Direction::Credit] {
            let lines = finished.differences.iter();
            let untold = lines.filter(|it| it.verdict.as_str() == "missing_here");
            let numbers: Vec<_> = untold
                .filter(|it| it.direction == wanted)
                .filter_map(|it| it.number)
                .collect();
            let mut tx = self.ledger.store.begin_write().await?;
            let made = reconcile::propose(&mut tx, &self.act(&actor), own, id, &numbers).await?;
            tx.commit().await?;
            if wanted == Direction::Debit {
                let second = self.staff.first_admin.to_string();
                let which = StatementProposalId::from_uuid(made.id);
                let all = Reach::Everything;
                believe_statement(self.ledger, &self.act(&second), all, (which, None)).await?;
            }
        }
        Ok(())
    }

    const fn act<'a>(&'a self, actor: &'a str) -> Act<'a> {
        Act {
            actor,
            now: self.now,
            entropy: &self.ledger.entropy,
        }
    }

    const fn change(&self, actor: UserId) -> Change<'_> {
        Change {
            actor,
            now: self.now,
            entropy: &self.ledger.entropy,
        }
    }
}

fn holds(days: Window, at: DateTime<Utc>) -> bool {
    start_of_day(days.first()) <= at && at < start_of_day(days.last() + TimeDelta::days(1))
}

fn line(told: TransactionRow) -> Line {
    let sign = if told.direction == Direction::Debit.as_str() {
        -1
    } else {
        1
    };
    Line {
        at: told.occurred_at,
        reference: told.bank_reference.unwrap_or_default(),
        content: told.content,
        amount_vnd: sign * told.amount_vnd,
    }
}

/// The same lines with all that can differ: the first amount is another one, the last line is
/// not there, and two lines tell of money that no notice told of.
fn differing_lines(mut lines: Vec<Line>, day: DateTime<Utc>, back_vnd: i64) -> Vec<Line> {
    lines.pop();
    if let Some(first) = lines.first_mut() {
        first.amount_vnd += 1_000;
    }
    let untold = |number: i64, content: &str, amount_vnd| Line {
        at: day + TimeDelta::hours(20 + number),
        reference: format!("FTSAOKE{number:08}"),
        content: content.to_owned(),
        amount_vnd,
    };
    lines.push(untold(1, "chuyen tien mua hang", UNTOLD_VND));
    lines.push(untold(2, "hoan tien cho khach", -back_vnd));
    lines
}

/// The statement of an account as a bank writes it.
fn statement(account: &Account, lines: &[Line]) -> String {
    let mut balance = OPENING_VND;
    let mut text = format!(
        "Số tài khoản;{};;;;\nSố dư đầu kỳ;;;;;{balance}\n\
         Ngày giao dịch;Số tham chiếu;Nội dung;Ghi nợ;Ghi có;Số dư\n",
        account.number.reveal()
    );
    for line in lines {
        balance += line.amount_vnd;
        let at = line.at.with_timezone(&vietnam_offset());
        let at = at.format("%d/%m/%Y %H:%M:%S");
        let amount = line.amount_vnd.abs();
        let sides = if line.amount_vnd < 0 {
            format!("{amount};")
        } else {
            format!(";{amount}")
        };
        writeln!(
            text,
            "{at};{};{};{sides};{balance}",
            line.reference, line.content
        )
        .expect("a text takes any length");
    }
    writeln!(text, "Số dư cuối kỳ;;;;;{balance}").expect("a text takes any length");
    text
}
