//! Registering zones, one by one or the pilot's first list.

use serde_json::json;

use super::change::{Change, ChangeError, Deed, UniqueValue};
use crate::domain::ids::ZoneId;
use crate::domain::text::TradeName;
use crate::domain::zone::{WardHistory, ZoneCode, ZoneKind, ZoneRole, ZoneSeed};
use crate::store::Tx;
use crate::store::zones::{self, Zone};

/// A zone to register.
#[derive(Clone, Debug)]
pub struct NewZone {
    /// Its code for ever.
    pub code: ZoneCode,
    /// What it is.
    pub kind: ZoneKind,
    /// Its Vietnamese name.
    pub name: TradeName,
    /// Why it is watched.
    pub role: ZoneRole,
    /// The wards it lay in.
    pub wards: WardHistory,
    /// What is uncertain about its facts; may be empty.
    pub note: String,
    /// Whether a public source confirms all its facts.
    pub facts_verified: bool,
}

impl From<&ZoneSeed> for NewZone {
    fn from(seed: &ZoneSeed) -> Self {
        Self {
            code: seed.code.clone(),
            kind: seed.kind,
            name: TradeName::parse(&seed.name).expect("the list has good names"),
            role: seed.role,
            wards: seed.wards.clone(),
            note: seed.note.clone(),
            facts_verified: seed.facts_verified,
        }
    }
}

/// Registers a zone.
pub async fn register(tx: &mut Tx, change: &Change<'_>, new: NewZone) -> Result<Zone, ChangeError> {
    let zone = Zone {
        id: ZoneId::from_uuid(change.uuid()),
        code: new.code,
        kind: new.kind,
        name: new.name,
        role: new.role,
        wards: new.wards,
        note: new.note,
        facts_verified: new.facts_verified,
        created_at: change.now,
        version: 1,
    };
    if !zones::insert(tx, &zone).await? {
        return Err(ChangeError::Taken(UniqueValue::ZoneCode));
    }
    let deed = Deed {
        kind: "zone.register",
        subject: zone.id.to_string(),
        merchant: None,
        outlet: None,
        detail: json!({"code": zone.code.as_str(), "role": zone.role.as_str()}),
    };
    change.record(tx, deed).await?;
    Ok(zone)
}

/// Registers the zones of the pilot's first list that are not there yet, and says how many.
pub async fn seed(tx: &mut Tx, change: &Change<'_>) -> Result<usize, ChangeError> {
    let mut registered = 0;
    for seed in ZoneSeed::all() {
        if zones::id_by_code(tx, &seed.code).await?.is_none() {
            register(tx, change, seed.into()).await?;
            registered += 1;
        }
    }
    Ok(registered)
}
