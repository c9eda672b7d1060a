//! A merchant as its row holds it, and back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Merchant, MerchantProfile};
use crate::domain::ids::{MerchantId, UserId};
use crate::domain::merchant::{Approval, MerchantKind, MerchantState, MerchantStatus};
use crate::domain::phone::Phone;
use crate::domain::tax_code::TaxCode;
use crate::domain::text::{PersonName, Reason, TradeName};
use crate::store::{StoreError, inconsistent};

#[derive(sqlx::FromRow)]
pub(super) struct MerchantRow {
    id: Uuid,
    kind: String,
    name: String,
    representative: String,
    tax_code: String,
    phone: String,
    state: String,
    state_reason: String,
    created_by: Uuid,
    submitted_by: Option<Uuid>,
    approved_by: Option<Uuid>,
    approved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl MerchantRow {
    fn bad(&self, column: &'static str) -> StoreError {
        inconsistent("merchants", column, self.id)
    }

    fn reason(&self) -> Result<Reason, StoreError> {
        Reason::parse(&self.state_reason).map_err(|_| self.bad("state_reason"))
    }

    fn submitter(&self) -> Result<UserId, StoreError> {
        let user = self.submitted_by.ok_or_else(|| self.bad("submitted_by"))?;
        Ok(UserId::from_uuid(user))
    }

    fn approval(&self) -> Result<Approval, StoreError> {
        let approved_by = self.approved_by.ok_or_else(|| self.bad("approved_by"))?;
        Ok(Approval {
            submitted_by: self.submitter()?,
            approved_by: UserId::from_uuid(approved_by),
            approved_at: self.approved_at.ok_or_else(|| self.bad("approved_at"))?,
        })
    }

    fn state(&self) -> Result<MerchantState, StoreError> {
        let status = MerchantStatus::parse(&self.state).map_err(|_| self.bad("state"))?;
        Ok(match status {
            MerchantStatus::Draft => MerchantState::Draft,
            MerchantStatus::Submitted => MerchantState::Submitted {
                submitted_by: self.submitter()?,
            },
            MerchantStatus::UnderReview => MerchantState::UnderReview {
                submitted_by: self.submitter()?,
            },
            MerchantStatus::ChangesRequested => MerchantState::ChangesRequested {
                reason: self.reason()?,
            },
            MerchantStatus::Rejected => MerchantState::Rejected {
                reason: self.reason()?,
            },
            MerchantStatus::Active => MerchantState::Active {
                approval: self.approval()?,
            },
            MerchantStatus::Suspended => MerchantState::Suspended {
                approval: self.approval()?,
                reason: self.reason()?,
            },
            MerchantStatus::Closed => MerchantState::Closed {
                approval: self.approval()?,
                reason: self.reason()?,
                closed_at: self.closed_at.ok_or_else(|| self.bad("closed_at"))?,
            },
        })
    }
}

impl TryFrom<MerchantRow> for Merchant {
    type Error = StoreError;

    fn try_from(row: MerchantRow) -> Result<Self, StoreError> {
        let kind = MerchantKind::parse(&row.kind).map_err(|_| row.bad("kind"))?;
        let profile = MerchantProfile {
            kind,
            name: TradeName::parse(&row.name).map_err(|_| row.bad("name"))?,
            representative: PersonName::parse(&row.representative)
                .map_err(|_| row.bad("representative"))?,
            tax_code: TaxCode::parse_for(kind, &row.tax_code).map_err(|_| row.bad("tax_code"))?,
            phone: Phone::parse(&row.phone).map_err(|_| row.bad("phone"))?,
        };
        Ok(Self {
            id: MerchantId::from_uuid(row.id),
            profile,
            state: row.state()?,
            created_by: UserId::from_uuid(row.created_by),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}
