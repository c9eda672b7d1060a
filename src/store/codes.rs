//! Payment codes and every text that was ever shown for one.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_zone};
use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::code::{CodeKindName, CodePhase};
use crate::domain::ids::{AccountId, CodeId, MerchantId, OutletId};

/// A code as a credit needs it: where it hangs, whose account it names, what it expects.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CodeRow {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub merchant_id: Uuid,
    /// Where it hangs.
    pub outlet_id: Uuid,
    /// The zone of the outlet.
    pub zone_id: Uuid,
    /// The account it names.
    pub account_id: Option<Uuid>,
    /// `static` or `dynamic`.
    pub kind: String,
    /// `transfer` or `merchant_pay`.
    pub scheme: String,
    /// The reference in its transfer text.
    pub reference: Option<String>,
    /// `fixed`, `open` or `suggested`.
    pub amount_rule: String,
    /// The fixed or suggested amount, đồng.
    pub amount_vnd: Option<i64>,
    /// The least amount, đồng.
    pub floor_vnd: Option<i64>,
    /// The most, đồng.
    pub ceiling_vnd: Option<i64>,
    /// When it counts as expired.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its stored state; expiry is derived.
    pub state: String,
    /// When it went out of use.
    pub retired_at: Option<DateTime<Utc>>,
    /// When the expected amount was complete.
    pub completed_at: Option<DateTime<Utc>>,
    /// Whether its payments open an outlet and are left out of every figure.
    pub for_test: bool,
    /// The newest revision.
    pub revision: i64,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// Raised by every change.
    pub version: i64,
}

/// A code to issue or register.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Its id.
    pub id: CodeId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where it hangs.
    pub outlet: OutletId,
    /// The account it names; none for an acquirer's code.
    pub account: Option<AccountId>,
    /// `static` or `dynamic`.
    pub kind: &'static str,
    /// `transfer` or `merchant_pay`.
    pub scheme: &'static str,
    /// Unique for ever; none for an acquirer's code.
    pub reference: Option<String>,
    /// What it expects.
    pub terms: StoredTerms,
    /// When it counts as expired.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it opens an outlet.
    pub for_test: bool,
    /// The text of the picture.
    pub payload: String,
    /// Who issued it.
    pub created_by: String,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A code and the text of its newest revision.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ShownCode {
    /// The code.
    #[sqlx(flatten)]
    pub code: CodeRow,
    /// The text of its picture.
    pub payload: String,
}

/// Which codes to list, and when.
#[derive(Clone, Copy, Debug)]
pub struct CodeFilter {
    /// Only those of the outlet where the caller's till stands.
    pub till: Option<OutletId>,
    /// Only those that hang here.
    pub outlet: Option<OutletId>,
    /// Whether codes of single sales are among them: they tell a trader's takings.
    pub sales: bool,
    /// Only static or only dynamic ones.
    pub kind: Option<CodeKindName>,
    /// Only those that are this at the moment of `now`.
    pub phase: Option<CodePhase>,
    /// The present.
    pub now: DateTime<Utc>,
}

/// The amount rule of one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTerms {
    /// `fixed`, `open` or `suggested`.
    pub amount_rule: &'static str,
    /// The fixed or suggested amount, đồng.
    pub amount_vnd: Option<i64>,
    /// The least amount, đồng.
    pub floor_vnd: Option<i64>,
    /// The most, đồng.
    pub ceiling_vnd: Option<i64>,
}

/// Stores a code with its first revision. `false` means that the reference was issued
/// before: draw another.
pub async fn insert(tx: &mut Tx, code: &NewCode) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO payment_codes
            (id,
             merchant_id,
             outlet_id,
             account_id,
             kind,
             scheme,
             reference,
             amount_rule,
             amount_vnd,
             floor_vnd,
             ceiling_vnd,
             expires_at,
             state,
             for_test,
             revision,
             created_by,
             created_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'active', $13, 1, $14, $15, 1)
        ON CONFLICT (reference) DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(code.id.uuid())
            .bind(code.merchant.uuid())
            .bind(code.outlet.uuid())
            .bind(code.account.map(AccountId::uuid))
            .bind(code.kind)
            .bind(code.scheme)
            .bind(&code.reference)
            .bind(code.terms.amount_rule)
            .bind(code.terms.amount_vnd)
            .bind(code.terms.floor_vnd)
            .bind(code.terms.ceiling_vnd)
            .bind(code.expires_at)
            .bind(code.for_test)
            .bind(&code.created_by)
            .bind(code.now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    if affected == 0 {
        return Ok(false);
    }
    insert_revision(
        tx,
        code.id,
        1,
        &code.payload,
        &code.terms,
        &code.created_by,
        code.now,
    )
    .await?;
    Ok(true)
}

/// Stores what a revision shows.
pub async fn insert_revision(
    tx: &mut Tx,
    code: CodeId,
    revision: i64,
    payload: &str,
    terms: &StoredTerms,
    created_by: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO code_revisions
            (code_id,
             revision,
             payload,
             amount_rule,
             amount_vnd,
             floor_vnd,
             ceiling_vnd,
             created_by,
             created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(code.uuid())
            .bind(revision)
            .bind(payload)
            .bind(terms.amount_rule)
            .bind(terms.amount_vnd)
            .bind(terms.floor_vnd)
            .bind(terms.ceiling_vnd)
            .bind(created_by)
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("code_revisions", affected)
}

/// The columns of codes, perhaps some more, and the rest of the statement.
macro_rules! select_codes {
    ($more:literal, $rest:expr) => {
        concat!(
            "SELECT c.id,
                c.merchant_id,
                c.outlet_id,
                o.zone_id,
                c.account_id,
                c.kind,
                c.scheme,
                c.reference,
                c.amount_rule,
                c.amount_vnd,
                c.floor_vnd,
                c.ceiling_vnd,
                c.expires_at,
                c.state,
                c.retired_at,
                c.completed_at,
                c.for_test,
                c.revision,
                c.created_at,
                c.version",
            $more,
            " FROM payment_codes c JOIN outlets o ON o.id = c.outlet_id ",
            $rest
        )
    };
}
pub(super) use select_codes;

/// The code with this reference, in whatever state: a late credit still belongs to it.
pub async fn find_by_reference(
    tx: &mut Tx,
    reference: &str,
) -> Result<Option<CodeRow>, StoreError> {
    const SQL: &str = select_codes!("", "WHERE c.reference = $1");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reference)
            .fetch_optional(connection)
            .await
    })?)
}

/// A code within reach.
pub async fn find(tx: &mut Tx, reach: Reach, id: CodeId) -> Result<Option<CodeRow>, StoreError> {
    const SQL: &str = select_codes!(
        "",
        concat!(
            "WHERE ",
            reaches_zone!("c.merchant_id", "o.zone_id"),
            " AND c.id = $3"
        )
    );
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Codes within reach with their newest texts, before the given one, newest first.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: &CodeFilter,
    before: Option<CodeId>,
    limit: u32,
) -> Result<Vec<ShownCode>, StoreError> {
    const SQL: &str = select_codes!(
        ", r.payload",
        concat!(
            "JOIN code_revisions r ON r.code_id = c.id AND r.revision = c.revision
        WHERE ",
            reaches_zone!("c.merchant_id", "o.zone_id"),
            " AND ($3 IS NULL OR c.id < $3)
            AND ($4 IS NULL OR c.outlet_id = $4)
            AND ($5 IS NULL OR c.outlet_id = $5)
            AND ($6 IS NULL OR c.kind = $6)
            AND ($7 IS NULL OR c.state = $7)
            AND ($8 IS NULL OR (c.expires_at IS NOT NULL AND c.expires_at <= $9) = $8)
            AND ($10 OR c.kind = 'static' OR c.for_test)
        ORDER BY c.id DESC LIMIT $11"
        )
    );
    let (state, expired) = filter.phase.map(stored_phase).unzip();
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(before.map(CodeId::uuid))
            .bind(filter.till.map(OutletId::uuid))
            .bind(filter.outlet.map(OutletId::uuid))
            .bind(filter.kind.map(CodeKindName::as_str))
            .bind(state)
            .bind(expired.flatten())
            .bind(filter.now)
            .bind(filter.sales)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// The stored state behind a phase, and whether the clock must have passed the code's end.
const fn stored_phase(phase: CodePhase) -> (&'static str, Option<bool>) {
    match phase {
        CodePhase::Active => ("active", Some(false)),
        CodePhase::Expired => ("active", Some(true)),
        CodePhase::Completed => ("completed", None),
        CodePhase::Cancelled => ("cancelled", None),
        CodePhase::Superseded => ("superseded", None),
        CodePhase::Revoked => ("revoked", None),
    }
}

/// The text of a revision.
pub async fn payload(
    tx: &mut Tx,
    code: CodeId,
    revision: i64,
) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT payload FROM code_revisions WHERE code_id = $1 AND revision = $2";
    Ok(on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(code.uuid())
            .bind(revision)
            .fetch_optional(connection)
            .await
    })?)
}

/// Takes the lock of a code's row until the end of the transaction, so that its credits are
/// weighed one after another.
pub async fn lock(tx: &mut Tx, code: CodeId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE payment_codes SET version = version + 1 WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(code.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("payment_codes", affected)
}

/// Marks a dynamic code whose amount is complete; the first completion counts.
pub async fn complete(tx: &mut Tx, code: CodeId, at: DateTime<Utc>) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE payment_codes SET state = 'completed', completed_at = $2
        WHERE id = $1 AND state = 'active' AND kind = 'dynamic'";
    on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(code.uuid())
            .bind(at)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}
