//! Opening one trader's money to staff, for a recorded case.

use serde_json::json;

use super::change::{Change, ChangeError, Deed, Thing};
use crate::domain::disclosure::CaseNumber;
use crate::domain::ids::MerchantId;
use crate::store::reach::Reach;
use crate::store::{Tx, merchants};

/// Records that someone reads `what` of a merchant within `reach` and gives the reach for that
/// reading. The audit keeps it, and the merchant finds it among its events.
pub async fn disclose(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    (merchant, case): (MerchantId, &CaseNumber),
    what: &'static str,
) -> Result<Reach, ChangeError> {
    let found = merchants::find(tx, reach, merchant).await?;
    found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    let deed = Deed {
        kind: "money.disclose",
        subject: merchant.to_string(),
        merchant: Some(merchant),
        outlet: None,
        detail: json!({"case": case.as_str(), "what": what}),
    };
    change.record(tx, deed).await?;
    Ok(Reach::Merchant(merchant))
}
