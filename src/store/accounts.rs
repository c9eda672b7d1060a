//! Settlement accounts. Their facts never change; only their states do.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::account::{
    AccountState, AccountStatus, HolderKind, HolderName, SettlementAccount,
};
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::ids::{AccountId, MerchantId, UserId};
use crate::domain::text::TradeName;

/// A settlement account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// At which bank.
    pub bank: BankBin,
    /// Its number there.
    pub number: AccountNumber,
    /// The holder as the bank shows it to the payer.
    pub holder: HolderName,
    /// In what capacity it is held.
    pub holder_kind: HolderKind,
    /// The registered name of the business behind it.
    pub registered_name: TradeName,
    /// When the holder's name was checked at the bank.
    pub checked_at: Option<DateTime<Utc>>,
    /// Where it stands.
    pub state: AccountState,
    /// Who asked for it.
    pub requested_by: UserId,
    /// The account whose place it takes.
    pub replaces: Option<AccountId>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Raised by every change, from 1.
    pub version: i64,
}

impl Account {
    /// Its facts, for the rules about them.
    pub fn facts(&self) -> SettlementAccount {
        SettlementAccount {
            bank: self.bank,
            number: self.number.clone(),
            holder_name: self.holder.clone(),
            holder_kind: self.holder_kind,
            registered_name: Some(self.registered_name.clone()),
            checked_at: self.checked_at,
        }
    }
}

/// Which accounts to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountFilter {
    /// Only this merchant's.
    pub merchant: Option<MerchantId>,
    /// Only those that stand here.
    pub status: Option<AccountStatus>,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: Uuid,
    merchant_id: Uuid,
    bank_bin: String,
    account_number: String,
    holder_name: String,
    holder_kind: String,
    registered_name: String,
    checked_at: Option<DateTime<Utc>>,
    state: String,
    requested_by: Uuid,
    approved_by: Option<Uuid>,
    approved_at: Option<DateTime<Utc>>,
    effective_at: Option<DateTime<Utc>>,
    replaces_id: Option<Uuid>,
    retired_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    version: i64,
}

/// Stores a pending account. `false` means that this number of this bank is in use.
pub async fn insert(tx: &mut Tx, account: &Account) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO accounts
            (id,
             merchant_id,
             bank_bin,
             account_number,
             holder_name,
             holder_kind,
             registered_name,
             checked_at,
             state,
             requested_by,
             replaces_id,
             created_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $10, $11, 1)
        ON CONFLICT DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(account.id.uuid())
            .bind(account.merchant.uuid())
            .bind(account.bank.as_str())
            .bind(account.number.reveal())
            .bind(account.holder.as_str())
            .bind(account.holder_kind.as_str())
            .bind(account.registered_name.as_str())
            .bind(account.checked_at)
            .bind(account.requested_by.uuid())
            .bind(account.replaces.map(AccountId::uuid))
            .bind(account.created_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Moves version `version` to another state; the approval stays on record when the account
/// is retired. `false` means that someone else was first.
pub async fn update_state(
    tx: &mut Tx,
    id: AccountId,
    version: i64,
    state: AccountState,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE accounts SET state = $3,
            approved_by = COALESCE($4, approved_by),
            approved_at = COALESCE($5, approved_at),
            effective_at = COALESCE($6, effective_at),
            retired_at = $7,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let (approved_by, approved_at, effective_at, retired_at) = match state {
        AccountState::Pending { .. } | AccountState::Rejected => (None, None, None, None),
        AccountState::Approved {
            approved_by,
            approved_at,
            effective_at,
            ..
        } => (
            Some(approved_by.uuid()),
            Some(approved_at),
            Some(effective_at),
            None,
        ),
        AccountState::Retired { retired_at } => (None, None, None, Some(retired_at)),
    };
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(state.status().as_str())
            .bind(approved_by)
            .bind(approved_at)
            .bind(effective_at)
            .bind(retired_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Whether an account of this merchant was ever approved: every later one then waits.
pub async fn any_approved(tx: &mut Tx, merchant: MerchantId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM accounts
        WHERE merchant_id = $1 AND approved_at IS NOT NULL";
    let count: i64 = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(merchant.uuid())
            .fetch_one(connection)
            .await
    })?;
    Ok(count > 0)
}

/// How many accounts within reach are approved.
pub async fn count_approved(tx: &mut Tx, reach: Reach) -> Result<i64, StoreError> {
    const SQL: &str = concat!(
        "SELECT COUNT(*) FROM accounts a WHERE ",
        reaches_merchant!("a.merchant_id"),
        " AND a.state = 'approved'"
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .fetch_one(connection)
            .await
    })?)
}

/// The columns of accounts within reach: $1 is the merchant, $2 the person whose zones count.
/// Like a merchant, the account of one without an outlet is seen by all who look after zones.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT a.id,
                a.merchant_id,
                a.bank_bin,
                a.account_number,
                a.holder_name,
                a.holder_kind,
                a.registered_name,
                a.checked_at,
                a.state,
                a.requested_by,
                a.approved_by,
                a.approved_at,
                a.effective_at,
                a.replaces_id,
                a.retired_at,
                a.created_at,
                a.version
            FROM accounts a
            WHERE ($1 IS NULL OR a.merchant_id = $1)
                AND ($2 IS NULL
                    OR EXISTS (SELECT 1 FROM outlets o JOIN user_zones u ON u.zone_id = o.zone_id
                        WHERE o.merchant_id = a.merchant_id AND u.user_id = $2)
                    OR NOT EXISTS (SELECT 1 FROM outlets o
                        WHERE o.merchant_id = a.merchant_id)) ",
            $rest
        )
    };
}

/// An account within reach.
pub async fn find(tx: &mut Tx, reach: Reach, id: AccountId) -> Result<Option<Account>, StoreError> {
    const SQL: &str = select_within_reach!("AND a.id = $3");
    let row: Option<AccountRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Account::try_from).transpose()
}

/// The account within reach with this number of this bank that is pending or approved.
pub async fn find_by_number(
    tx: &mut Tx,
    reach: Reach,
    bank: BankBin,
    number: &AccountNumber,
) -> Result<Option<Account>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND a.bank_bin = $3 AND a.account_number = $4
            AND a.state <> 'rejected' AND a.state <> 'retired'"
    );
    let row: Option<AccountRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(bank.as_str())
            .bind(number.reveal())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Account::try_from).transpose()
}

/// In what capacity an account is held.
pub async fn holder_kind(tx: &mut Tx, id: AccountId) -> Result<HolderKind, StoreError> {
    const SQL: &str = "SELECT holder_kind FROM accounts WHERE id = $1";
    let kind: String = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(id.uuid())
            .fetch_one(connection)
            .await
    })?;
    HolderKind::parse(&kind).map_err(|_| inconsistent("accounts", "holder_kind", id))
}

/// Accounts within reach in the order in which they were asked for, after the given one.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: AccountFilter,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Vec<Account>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND ($3 IS NULL OR a.id > $3)
            AND ($4 IS NULL OR a.merchant_id = $4)
            AND ($5 IS NULL OR a.state = $5)
        ORDER BY a.id LIMIT $6"
    );
    let rows: Vec<AccountRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(after.map(AccountId::uuid))
            .bind(filter.merchant.map(MerchantId::uuid))
            .bind(filter.status.map(AccountStatus::as_str))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(Account::try_from).collect()
}

impl AccountRow {
    fn bad(&self, column: &'static str) -> StoreError {
        inconsistent("accounts", column, self.id)
    }

    fn state(&self) -> Result<AccountState, StoreError> {
        let requested_by = UserId::from_uuid(self.requested_by);
        let status = AccountStatus::parse(&self.state).map_err(|_| self.bad("state"))?;
        Ok(match status {
            AccountStatus::Pending => AccountState::Pending { requested_by },
            AccountStatus::Approved => AccountState::Approved {
                requested_by,
                approved_by: self
                    .approved_by
                    .map(UserId::from_uuid)
                    .ok_or_else(|| self.bad("approved_by"))?,
                approved_at: self.approved_at.ok_or_else(|| self.bad("approved_at"))?,
                effective_at: self.effective_at.ok_or_else(|| self.bad("effective_at"))?,
            },
            AccountStatus::Rejected => AccountState::Rejected,
            AccountStatus::Retired => AccountState::Retired {
                retired_at: self.retired_at.ok_or_else(|| self.bad("retired_at"))?,
            },
        })
    }
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId::from_uuid(row.id),
            merchant: MerchantId::from_uuid(row.merchant_id),
            bank: BankBin::parse(&row.bank_bin).map_err(|_| row.bad("bank_bin"))?,
            number: AccountNumber::parse(&row.account_number)
                .map_err(|_| row.bad("account_number"))?,
            holder: HolderName::parse(&row.holder_name).map_err(|_| row.bad("holder_name"))?,
            holder_kind: HolderKind::parse(&row.holder_kind).map_err(|_| row.bad("holder_kind"))?,
            registered_name: TradeName::parse(&row.registered_name)
                .map_err(|_| row.bad("registered_name"))?,
            checked_at: row.checked_at,
            state: row.state()?,
            requested_by: UserId::from_uuid(row.requested_by),
            replaces: row.replaces_id.map(AccountId::from_uuid),
            created_at: row.created_at,
            version: row.version,
        })
    }
}
