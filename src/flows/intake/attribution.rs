//! What a credit is for: matching, and the standing of all payments of a code.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::alarm::Alarm;
use super::record::Batch;
use crate::domain::code::CodeKindName;
use crate::domain::explanation::{Explanation, SuspenseReason};
use crate::domain::ids::{AccountId, CodeId, MerchantId, OutletId, PaymentId, SuspenseId, ZoneId};
use crate::domain::matching::{self, AccountOutlet, Texts};
use crate::domain::payment::Flag;
use crate::flows::standing::{Weighed, pay as settle};
use crate::store::codes::{self, CodeRow};
use crate::store::events::NewEvent;
use crate::store::payments::NewPayment;
use crate::store::suspense::{self, NewSuspenseItem};
use crate::store::transactions::NewTransaction;
use crate::store::{StoreError, accounts, match_switches};

/// What was decided, for the audit.
pub(super) struct Attributed {
    /// The payment or suspense item.
    pub(super) subject: String,
    /// Why.
    pub(super) detail: Value,
}

/// Where a credit belongs.
struct Target {
    merchant: MerchantId,
    outlet: OutletId,
    zone: ZoneId,
    code: Option<CodeRow>,
    attributed_by: &'static str,
}

/// Attributes a new credit to a code or an outlet, or puts it in suspense.
pub(super) async fn attribute(
    batch: &mut Batch<'_>,
    credit: &NewTransaction,
    identity: &str,
) -> Result<Attributed, StoreError> {
    let (explanation, code) = match_code(batch, credit).await?;
    let (explanation, target) = match code {
        Some(code) => (explanation, Some(by_code(code))),
        None => by_account(batch, credit, explanation).await?,
    };
    match target {
        Some(target) => pay(batch, credit, identity, &explanation, target).await,
        None => suspend(batch, credit, &explanation).await,
    }
}

/// The one code that the texts name, if the money is in that code's account.
async fn match_code(
    batch: &mut Batch<'_>,
    credit: &NewTransaction,
) -> Result<(Explanation, Option<CodeRow>), StoreError> {
    let texts = Texts {
        content: &credit.content,
        order_field: credit.order_reference.as_deref(),
    };
    let mut issued = BTreeSet::new();
    let mut found = Vec::new();
    for candidate in matching::candidates(texts) {
        if let Some(code) = codes::find_by_reference(&mut batch.tx, &candidate).await? {
            issued.insert(candidate);
            found.push(code);
        }
    }
    let explanation = matching::decide(texts, &issued);
    let named = found
        .into_iter()
        .find(|code| code.reference.is_some() && code.reference == explanation.reference);
    let Some(code) = named else {
        return Ok((explanation, None));
    };
    let shown = code.account_id.map(AccountId::from_uuid);
    Ok(match matching::check_account(credit.account, shown) {
        Ok(()) => (explanation, Some(code)),
        Err(reason) => (explanation.refused_for_account(reason), None),
    })
}

fn by_code(code: CodeRow) -> Target {
    Target {
        merchant: MerchantId::from_uuid(code.merchant_id),
        outlet: OutletId::from_uuid(code.outlet_id),
        zone: ZoneId::from_uuid(code.zone_id),
        code: Some(code),
        attributed_by: "reference",
    }
}

/// Only a credit whose text names nothing at all, and only where the merchant switched it on.
async fn by_account(
    batch: &mut Batch<'_>,
    credit: &NewTransaction,
    explanation: Explanation,
) -> Result<(Explanation, Option<Target>), StoreError> {
    if explanation.suspense != Some(SuspenseReason::NoReference) {
        return Ok((explanation, None));
    }
    let hung =
        match_switches::outlets_of_account(&mut batch.tx, credit.account, credit.occurred_at);
    let hung = hung.await?;
    let holder = accounts::holder_kind(&mut batch.tx, credit.account).await?;
    Ok(match matching::outlet_by_account(holder, &hung) {
        Some(AccountOutlet { outlet, zone, .. }) => {
            let merchant = credit.merchant;
            let attributed_by = "account";
            let target = Target {
                merchant,
                outlet,
                zone,
                code: None,
                attributed_by,
            };
            (explanation.by_account(), Some(target))
        }
        None => (explanation, None),
    })
}

async fn pay(
    batch: &mut Batch<'_>,
    credit: &NewTransaction,
    identity: &str,
    explanation: &Explanation,
    target: Target,
) -> Result<Attributed, StoreError> {
    let at = credit.recorded_at;
    let payment = NewPayment {
        id: PaymentId::from_uuid(batch.ledger.entropy.uuid(at)),
        transaction: credit.id,
        merchant: target.merchant,
        outlet: target.outlet,
        zone: target.zone,
        code: target.code.as_ref().map(|code| CodeId::from_uuid(code.id)),
        identity: identity.to_owned(),
        attributed_by: target.attributed_by,
        standing: if credit.duplicate_of.is_some() {
            "duplicate_suspected"
        } else {
            "counts"
        },
        received_vnd: credit.amount.get(),
        local_day: credit.local_day,
        occurred_at: credit.occurred_at,
        explanation: stored(explanation),
        recorded_at: at,
    };
    let speaker = batch.speaker();
    let code = target.code.as_ref();
    let Weighed { flags, .. } = settle(&mut batch.books(&speaker), &payment, code).await?;
    if let Some(code) = target.code.filter(|_| flags.has(Flag::RetiredCode)) {
        warn_of_old_sticker(batch, &code, at).await?;
    }
    let detail = json!({"transaction": credit.id.to_string(), "rule": explanation.word()});
    Ok(Attributed {
        subject: payment.id.to_string(),
        detail,
    })
}

/// A printed code that was taken out of use still hangs somewhere.
async fn warn_of_old_sticker(
    batch: &mut Batch<'_>,
    code: &CodeRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if code.kind != CodeKindName::Static.as_str() {
        return Ok(());
    }
    let about = Alarm {
        kind: "code.retired_in_use",
        subject: CodeId::from_uuid(code.id).to_string(),
        merchant: Some(MerchantId::from_uuid(code.merchant_id)),
        reason: "retired_code",
    };
    batch.raise_alert(about, now).await
}

async fn suspend(
    batch: &mut Batch<'_>,
    credit: &NewTransaction,
    explanation: &Explanation,
) -> Result<Attributed, StoreError> {
    let at = credit.recorded_at;
    let item = NewSuspenseItem {
        id: SuspenseId::from_uuid(batch.ledger.entropy.uuid(at)),
        transaction: credit.id,
        merchant: credit.merchant,
        account: credit.account,
        explanation: stored(explanation),
        opened_at: at,
    };
    suspense::insert(&mut batch.tx, &item).await?;
    let id = batch.event_id(at);
    batch.pending.events.push(NewEvent {
        id,
        at,
        kind: "suspense.opened",
        subject: item.id.to_string(),
        merchant: Some(item.merchant),
        outlet: None,
        payload: json!({"suspense_id": item.id.to_string(), "reason": explanation.word()}),
    });
    let detail = json!({"transaction": credit.id.to_string(), "reason": explanation.word()});
    Ok(Attributed {
        subject: item.id.to_string(),
        detail,
    })
}

fn stored(explanation: &Explanation) -> String {
    serde_json::to_string(explanation).expect("an explanation holds only words and texts")
}
