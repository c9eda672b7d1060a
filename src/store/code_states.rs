//! Where a payment code stands and what it asks for: rows to the domain's types, and changes
//! written over the version that was read.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::codes::{CodeRow, StoredTerms, insert_revision};
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::code::{
    AmountLimits, AmountRule, AmountRuleName, CodeAmount, CodeKind, CodeKindName, CodeScheme,
    CodeState, CodeStatus, CodeTerms,
};
use crate::domain::ids::{CodeId, MerchantId, OutletId};
use crate::domain::money::Vnd;

/// A change of what a code asks for.
#[derive(Clone, Debug)]
pub struct Amendment<'a> {
    /// The new amount rule.
    pub rule: AmountRule,
    /// The new text of the picture.
    pub payload: &'a str,
    /// Who changed it.
    pub by: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
}

/// Moves version `version` to another state. `false` means that someone else was first.
pub async fn update_state(
    tx: &mut Tx,
    id: CodeId,
    version: i64,
    state: CodeState,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE payment_codes SET state = $3,
            retired_at = $4,
            completed_at = COALESCE($5, completed_at),
            version = version + 1
        WHERE id = $1 AND version = $2";
    let completed_at = match state {
        CodeState::Completed { completed_at } => Some(completed_at),
        _ => None,
    };
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(state.status().as_str())
            .bind(state.retired_at())
            .bind(completed_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Withdraws every code in use at an outlet that closes; their number is returned.
pub async fn cancel_of_outlet(
    tx: &mut Tx,
    outlet: OutletId,
    at: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE payment_codes SET state = 'cancelled',
            retired_at = $2,
            version = version + 1
        WHERE outlet_id = $1 AND state = 'active'";
    retire_all(tx, SQL, outlet.uuid(), at).await
}

/// Revokes every code in use of a merchant that leaves; their number is returned.
pub async fn revoke_of_merchant(
    tx: &mut Tx,
    merchant: MerchantId,
    at: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE payment_codes SET state = 'revoked',
            retired_at = $2,
            version = version + 1
        WHERE merchant_id = $1 AND state = 'active'";
    retire_all(tx, SQL, merchant.uuid(), at).await
}

async fn retire_all(
    tx: &mut Tx,
    sql: &'static str,
    whose: Uuid,
    at: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(on_engine!(tx, |connection| {
        sqlx::query(sql)
            .bind(whose)
            .bind(at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}

/// Writes another amount rule over version `version` and keeps the new text as the next
/// revision, whose number is returned. `None` means that someone else was first.
pub async fn amend(
    tx: &mut Tx,
    id: CodeId,
    version: i64,
    amendment: &Amendment<'_>,
) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "UPDATE payment_codes SET amount_rule = $3,
            amount_vnd = $4,
            floor_vnd = $5,
            ceiling_vnd = $6,
            revision = revision + 1,
            version = version + 1
        WHERE id = $1 AND version = $2 RETURNING revision";
    let terms = StoredTerms::from(amendment.rule);
    let revision: Option<i64> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(terms.amount_rule)
            .bind(terms.amount_vnd)
            .bind(terms.floor_vnd)
            .bind(terms.ceiling_vnd)
            .fetch_optional(connection)
            .await
    })?;
    if let Some(revision) = revision {
        let Amendment {
            payload, by, now, ..
        } = amendment;
        insert_revision(tx, id, revision, payload, &terms, by, *now).await?;
    }
    Ok(revision)
}

impl From<AmountRule> for StoredTerms {
    fn from(rule: AmountRule) -> Self {
        let limits = match rule {
            AmountRule::Open(limits) => limits,
            AmountRule::Fixed(_) | AmountRule::Suggested(_) => AmountLimits::default(),
        };
        let stored = |amount: Option<CodeAmount>| amount.map(|amount| amount.vnd().get());
        Self {
            amount_rule: rule.name().as_str(),
            amount_vnd: stored(rule.shown()),
            floor_vnd: stored(limits.floor()),
            ceiling_vnd: stored(limits.ceiling()),
        }
    }
}

impl CodeRow {
    /// Whether it asks for the amount of one sale; a test code does not.
    pub fn is_of_one_sale(&self) -> bool {
        self.kind == CodeKindName::Dynamic.as_str() && !self.for_test
    }

    /// What the code was issued for.
    pub fn terms(&self) -> Result<CodeTerms, StoreError> {
        let kind = match CodeKindName::parse(&self.kind).map_err(|_| self.bad("kind"))? {
            CodeKindName::Static => CodeKind::Static,
            CodeKindName::Dynamic => CodeKind::Dynamic {
                expires_at: self.expires_at.ok_or_else(|| self.bad("expires_at"))?,
            },
        };
        let scheme = CodeScheme::parse(&self.scheme).map_err(|_| self.bad("scheme"))?;
        CodeTerms::new(kind, scheme, self.amount_rule()?).map_err(|_| self.bad("amount_rule"))
    }

    /// Where the code stands.
    pub fn state(&self) -> Result<CodeState, StoreError> {
        let retired_at = || self.retired_at.ok_or_else(|| self.bad("retired_at"));
        let status = CodeStatus::parse(&self.state).map_err(|_| self.bad("state"))?;
        Ok(match status {
            CodeStatus::Active => CodeState::Active,
            CodeStatus::Completed => CodeState::Completed {
                completed_at: self.completed_at.ok_or_else(|| self.bad("completed_at"))?,
            },
            CodeStatus::Cancelled => CodeState::Cancelled {
                retired_at: retired_at()?,
            },
            CodeStatus::Superseded => CodeState::Superseded {
                retired_at: retired_at()?,
            },
            CodeStatus::Revoked => CodeState::Revoked {
                retired_at: retired_at()?,
            },
        })
    }

    fn amount_rule(&self) -> Result<AmountRule, StoreError> {
        let amount = || {
            self.amount(self.amount_vnd, "amount_vnd")?
                .ok_or_else(|| self.bad("amount_vnd"))
        };
        let rule = AmountRuleName::parse(&self.amount_rule).map_err(|_| self.bad("amount_rule"))?;
        Ok(match rule {
            AmountRuleName::Fixed => AmountRule::Fixed(amount()?),
            AmountRuleName::Suggested => AmountRule::Suggested(amount()?),
            AmountRuleName::Open => {
                let floor = self.amount(self.floor_vnd, "floor_vnd")?;
                let ceiling = self.amount(self.ceiling_vnd, "ceiling_vnd")?;
                let limits = AmountLimits::new(floor, ceiling);
                AmountRule::Open(limits.map_err(|_| self.bad("floor_vnd"))?)
            }
        })
    }

    fn amount(
        &self,
        stored: Option<i64>,
        column: &'static str,
    ) -> Result<Option<CodeAmount>, StoreError> {
        let read = |amount| {
            let amount = Vnd::new(amount).map_err(|_| self.bad(column))?;
            CodeAmount::new(amount).map_err(|_| self.bad(column))
        };
        stored.map(read).transpose()
    }

    fn bad(&self, column: &'static str) -> StoreError {
        inconsistent("payment_codes", column, self.id)
    }
}

/// Puts a dynamic code whose amount is no longer complete back in use.
pub async fn reopen(tx: &mut Tx, code: CodeId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE payment_codes SET state = 'active', completed_at = NULL
        WHERE id = $1 AND state = 'completed' AND kind = 'dynamic'";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(code.uuid());
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}
