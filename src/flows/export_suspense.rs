//! Credits without a code as a file for a spreadsheet.

use chrono::{DateTime, Utc};

use super::import::safe_cell;
use crate::domain::day::to_rfc3339;
use crate::domain::explanation::Explanation;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, PaymentId, SuspenseId};
use crate::domain::suggestion::SuspenseState;
use crate::store::reach::Reach;
use crate::store::suspense::{self, SuspenseRow};
use crate::store::{StoreError, Tx, inconsistent};

/// Rows of one file at most: what a spreadsheet opens at once.
pub const MOST_ROWS: usize = 10_000;
/// Rows that one query reads.
const PAGE: u32 = 1_000;
/// What makes a spreadsheet read a file as UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// How much of each item is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Whose it is, since when and why it waits.
    CountsAndAge,
    /// Also what came: for the trader, or for a recorded case.
    Money,
}

/// A file, and whether there are more items than it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// CSV in UTF-8 with a byte order mark.
    pub bytes: Vec<u8>,
    /// Items are left out: the file is full.
    pub has_more: bool,
}

/// The items in a state within reach, longest waiting first.
pub async fn sheet(
    tx: &mut Tx,
    reach: Reach,
    state: SuspenseState,
    shown: Shown,
    now: DateTime<Utc>,
) -> Result<Sheet, StoreError> {
    let mut rows: Vec<SuspenseRow> = Vec::new();
    loop {
        let after = rows
            .last()
            .map(|row| (row.opened_at, SuspenseId::from_uuid(row.id)));
        let page = suspense::list(tx, reach, state.as_str(), after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        rows.extend(page);
        if is_last || rows.len() > MOST_ROWS {
            break;
        }
    }
    let has_more = rows.len() > MOST_ROWS;
    rows.truncate(MOST_ROWS);
    Ok(Sheet {
        bytes: written(&rows, shown, now)?,
        has_more,
    })
}

fn written(rows: &[SuspenseRow], shown: Shown, now: DateTime<Utc>) -> Result<Vec<u8>, StoreError> {
    const ALWAYS: [&str; 9] = [
        "suspense_id",
        "merchant_id",
        "state",
        "outcome",
        "opened_at",
        "waits_days",
        "reason",
        "reason_vi",
        "reason_en",
    ];
    const MONEY: [&str; 7] = [
        "account_id",
        "transaction_id",
        "payment_id",
        "occurred_at",
        "amount_vnd",
        "content",
        "bank_reference",
    ];
    let in_memory = "writing to memory does not fail";
    let money = || MONEY.iter().filter(|_| shown == Shown::Money);
    let mut writer = csv::Writer::from_writer(MARK.to_vec());
    let header = ALWAYS.iter().chain(money());
    writer.write_record(header).expect(in_memory);
    for row in rows {
        let explanation = serde_json::from_str::<Explanation>(&row.explanation);
        let why = explanation.map_err(|_| inconsistent("suspense_items", "explanation", row.id))?;
        let until = row.settled_at.unwrap_or(now);
        let mut cells = vec![
            SuspenseId::from_uuid(row.id).to_string(),
            MerchantId::from_uuid(row.merchant_id).to_string(),
            row.state.clone(),
            row.outcome.clone().unwrap_or_default(),
            to_rfc3339(row.opened_at),
            (until - row.opened_at).num_days().to_string(),
            why.word().to_owned(),
            why.vi().to_owned(),
            why.en().to_owned(),
        ];
        if shown == Shown::Money {
            let payment = row.payment_id.map(PaymentId::from_uuid);
            cells.extend([
                AccountId::from_uuid(row.account_id).to_string(),
                BankTransactionId::from_uuid(row.transaction_id).to_string(),
                payment.map(|id| id.to_string()).unwrap_or_default(),
                to_rfc3339(row.occurred_at),
                row.amount_vnd.to_string(),
                safe_cell(&row.content),
                safe_cell(row.bank_reference.as_deref().unwrap_or_default()),
            ]);
        }
        writer.write_record(cells).expect(in_memory);
    }
    Ok(writer.into_inner().expect(in_memory))
}
