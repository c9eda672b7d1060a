//! Checking a scanned code against the codes that are known here.
//!
//! A check leaves no record: anyone with a token may check any number of texts, and the
//! records are kept for ever.

use chrono::{DateTime, Utc};

use crate::domain::ids::{CodeId, OutletId};
use crate::store::codes::{self, CodeRow};
use crate::store::{StoreError, Tx, code_revisions};
use crate::vietqr::check::{CodeVerdict, KnownCode, check, named_references};

/// The most codes that showed one text and are looked at; of those in use there is one.
const SHOWN_MAX: u32 = 20;
/// The most revisions of a code that are compared, the newest ones.
const REVISIONS_MAX: u32 = 200;

/// A verdict, and the code that it is about.
#[derive(Clone, Debug)]
pub struct CheckedCode {
    /// What the scanned text is.
    pub verdict: CodeVerdict,
    /// The code that it names or shows, if one is known here.
    pub code: Option<CodeId>,
}

/// Checks a scanned text; `here` is the outlet where it was scanned, if that was said.
pub async fn check_code(
    tx: &mut Tx,
    scanned: &str,
    here: Option<OutletId>,
    now: DateTime<Utc>,
) -> Result<CheckedCode, StoreError> {
    let Some(references) = named_references(scanned) else {
        let verdict = CodeVerdict::Unreadable;
        return Ok(CheckedCode {
            verdict,
            code: None,
        });
    };
    let mut rows = code_revisions::codes_with(tx, scanned, SHOWN_MAX).await?;
    for reference in references {
        if let Some(code) = codes::find_by_reference(tx, &reference).await?
            && rows.iter().all(|row| row.id != code.id)
        {
            rows.push(code);
        }
    }
    let mut known = Vec::new();
    for row in &rows {
        known.push(known_code(tx, row, now).await?);
    }
    let (verdict, place) = check(scanned, &known, here);
    Ok(CheckedCode {
        verdict,
        code: place.map(|place| CodeId::from_uuid(rows[place].id)),
    })
}

async fn known_code(
    tx: &mut Tx,
    row: &CodeRow,
    now: DateTime<Utc>,
) -> Result<KnownCode, StoreError> {
    let id = CodeId::from_uuid(row.id);
    let revisions = code_revisions::list(tx, id, None, REVISIONS_MAX).await?;
    Ok(KnownCode {
        texts: revisions.into_iter().map(|one| one.payload).collect(),
        phase: row.state()?.phase_at(&row.terms()?, now),
        outlet: OutletId::from_uuid(row.outlet_id),
    })
}
