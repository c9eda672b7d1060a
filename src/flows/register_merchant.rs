//! Registering a merchant: one person writes it down and hands it in, another lets it trade.

use serde_json::json;

use super::change::{Change, ChangeError, Deed, Thing, UniqueValue, check_version, check_won};
use super::open_outlet;
use crate::domain::ids::MerchantId;
use crate::domain::merchant::{MerchantEvent, MerchantState};
use crate::domain::refusal::Refusal;
use crate::store::merchants::{self, Merchant, MerchantProfile};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx, code_states};

/// Writes a merchant down.
pub async fn register(
    tx: &mut Tx,
    change: &Change<'_>,
    profile: MerchantProfile,
) -> Result<Merchant, ChangeError> {
    let (merchant, deed) = write_down(tx, change, profile).await?;
    change.record(tx, deed).await?;
    Ok(merchant)
}

/// Writes a merchant down; its deed is recorded by whoever has more of them.
pub(super) async fn write_down(
    tx: &mut Tx,
    change: &Change<'_>,
    profile: MerchantProfile,
) -> Result<(Merchant, Deed), ChangeError> {
    let merchant = Merchant {
        id: MerchantId::from_uuid(change.uuid()),
        profile,
        state: MerchantState::Draft,
        created_by: change.actor,
        created_at: change.now,
        updated_at: change.now,
        version: 1,
    };
    if !merchants::insert(tx, &merchant).await? {
        return Err(ChangeError::Taken(UniqueValue::TaxCode));
    }
    let detail = json!({"kind": merchant.profile.kind.as_str()});
    let deed = deed("merchant.register", merchant.id, detail);
    Ok((merchant, deed))
}

/// Corrects what was written down, as long as it is not handed in. `expected` is the version
/// that the caller has seen, if it says so.
pub async fn amend(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    (id, expected): (MerchantId, Option<i64>),
    profile: MerchantProfile,
) -> Result<Merchant, ChangeError> {
    let before = find(tx, reach, id).await?;
    check_version(expected, before.version)?;
    if !before.state.is_editable() {
        return Err(ChangeError::Refused(Refusal::WrongState {
            thing: "merchant",
            state: before.state.status().as_str(),
            event: "amend",
        }));
    }
    let (merchant, deed) = correct(tx, change, before, profile).await?;
    change.record(tx, deed).await?;
    Ok(merchant)
}

/// Corrects a merchant that may be corrected; the deed is recorded by whoever has more of
/// them.
pub(super) async fn correct(
    tx: &mut Tx,
    change: &Change<'_>,
    before: Merchant,
    profile: MerchantProfile,
) -> Result<(Merchant, Deed), ChangeError> {
    let (id, version) = (before.id, before.version);
    let written = merchants::update_profile(tx, id, version, &profile, change.now).await;
    check_won(written.map_err(taken)?)?;
    let changed = changed_fields(&before.profile, &profile);
    let deed = deed("merchant.amend", id, json!({"changed": changed}));
    let merchant = Merchant {
        profile,
        updated_at: change.now,
        version: version + 1,
        ..before
    };
    Ok((merchant, deed))
}

/// Takes a merchant one step further. One that leaves or is refused for good has its outlets
/// closed and its codes revoked; credits that still name them are recorded and flagged.
/// `expected` is the version that the caller has seen, if it says so.
pub async fn step(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    (id, expected): (MerchantId, Option<i64>),
    event: MerchantEvent,
) -> Result<Merchant, ChangeError> {
    let before = find(tx, reach, id).await?;
    check_version(expected, before.version)?;
    let from = before.state.status();
    let kind = kind_of(&event);
    let leaves = matches!(event, MerchantEvent::Close(_) | MerchantEvent::Reject(_));
    let state = before
        .state
        .clone()
        .transition(event, change.actor, change.now)?;
    let won = merchants::update_state(tx, id, before.version, &state, change.now).await?;
    check_won(won)?;
    let mut detail = json!({"from": from.as_str(), "to": state.status().as_str()});
    let mut closings = Vec::new();
    if leaves {
        closings = open_outlet::close_all(tx, change, id).await?;
        detail["outlets_closed"] = json!(closings.len());
        let revoked = code_states::revoke_of_merchant(tx, id, change.now).await?;
        detail["codes_revoked"] = json!(revoked);
    }
    let mut deeds = vec![deed(kind, id, detail)];
    deeds.append(&mut closings);
    change.record_all(tx, deeds).await?;
    Ok(Merchant {
        state,
        updated_at: change.now,
        version: before.version + 1,
        ..before
    })
}

async fn find(tx: &mut Tx, reach: Reach, id: MerchantId) -> Result<Merchant, ChangeError> {
    let found = merchants::find(tx, reach, id).await?;
    found.ok_or(ChangeError::NotFound(Thing::Subject))
}

fn taken(error: StoreError) -> ChangeError {
    if error.is_unique_violation() {
        ChangeError::Taken(UniqueValue::TaxCode)
    } else {
        error.into()
    }
}

fn deed(kind: &'static str, id: MerchantId, detail: serde_json::Value) -> Deed {
    Deed {
        kind,
        subject: id.to_string(),
        merchant: Some(id),
        outlet: None,
        detail,
    }
}

const fn kind_of(event: &MerchantEvent) -> &'static str {
    match event {
        MerchantEvent::Submit => "merchant.submit",
        MerchantEvent::StartReview => "merchant.start_review",
        MerchantEvent::Approve => "merchant.approve",
        MerchantEvent::RequestChanges(_) => "merchant.request_changes",
        MerchantEvent::Reject(_) => "merchant.reject",
        MerchantEvent::Suspend(_) => "merchant.suspend",
        MerchantEvent::Resume => "merchant.resume",
        MerchantEvent::Close(_) => "merchant.close",
    }
}

/// The names of the fields that differ; their values are personal.
fn changed_fields(before: &MerchantProfile, after: &MerchantProfile) -> Vec<&'static str> {
    [
        ("kind", before.kind != after.kind),
        ("name", before.name != after.name),
        (
            "representative",
            before.representative != after.representative,
        ),
        ("tax_code", before.tax_code != after.tax_code),
        ("phone", before.phone != after.phone),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
