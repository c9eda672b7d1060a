//! Drawing one more telling of a known transaction into the books.
//!
//! The books say the same in whatever order the tellings of a transaction came: its time and
//! reference are those of all of them, and a credit is attributed by what all their texts name
//! together. So a later telling may find the code that the first one's text had lost, or name
//! another one, which leaves it to a person. What a person has decided stays.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::alarm::Alarm;
use super::attribution::{Credited, Read, Target, decide, enter, note, stored, tell_of_item};
use super::standing::{Books, annul, retime};
use crate::domain::bank_time::{ToldTime, bank_time};
use crate::domain::credit::Direction;
use crate::domain::day::local_day;
use crate::domain::explanation::Explanation;
use crate::domain::ids::{
    AccountId, BankTransactionId, MerchantId, OutletId, PaymentId, SuspenseId,
};
use crate::domain::matching::Texts;
use crate::domain::naming::Naming;
use crate::store::payments::{self, PaymentRow};
use crate::store::reach::Reach;
use crate::store::suspense::{self, NewSettlement, SuspenseRow};
use crate::store::transactions::tellings::{self, TellingRow};
use crate::store::transactions::{self, TransactionRow};
use crate::store::{StoreError, inconsistent, locks};

/// What became of a credit until now.
struct Present {
    payment: Option<PaymentRow>,
    item: Option<SuspenseRow>,
}

/// A transaction of which something else is told than before.
pub(super) struct Retold<'a> {
    pub(super) account: AccountId,
    pub(super) transaction: BankTransactionId,
    /// When it was, and in which words, where a source has just told that.
    pub(super) words: Option<(DateTime<Utc>, Texts<'a>)>,
    /// The present.
    pub(super) now: DateTime<Utc>,
}

/// Draws everything that was told of a transaction into the books, after a telling was added
/// or taken away.
pub(super) async fn retell(books: &mut Books<'_>, retold: Retold<'_>) -> Result<(), StoreError> {
    let (account, id, now) = (retold.account, retold.transaction, retold.now);
    // Of two writers that add a telling at the same moment the second one sees both.
    locks::account(books.tx, account).await?;
    let found = transactions::find(books.tx, Reach::Everything, id).await?;
    let mut row = found.ok_or_else(|| inconsistent("bank_transactions", "id", id))?;
    let told = tellings::tellings(books.tx, id).await?;
    if let Some((at, texts)) = retold.words {
        show(books, &row, &told, (at, texts)).await?;
    }
    let is_restated = restate(books, &mut row, &told).await?;
    if row.direction != Direction::Credit.as_str() {
        return Ok(());
    }
    let mut present = present(books, &row).await?;
    let identity = transactions::identity(books.tx, id).await?;
    if let Some(payment) = present.payment.take_if(|_| is_restated) {
        let told = (row.occurred_at, identity.clone());
        present.payment = Some(retime(books, payment, told, now).await?);
    }
    // A second telling under one number counts by the decision of people, and waits for them.
    let is_decided = told.iter().any(|told| told.kind == "decision");
    if is_decided || present.is_of_a_person() {
        return Ok(());
    }
    let mut naming = Naming::default();
    for one in &told {
        let bad = |_| inconsistent("transaction_evidence", "naming", id);
        naming = naming.join(Naming::parse(one.naming.as_deref()).map_err(bad)?);
    }
    let credit = Credited {
        transaction: id,
        account,
        merchant: MerchantId::from_uuid(row.merchant_id),
        amount_vnd: row.amount_vnd,
        occurred_at: row.occurred_at,
        local_day: local_day(row.occurred_at),
        identity,
        is_doubtful: row.is_doubtful(),
        now,
    };
    let decided = decide(books, &credit, Read::from(naming)).await?;
    attribute_again(books, &credit, present, decided).await
}

/// Shows the words of the telling whose time is believed; of equals the longer ones, from which
/// less was cut.
async fn show(
    books: &mut Books<'_>,
    row: &TransactionRow,
    told: &[TellingRow],
    (at, texts): (DateTime<Utc>, Texts<'_>),
) -> Result<(), StoreError> {
    let sources = told.iter().filter(|told| told.by_source).count();
    let shown = ToldTime {
        at: row.occurred_at,
        by_source: sources > 1,
    };
    let new = ToldTime {
        at,
        by_source: true,
    };
    let words = |content: &str, order: Option<&str>| {
        (content.len(), content.to_owned(), order.map(str::to_owned))
    };
    let is_fuller = words(texts.content, texts.order_field)
        > words(&row.content, row.order_reference.as_deref());
    if !new.leads(shown) && (shown != new || !is_fuller) {
        return Ok(());
    }
    let id = BankTransactionId::from_uuid(row.id);
    tellings::show_texts(books.tx, id, texts.content, texts.order_field).await
}

/// Writes the time and the reference of a transaction as all its tellings have them; whether
/// anything changed.
async fn restate(
    books: &mut Books<'_>,
    row: &mut TransactionRow,
    told: &[TellingRow],
) -> Result<bool, StoreError> {
    let times = told.iter().filter_map(|told| {
        let (by_source, at) = (told.by_source, told.occurred_at?);
        Some(ToldTime { at, by_source })
    });
    let occurred_at = bank_time(times).unwrap_or(row.occurred_at);
    let reference = told.iter().find_map(|told| told.bank_reference.clone());
    let bank_reference = row.bank_reference.clone().or(reference);
    if (occurred_at, &bank_reference) == (row.occurred_at, &row.bank_reference) {
        return Ok(false);
    }
    let id = BankTransactionId::from_uuid(row.id);
    let when = (occurred_at, local_day(occurred_at));
    tellings::retell(books.tx, id, when, bank_reference.as_deref()).await?;
    (row.occurred_at, row.bank_reference) = (occurred_at, bank_reference);
    Ok(true)
}

async fn present(books: &mut Books<'_>, row: &TransactionRow) -> Result<Present, StoreError> {
    let id = BankTransactionId::from_uuid(row.id);
    let item = match row.suspense_id.map(SuspenseId::from_uuid) {
        Some(item) => suspense::find(books.tx, Reach::Everything, item).await?,
        None => None,
    };
    Ok(Present {
        payment: payments::of_transaction(books.tx, id).await?,
        item,
    })
}

impl Present {
    /// Whether a person said what the credit is, or nobody had to: what takes money back in
    /// the direction of a credit is neither paid nor waits.
    fn is_of_a_person(&self) -> bool {
        match (&self.payment, &self.item) {
            (Some(payment), _) => payment.attributed_by == "person",
            (None, Some(item)) => item.state != "open",
            (None, None) => true,
        }
    }
}

/// Brings the payment or the item of a credit into line with what is decided now.
async fn attribute_again(
    books: &mut Books<'_>,
    credit: &Credited,
    Present { payment, item }: Present,
    (explanation, target): (Explanation, Option<Target>),
) -> Result<(), StoreError> {
    match (payment, target) {
        (Some(payment), Some(target)) if target.is_of(&payment) => {
            let id = PaymentId::from_uuid(payment.id);
            let explained = stored(&explanation);
            if explained != payment.explanation {
                payments::explain(books.tx, id, &explained).await?;
            }
            Ok(())
        }
        (Some(payment), target) => {
            void(books, credit, &payment, &explanation).await?;
            place(books, credit, item, (explanation, target)).await
        }
        (None, target) => {
            if let Some(item) = item.as_ref().filter(|_| target.is_some()) {
                close(books, credit, item).await?;
            }
            place(books, credit, item, (explanation, target)).await
        }
    }
}

/// Makes the payment of a credit that has none now, or lets it wait in the item that it had.
async fn place(
    books: &mut Books<'_>,
    credit: &Credited,
    item: Option<SuspenseRow>,
    (explanation, target): (Explanation, Option<Target>),
) -> Result<(), StoreError> {
    match (target, item) {
        (None, Some(item)) => wait_again(books, credit, &item, &explanation).await,
        (target, _) => enter(books, credit, (explanation, target)).await,
    }
}

/// Takes a payment back that was made before everything was told. Somebody may have acted on
/// it, so a person is told.
async fn void(
    books: &mut Books<'_>,
    credit: &Credited,
    payment: &PaymentRow,
    explanation: &Explanation,
) -> Result<(), StoreError> {
    let id = PaymentId::from_uuid(payment.id);
    if !annul(books, payment, credit.now).await? {
        return Err(StoreError::Conflict { table: "payments" });
    }
    let reason = explanation.word();
    let about = Alarm {
        kind: "payment.voided",
        subject: id.to_string(),
        merchant: Some(credit.merchant),
        reason,
    };
    let (merchant, outlet) = (
        MerchantId::from_uuid(payment.merchant_id),
        OutletId::from_uuid(payment.outlet_id),
    );
    let payload = json!({"payment_id": id.to_string(), "reason": reason});
    let news = ("payment.voided", id.to_string(), payload);
    books.tell(credit.now, news, merchant, Some(outlet));
    let what = ("credit.withdraw", id.to_string());
    note(books, credit, what, json!({"reason": reason}));
    books.raise_alert(about, credit.now).await
}

/// Closes the item of a credit whose code has been named.
async fn close(
    books: &mut Books<'_>,
    credit: &Credited,
    item: &SuspenseRow,
) -> Result<(), StoreError> {
    let id = SuspenseId::from_uuid(item.id);
    let settled = NewSettlement {
        outcome: "named_later",
        by: books.actor,
        note: None,
        at: credit.now,
    };
    if !suspense::settle(books.tx, id, item.version, settled).await? {
        return Err(StoreError::Conflict {
            table: "suspense_items",
        });
    }
    let payload = json!({"suspense_id": id.to_string(), "outcome": "named_later"});
    let news = ("suspense.settled", id.to_string(), payload);
    books.tell(credit.now, news, credit.merchant, None);
    Ok(())
}

/// Lets a credit wait for its trader in the item that it had, for the reason that holds now.
async fn wait_again(
    books: &mut Books<'_>,
    credit: &Credited,
    item: &SuspenseRow,
    explanation: &Explanation,
) -> Result<(), StoreError> {
    let explained = stored(explanation);
    let was_open = item.state == "open";
    if was_open && item.explanation == explained {
        return Ok(());
    }
    let id = SuspenseId::from_uuid(item.id);
    let since = if was_open { item.opened_at } else { credit.now };
    if !suspense::open_again(books.tx, (id, item.version), &explained, since).await? {
        return Err(StoreError::Conflict {
            table: "suspense_items",
        });
    }
    if !was_open {
        tell_of_item(books, credit, id, explanation);
    }
    let what = ("credit.attribute", id.to_string());
    note(books, credit, what, json!({"reason": explanation.word()}));
    Ok(())
}
