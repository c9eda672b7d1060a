//! Merchants and where each stands.

mod row;

use chrono::{DateTime, Utc};

use self::row::MerchantRow;
use super::reach::Reach;
use super::{StoreError, Tx, on_engine};
use crate::domain::ids::{MerchantId, UserId};
use crate::domain::merchant::{Approval, MerchantKind, MerchantState, MerchantStatus};
use crate::domain::phone::Phone;
use crate::domain::tax_code::TaxCode;
use crate::domain::text::{PersonName, Reason, TradeName};

/// What a merchant is called and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantProfile {
    /// Household or company; decides the form of the tax code.
    pub kind: MerchantKind,
    /// The name over the door.
    pub name: TradeName,
    /// Who speaks for it.
    pub representative: PersonName,
    /// Personal data when it is a household's.
    pub tax_code: TaxCode,
    /// A mobile number.
    pub phone: Phone,
}

/// A registered merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// Name, representative, tax code, telephone.
    pub profile: MerchantProfile,
    /// Where it stands.
    pub state: MerchantState,
    /// Who wrote it down.
    pub created_by: UserId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// The last change.
    pub updated_at: DateTime<Utc>,
    /// Raised by every change, from 1.
    pub version: i64,
}

/// Which merchants to list.
#[derive(Clone, Debug, Default)]
pub struct MerchantFilter {
    /// Only those that stand here.
    pub status: Option<MerchantStatus>,
    /// Only those whose name holds this text, in capitals without diacritics.
    pub name: Option<String>,
}

/// Stores a draft. `false` means that a merchant with this tax code is there already.
pub async fn insert(tx: &mut Tx, merchant: &Merchant) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO merchants
            (id,
             kind,
             name,
             search_name,
             representative,
             tax_code,
             phone,
             state,
             state_reason,
             created_by,
             created_at,
             updated_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', '', $8, $9, $9, 1)
        ON CONFLICT DO NOTHING";
    let profile = &merchant.profile;
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(merchant.id.uuid())
            .bind(profile.kind.as_str())
            .bind(profile.name.as_str())
            .bind(profile.name.fold())
            .bind(profile.representative.as_str())
            .bind(profile.tax_code.reveal())
            .bind(profile.phone.reveal())
            .bind(merchant.created_by.uuid())
            .bind(merchant.created_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Writes another profile over version `version`. `false` means that someone else was first;
/// a tax code that another merchant has is a unique violation.
pub async fn update_profile(
    tx: &mut Tx,
    id: MerchantId,
    version: i64,
    profile: &MerchantProfile,
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE merchants SET kind = $3,
            name = $4,
            search_name = $5,
            representative = $6,
            tax_code = $7,
            phone = $8,
            updated_at = $9,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(profile.kind.as_str())
            .bind(profile.name.as_str())
            .bind(profile.name.fold())
            .bind(profile.representative.as_str())
            .bind(profile.tax_code.reveal())
            .bind(profile.phone.reveal())
            .bind(at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Moves version `version` to another state. `false` means that someone else was first.
pub async fn update_state(
    tx: &mut Tx,
    id: MerchantId,
    version: i64,
    state: &MerchantState,
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE merchants SET state = $3,
            state_reason = $4,
            submitted_by = COALESCE($5, submitted_by),
            approved_by = $6,
            approved_at = $7,
            closed_at = $8,
            updated_at = $9,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let facts = StateFacts::of(state);
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(state.status().as_str())
            .bind(facts.reason.map_or("", Reason::as_str))
            .bind(facts.submitted_by.map(UserId::uuid))
            .bind(facts.approval.map(|it| it.approved_by.uuid()))
            .bind(facts.approval.map(|it| it.approved_at))
            .bind(facts.closed_at)
            .bind(at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The columns of merchants within reach: $1 is the merchant, $2 the person whose zones
/// count. One without an outlet lies in no zone yet, so all who look after zones see it.
macro_rules! select_within_reach {
    ($rest:literal) => {
        concat!(
            "SELECT m.id,
                m.kind,
                m.name,
                m.representative,
                m.tax_code,
                m.phone,
                m.state,
                m.state_reason,
                m.created_by,
                m.submitted_by,
                m.approved_by,
                m.approved_at,
                m.closed_at,
                m.created_at,
                m.updated_at,
                m.version
            FROM merchants m
            WHERE ($1 IS NULL OR m.id = $1)
                AND ($2 IS NULL
                    OR EXISTS (SELECT 1 FROM outlets o JOIN user_zones u ON u.zone_id = o.zone_id
                        WHERE o.merchant_id = m.id AND u.user_id = $2)
                    OR NOT EXISTS (SELECT 1 FROM outlets o WHERE o.merchant_id = m.id)) ",
            $rest
        )
    };
}

/// A merchant within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: MerchantId,
) -> Result<Option<Merchant>, StoreError> {
    const SQL: &str = select_within_reach!("AND m.id = $3");
    let row: Option<MerchantRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Merchant::try_from).transpose()
}

/// The merchant within reach that has this tax code and has not left.
pub async fn find_by_tax_code(
    tx: &mut Tx,
    reach: Reach,
    code: &TaxCode,
) -> Result<Option<Merchant>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND m.tax_code = $3 AND m.state <> 'closed' AND m.state <> 'rejected'"
    );
    let row: Option<MerchantRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(code.reveal())
            .fetch_optional(connection)
            .await
    })?;
    row.map(Merchant::try_from).transpose()
}

/// Merchants within reach in the order of their registration, after the given one.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: &MerchantFilter,
    after: Option<MerchantId>,
    limit: u32,
) -> Result<Vec<Merchant>, StoreError> {
    const SQL: &str = select_within_reach!(
        "AND ($3 IS NULL OR m.id > $3)
            AND ($4 IS NULL OR m.state = $4)
            AND ($5 IS NULL OR m.search_name LIKE $5 ESCAPE '!')
        ORDER BY m.id LIMIT $6"
    );
    let rows: Vec<MerchantRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(after.map(MerchantId::uuid))
            .bind(filter.status.map(MerchantStatus::as_str))
            .bind(filter.name.as_deref().map(containing))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(Merchant::try_from).collect()
}

/// The pattern of what holds `text`; its own `%`, `_` and `!` stand for themselves.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// What the columns beside the state's name hold.
#[derive(Default)]
struct StateFacts<'a> {
    reason: Option<&'a Reason>,
    submitted_by: Option<UserId>,
    approval: Option<Approval>,
    closed_at: Option<DateTime<Utc>>,
}

impl<'a> StateFacts<'a> {
    fn of(state: &'a MerchantState) -> Self {
        let (reason, submitted_by, approval, closed_at) = match state {
            MerchantState::Draft => (None, None, None, None),
            MerchantState::Submitted { submitted_by }
            | MerchantState::UnderReview { submitted_by } => {
                (None, Some(*submitted_by), None, None)
            }
            MerchantState::ChangesRequested { reason } | MerchantState::Rejected { reason } => {
                (Some(reason), None, None, None)
            }
            MerchantState::Active { approval } => (None, None, Some(*approval), None),
            MerchantState::Suspended { approval, reason } => {
                (Some(reason), None, Some(*approval), None)
            }
            MerchantState::Closed {
                approval,
                reason,
                closed_at,
            } => (Some(reason), None, Some(*approval), Some(*closed_at)),
        };
        Self {
            reason,
            submitted_by,
            approval,
            closed_at,
        }
    }
}
