//! The past of the sample street: every sale told by its bank in a signed notice, day by day,
//! the newest day first.

use anyhow::Context;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::task::JoinSet;

use super::bank::BANKS;
use super::enrol::{OpenTrader, Street};
use super::plan::Plan;
use super::traffic::{Sale, Way, sales_on};
use super::words::PAYERS;
use crate::cli::bank::{Credit, CreditState};
use crate::cli::dice::Dice;
use crate::domain::code::CodeAmount;
use crate::domain::money::Vnd;
use crate::flows::intake::{Intake, Ledger};
use crate::flows::issue_code::{self, CodePurpose, Issuer, NewCodeRequest};
use crate::flows::receive_notice::{Reception, receive};
use crate::store::Tx;
use crate::store::reach::Reach;

/// How many notices of the past wait at once; more would keep the present waiting.
const NOTICES_TOGETHER: usize = 64;
/// How long a code for one sale is good.
const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// Writes the past.
pub(super) struct Historian {
    pub(super) ledger: Ledger,
    pub(super) intake: Intake,
    pub(super) plan: Plan,
    pub(super) street: Street,
}

impl Historian {
    /// Tells everything that was sold on a day before a moment; gives the number of sales.
    pub(super) async fn tell(
        &self,
        day: NaiveDate,
        before: DateTime<Utc>,
    ) -> anyhow::Result<usize> {
        let mut sales = sales_on(&self.plan, day);
        sales.retain(|sale| sale.at < before);
        let dice = Dice::new(self.plan.seed, &format!("texts {day}"));
        let references = self.own_codes(&dice, &sales).await?;
        let mut notices = JoinSet::new();
        for (sale, reference) in sales.iter().zip(&references) {
            for (place, amount) in (0..).zip(sale.way.credits(sale.due_vnd)) {
                if notices.len() >= NOTICES_TOGETHER {
                    accepted(notices.join_next().await.context("some wait")??)?;
                }
                let content = text(&dice, sale.way, reference);
                self.submit(&mut notices, sale, (place, amount), content);
            }
        }
        while let Some(taken) = notices.join_next().await {
            accepted(taken?)?;
        }
        Ok(sales.len())
    }

    /// The reference that each sale is paid under: the printed code's, or that of a code made
    /// for it.
    async fn own_codes(&self, dice: &Dice, sales: &[Sale]) -> anyhow::Result<Vec<String>> {
        let mut tx = self.ledger.store.begin_write().await?;
        let mut references = Vec::new();
        for sale in sales {
            let trader = &self.street.traders[sale.trader];
            references.push(if sale.way.has_own_code() {
                issue(&mut tx, dice, trader, sale).await?
            } else {
                trader.reference.clone()
            });
        }
        tx.commit().await?;
        Ok(references)
    }

    fn submit(
        &self,
        notices: &mut JoinSet<Result<Option<Reception>, crate::store::StoreError>>,
        sale: &Sale,
        (place, amount_vnd): (u64, i64),
        content: String,
    ) {
        let bank_number = self.plan.traders[sale.trader].bank;
        let (bank, secret) = (&BANKS[bank_number], &self.street.secrets[bank_number]);
        let booked_at = sale.at + TimeDelta::seconds(if place == 0 { 0 } else { 25 });
        let credit = Credit {
            number: sale.number + place,
            account: &self.street.traders[sale.trader].account,
            amount_vnd,
            content,
            order: "",
            booked_at,
            state: CreditState::Booked,
        };
        let sent_at = booked_at + TimeDelta::seconds(3);
        let delivery = bank.notice(secret, &credit, sent_at).delivery(bank.source);
        let (ledger, intake) = (self.ledger.clone(), self.intake.clone());
        notices.spawn(
            async move { receive(&ledger, &intake, bank.arrival(), delivery, sent_at).await },
        );
    }
}

fn accepted(taken: Result<Option<Reception>, crate::store::StoreError>) -> anyhow::Result<()> {
    match taken? {
        Some(Reception::Answered(answer, _)) if answer.status == 200 => Ok(()),
        other => anyhow::bail!("a notice of the sample data was not taken: {other:?}"),
    }
}

async fn issue(
    tx: &mut Tx,
    dice: &Dice,
    trader: &OpenTrader,
    sale: &Sale,
) -> anyhow::Result<String> {
    let at = sale.at - TimeDelta::seconds(40);
    let issuer = Issuer {
        actor: "phocho demo",
        reach: Reach::Everything,
        entropy: dice.entropy(),
        now: at,
    };
    let request = NewCodeRequest {
        outlet: trader.outlet,
        account: None,
        purpose: CodePurpose::Dynamic {
            amount: CodeAmount::new(Vnd::new(sale.due_vnd)?)?,
            expires_at: at + CODE_LIFETIME,
        },
    };
    let made = issue_code::issue(tx, &issuer, &request).await?;
    made.code.reference.context("our codes have a reference")
}

/// A reference that its payer typed by hand, with one letter wrong.
fn mistyped(reference: &str) -> String {
    let (right, last) = reference.split_at(reference.len() - 1);
    format!("{right}{}", if last == "A" { "B" } else { "A" })
}

/// A transfer text in one of the shapes that banks give it.
pub(super) fn text(dice: &Dice, way: Way, reference: &str) -> String {
    let (payer, long) = (dice.pick(&PAYERS), 10_000_000 + dice.below(89_999_999));
    let reference = match way {
        Way::Mangled => {
            let (front, back) = reference.split_at(5);
            format!("{} {}", front.to_lowercase(), back.to_lowercase())
        }
        Way::WithoutReference if dice.chance(30) => mistyped(reference),
        Way::WithoutReference => "chuyen tien".to_owned(),
        _ => reference.to_owned(),
    };
    match dice.below(5) {
        0 => format!("MBVCB.{long}12.{reference}.CT tu {payer}"),
        1 => format!("{reference} FT25{long}1234 Ma giao dich Trace{long}"),
        2 => format!("{payer} chuyen tien {reference}"),
        3 => format!("{reference} GD {long}-041126 00:05:38"),
        _ => reference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::txn_ref::{TxnRef, TxnRefError};

    #[test]
    fn a_text_without_the_reference_names_none_or_misses_it_by_one_letter() {
        let reference = TxnRef::from_random([7; 7]).to_string();
        let dice = Dice::new(7, "texts");
        let texts: Vec<_> = (0..100)
            .map(|_| text(&dice, Way::WithoutReference, &reference))
            .collect();
        assert!(texts.iter().all(|text| !text.contains(&reference)));
        let near = texts.iter().filter(|text| text.contains(&reference[..9]));
        assert!((10..60).contains(&near.count()), "{texts:?}");
        let mistyped = mistyped(&reference);
        assert_eq!(TxnRef::parse(&mistyped), Err(TxnRefError::Check));
    }
}
