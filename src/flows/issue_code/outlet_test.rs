//! The test code of an outlet: the 1 000 đồng that prove it.

use super::change::newest_payload;
use super::place::find_place;
use super::{CodePurpose, IssueError, IssuedCode, Issuer, NewCodeRequest, issue};
use crate::domain::ids::OutletId;
use crate::domain::outlet::OutletState;
use crate::store::{Tx, code_revisions};

/// The test code of an outlet, and where the outlet stands.
#[derive(Clone, Debug)]
pub struct OutletTest {
    /// The code to pay.
    pub code: IssuedCode,
    /// Whether it was issued just now, or waited already.
    pub is_new: bool,
    /// Where the outlet stands.
    pub state: OutletState,
}

/// Gives an outlet's test code that still waits, or issues one. The place is held, so two who
/// ask at a time get the same code.
pub async fn outlet_test(
    tx: &mut Tx,
    issuer: &Issuer<'_>,
    outlet: OutletId,
) -> Result<OutletTest, IssueError> {
    let place = find_place(tx, issuer.reach, outlet).await?;
    place.require_not_closed()?;
    let state = place.outlet.state;
    if let Some(code) = code_revisions::waiting_test(tx, outlet, issuer.now).await? {
        let payload = newest_payload(tx, &code).await?;
        return Ok(OutletTest {
            code: IssuedCode { code, payload },
            is_new: false,
            state,
        });
    }
    let request = NewCodeRequest {
        outlet,
        account: None,
        purpose: CodePurpose::Test,
    };
    Ok(OutletTest {
        code: issue(tx, issuer, &request).await?,
        is_new: true,
        state,
    })
}
