//! What a credit is for: its payment or its suspense item, as everything names it that was
//! told of it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::alarm::Alarm;
use super::standing::{Books, Weighed, pay as settle};
use crate::domain::code::CodeKindName;
use crate::domain::explanation::{Explanation, SuspenseReason};
use crate::domain::ids::{
    AccountId, BankTransactionId, CodeId, MerchantId, OutletId, PaymentId, SuspenseId, ZoneId,
};
use crate::domain::matching::{self, AccountOutlet, Texts};
use crate::domain::naming::Naming;
use crate::domain::payment::Flag;
use crate::store::audit::AuditEntry;
use crate::store::codes::{self, CodeRow};
use crate::store::payments::{NewPayment, PaymentRow};
use crate::store::suspense::{self, NewSuspenseItem};
use crate::store::transactions::NewTransaction;
use crate::store::{StoreError, Tx, accounts, match_switches};

/// What texts name, and the codes that they name.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) naming: Naming,
    codes: Vec<CodeRow>,
}

/// A credit that is attributed.
#[derive(Debug)]
pub(super) struct Credited {
    pub(super) transaction: BankTransactionId,
    pub(super) account: AccountId,
    pub(super) merchant: MerchantId,
    pub(super) amount_vnd: i64,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) local_day: NaiveDate,
    /// What it is known by among credits of the same bank time.
    pub(super) identity: String,
    /// Whether it may be another one told twice.
    pub(super) is_doubtful: bool,
    /// The present.
    pub(super) now: DateTime<Utc>,
}

/// Where a credit belongs.
#[derive(Debug)]
pub(super) struct Target {
    merchant: MerchantId,
    outlet: OutletId,
    zone: ZoneId,
    code: Option<CodeRow>,
    attributed_by: &'static str,
}

impl Target {
    /// Whether a payment says the same.
    pub(super) fn is_of(&self, payment: &PaymentRow) -> bool {
        let code = self.code.as_ref().map(|code| code.id);
        payment.code_id == code
            && payment.outlet_id == self.outlet.uuid()
            && payment.attributed_by == self.attributed_by
    }
}

impl From<Naming> for Read {
    /// What was read before; its codes are looked up where they matter.
    fn from(naming: Naming) -> Self {
        Self {
            naming,
            codes: Vec::new(),
        }
    }
}

impl From<&NewTransaction> for Credited {
    fn from(new: &NewTransaction) -> Self {
        Self {
            transaction: new.id,
            account: new.account,
            merchant: new.merchant,
            amount_vnd: new.amount.get(),
            occurred_at: new.occurred_at,
            local_day: new.local_day,
            identity: new.identity(),
            is_doubtful: new.duplicate_of.is_some(),
            now: new.recorded_at,
        }
    }
}

/// Reads what the texts of one telling name.
pub(super) async fn read(tx: &mut Tx, texts: Texts<'_>) -> Result<Read, StoreError> {
    let mut issued = BTreeSet::new();
    let mut found = Vec::new();
    for candidate in matching::candidates(texts) {
        if let Some(code) = codes::find_by_reference(tx, &candidate).await? {
            issued.insert(candidate);
            found.push(code);
        }
    }
    Ok(Read {
        naming: matching::read(texts, &issued),
        codes: found,
    })
}

/// Attributes a new credit to a code or an outlet, or puts it in suspense.
pub(super) async fn attribute(
    books: &mut Books<'_>,
    credit: &Credited,
    read: Read,
) -> Result<(), StoreError> {
    let decided = decide(books, credit, read).await?;
    enter(books, credit, decided).await
}

/// Makes the payment of a credit that has none, or puts it in suspense.
pub(super) async fn enter(
    books: &mut Books<'_>,
    credit: &Credited,
    (explanation, target): (Explanation, Option<Target>),
) -> Result<(), StoreError> {
    let (subject, detail) = if let Some(target) = target {
        let id = pay(books, credit, &explanation, target).await?;
        (id.to_string(), json!({"rule": explanation.word()}))
    } else {
        let id = suspend(books, credit, &explanation).await?;
        (id.to_string(), json!({"reason": explanation.word()}))
    };
    note(books, credit, ("credit.attribute", subject), detail);
    Ok(())
}

/// Leaves the trace of a decision about a credit.
pub(super) fn note(
    books: &mut Books<'_>,
    credit: &Credited,
    (action, subject): (&'static str, String),
    mut detail: serde_json::Value,
) {
    detail["transaction"] = credit.transaction.to_string().into();
    books.pending.entries.push(AuditEntry {
        at: credit.now,
        actor: books.actor.to_owned(),
        action,
        subject,
        detail,
    });
}

/// Where a credit belongs by what its texts name, and why.
pub(super) async fn decide(
    books: &mut Books<'_>,
    credit: &Credited,
    read: Read,
) -> Result<(Explanation, Option<Target>), StoreError> {
    let (explanation, code) = match_code(books.tx, credit, read).await?;
    match code {
        Some(code) => Ok((explanation, Some(by_code(code)))),
        None => by_account(books.tx, credit, explanation).await,
    }
}

/// The one code that the texts name, if the money is in that code's account.
async fn match_code(
    tx: &mut Tx,
    credit: &Credited,
    Read { naming, codes }: Read,
) -> Result<(Explanation, Option<CodeRow>), StoreError> {
    let explanation = naming.explain();
    let Some(reference) = &explanation.reference else {
        return Ok((explanation, None));
    };
    let mut read = codes.into_iter();
    let code = read.find(|code| code.reference.as_ref() == Some(reference));
    let code = match code {
        Some(code) => Some(code),
        None => codes::find_by_reference(tx, reference).await?,
    };
    let code = code.ok_or(StoreError::Conflict {
        table: "payment_codes",
    })?;
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

/// Only a credit whose texts name nothing at all, and only where the merchant switched it on.
async fn by_account(
    tx: &mut Tx,
    credit: &Credited,
    explanation: Explanation,
) -> Result<(Explanation, Option<Target>), StoreError> {
    if explanation.suspense != Some(SuspenseReason::NoReference) {
        return Ok((explanation, None));
    }
    let hung = match_switches::outlets_of_account(tx, credit.account, credit.occurred_at).await?;
    let holder = accounts::holder_kind(tx, credit.account).await?;
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

/// Makes the payment of a credit.
async fn pay(
    books: &mut Books<'_>,
    credit: &Credited,
    explanation: &Explanation,
    target: Target,
) -> Result<PaymentId, StoreError> {
    let at = credit.now;
    let payment = NewPayment {
        id: PaymentId::from_uuid(books.entropy.uuid(at)),
        transaction: credit.transaction,
        merchant: target.merchant,
        outlet: target.outlet,
        zone: target.zone,
        code: target.code.as_ref().map(|code| CodeId::from_uuid(code.id)),
        identity: credit.identity.clone(),
        attributed_by: target.attributed_by,
        standing: if credit.is_doubtful {
            "duplicate_suspected"
        } else {
            "counts"
        },
        received_vnd: credit.amount_vnd,
        local_day: credit.local_day,
        occurred_at: credit.occurred_at,
        explanation: stored(explanation),
        recorded_at: at,
    };
    let Weighed { flags, .. } = settle(books, &payment, target.code.as_ref()).await?;
    if let Some(code) = target.code.filter(|_| flags.has(Flag::RetiredCode)) {
        warn_of_old_sticker(books, &code, at).await?;
    }
    Ok(payment.id)
}

/// A printed code that was taken out of use still hangs somewhere.
async fn warn_of_old_sticker(
    books: &mut Books<'_>,
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
    books.raise_alert(about, now).await
}

/// Puts a credit in suspense.
pub(super) async fn suspend(
    books: &mut Books<'_>,
    credit: &Credited,
    explanation: &Explanation,
) -> Result<SuspenseId, StoreError> {
    let at = credit.now;
    let item = NewSuspenseItem {
        id: SuspenseId::from_uuid(books.entropy.uuid(at)),
        transaction: credit.transaction,
        merchant: credit.merchant,
        account: credit.account,
        explanation: stored(explanation),
        opened_at: at,
    };
    suspense::insert(books.tx, &item).await?;
    tell_of_item(books, credit, item.id, explanation);
    Ok(item.id)
}

/// Tells that a credit waits for its trader.
pub(super) fn tell_of_item(
    books: &mut Books<'_>,
    credit: &Credited,
    item: SuspenseId,
    explanation: &Explanation,
) {
    let id = item.to_string();
    let payload = json!({"suspense_id": id, "reason": explanation.word()});
    let news = ("suspense.opened", id, payload);
    books.tell(credit.now, news, credit.merchant, None);
}

/// An explanation as it is stored.
pub(super) fn stored(explanation: &Explanation) -> String {
    serde_json::to_string(explanation).expect("an explanation holds only words and texts")
}
