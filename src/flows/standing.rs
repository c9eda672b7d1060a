//! What the payments of a code are worth after one of them came, left or changed, and what
//! the sums move by. The writer of notices and what people decide share it.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::domain::day::local_day;
use crate::domain::ids::{CodeId, EventId, MerchantId, OutletId, PaymentId, ZoneId};
use crate::domain::money::Vnd;
use crate::domain::outlet::{OutletEvent, OutletState};
use crate::domain::payment::{
    Assessment, AttributedBy, CodeUse, Credit, CreditStanding, Expectation, Flags, PaymentStatus,
    Purpose, assess,
};
use crate::entropy::Entropy;
use crate::store::audit::AuditEntry;
use crate::store::code_states;
use crate::store::codes::{self, CodeRow};
use crate::store::events::NewEvent;
use crate::store::outlets::{self, Outlet};
use crate::store::payments::{self, NewPayment, PaymentRow, Standing};
use crate::store::reach::Reach;
use crate::store::reversals;
use crate::store::rollups::{Movement, Movements, OutletDay};
use crate::store::{StoreError, Tx, inconsistent};

/// What is written at the end of a transaction: sums, events, audit entries.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) movements: Movements,
    pub(super) events: Vec<NewEvent>,
    pub(super) entries: Vec<AuditEntry>,
}

/// The open books: a transaction, what it will write at its end, and who speaks.
pub(super) struct Books<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) pending: &'a mut Pending,
    pub(super) entropy: &'a Entropy,
    /// The name in the audit record.
    pub(super) actor: &'a str,
}

/// What a payment came to.
pub(super) struct Weighed {
    /// What became of its money.
    pub(super) status: PaymentStatus,
    /// What must be known about it.
    pub(super) flags: Flags,
    /// The part that is a sale, đồng.
    pub(super) sale_vnd: i64,
}

/// Stores a new payment, weighs it and tells of it.
pub(super) async fn pay(
    books: &mut Books<'_>,
    payment: &NewPayment,
    code: Option<&CodeRow>,
) -> Result<Weighed, StoreError> {
    payments::insert(books.tx, payment).await?;
    let back = reversals::gone_back(books.tx, payment.transaction).await?;
    if back.confirmed_vnd > 0 {
        let returned_vnd = back.confirmed_vnd.min(payment.received_vnd);
        payments::set_returned(books.tx, payment.id, returned_vnd).await?;
    }
    let weighed = weigh(books, (payment.id, payment.recorded_at), code).await?;
    let payload = json!({
        "payment_id": payment.id.to_string(),
        "received_vnd": payment.received_vnd,
        "sale_vnd": weighed.sale_vnd,
        "flags": weighed.flags.to_string(),
    });
    let (merchant, outlet) = (payment.merchant, payment.outlet);
    let news = ("payment.settled", payment.id.to_string(), payload);
    books.tell(payment.recorded_at, news, merchant, Some(outlet));
    Ok(weighed)
}

/// Gives a payment another bank time, and what it is known by; its fellows are weighed again.
pub(super) async fn retime(
    books: &mut Books<'_>,
    payment: PaymentRow,
    (occurred_at, identity): (DateTime<Utc>, String),
    now: DateTime<Utc>,
) -> Result<PaymentRow, StoreError> {
    let id = PaymentId::from_uuid(payment.id);
    let code = hold_code(books, &payment).await?;
    let found = payments::find(books.tx, Reach::Everything, id).await?;
    let before = found.ok_or(StoreError::Conflict { table: "payments" })?;
    let day = local_day(occurred_at);
    payments::set_time(books.tx, id, (occurred_at, day), &identity).await?;
    if day != before.local_day {
        let standing = standing_of(&before);
        let moved = movement(&standing, before.received_vnd);
        let (left, told_on) = (place_of(&before), local_day(now));
        let reached = OutletDay { day, ..left };
        let movements = &mut books.pending.movements;
        movements.add(left, moved.reversed(), before.sale_vnd, told_on);
        movements.add(reached, moved, before.sale_vnd, told_on);
    }
    weigh(books, (id, now), code.as_ref()).await?;
    let found = payments::find(books.tx, Reach::Everything, id).await?;
    found.ok_or(StoreError::Conflict { table: "payments" })
}

/// Voids a payment as it was read, and weighs the fellows that it leaves. `false` means that
/// someone else was first.
pub(super) async fn annul(
    books: &mut Books<'_>,
    payment: &PaymentRow,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let id = PaymentId::from_uuid(payment.id);
    if !payments::void(books.tx, id, payment.version).await? {
        return Ok(false);
    }
    let code = match payment.code_id.map(CodeId::from_uuid) {
        Some(code) => codes::find(books.tx, Reach::Everything, code).await?,
        None => None,
    };
    weigh(books, (id, now), code.as_ref()).await?;
    Ok(true)
}

/// The code of a payment, held: its payments are read after that.
pub(super) async fn hold_code(
    books: &mut Books<'_>,
    payment: &PaymentRow,
) -> Result<Option<CodeRow>, StoreError> {
    let Some(code) = payment.code_id.map(CodeId::from_uuid) else {
        return Ok(None);
    };
    codes::lock(books.tx, code).await?;
    codes::find(books.tx, Reach::Everything, code).await
}

impl Books<'_> {
    /// Adds an event: its kind, its subject and what a reader needs to know.
    pub(super) fn tell(
        &mut self,
        at: DateTime<Utc>,
        (kind, subject, payload): (&'static str, String, serde_json::Value),
        merchant: MerchantId,
        outlet: Option<OutletId>,
    ) {
        let id = EventId::from_uuid(self.entropy.uuid(at));
        self.pending.events.push(NewEvent {
            id,
            at,
            kind,
            subject,
            merchant: Some(merchant),
            outlet,
            payload,
        });
    }
}

/// Weighs a payment that came or changed at `now`. One of a code for one sale changes what its
/// fellows are worth, so all of them are weighed again; the credits of a printed code do not
/// touch each other.
pub(super) async fn weigh(
    books: &mut Books<'_>,
    (payment, now): (PaymentId, DateTime<Utc>),
    code: Option<&CodeRow>,
) -> Result<Weighed, StoreError> {
    let expectation = code.map_or(Ok(Expectation::NOTHING), expectation)?;
    let together = expectation.code_use == CodeUse::Once;
    let rows = if let Some(code) = code.filter(|_| together) {
        let id = CodeId::from_uuid(code.id);
        codes::lock(books.tx, id).await?;
        payments::of_code(books.tx, id).await?
    } else {
        let found = payments::find(books.tx, Reach::Everything, payment).await?;
        vec![found.ok_or(StoreError::Conflict { table: "payments" })?]
    };
    let credits = rows.iter().map(credit).collect::<Result<Vec<_>, _>>()?;
    let assessed = assess(&expectation, &credits);
    let told_on = local_day(now);
    let mut weighed = None;
    for assessment in &assessed.payments {
        let row = rows.iter().find(|row| known_as(row) == assessment.identity);
        let row = row.ok_or(StoreError::Conflict { table: "payments" })?;
        restate(books, row, assessment, told_on).await?;
        if row.id == payment.uuid() {
            weighed = Some(Weighed {
                status: assessment.status,
                flags: assessment.flags.clone(),
                sale_vnd: assessment.sale.get(),
            });
        }
    }
    if let (Some(code), Some(at)) = (code, assessed.completed_at) {
        complete(books, code, (at, now)).await?;
    } else if let Some(code) = code.filter(|_| together) {
        code_states::reopen(books.tx, CodeId::from_uuid(code.id)).await?;
    }
    weighed.ok_or(StoreError::Conflict { table: "payments" })
}

/// Writes what a payment is worth now and moves the sums by the difference, which was told on
/// a local day.
async fn restate(
    books: &mut Books<'_>,
    row: &PaymentRow,
    assessment: &Assessment,
    told_on: NaiveDate,
) -> Result<(), StoreError> {
    let standing = Standing {
        status: assessment.status.as_str().to_owned(),
        flags: assessment.flags.to_string(),
        expected_vnd: assessment.expected.map(Vnd::get),
        sale_vnd: assessment.sale.get(),
        counted_as: assessment.counted_as.as_str().to_owned(),
    };
    let before = standing_of(row);
    if standing == before {
        return Ok(());
    }
    payments::set_standing(books.tx, PaymentId::from_uuid(row.id), &standing).await?;
    let place = place_of(row);
    let old = movement(&before, row.received_vnd);
    let new = movement(&standing, row.received_vnd);
    let movements = &mut books.pending.movements;
    movements.add(place, old.reversed(), before.sale_vnd, told_on);
    movements.add(place, new, standing.sale_vnd, told_on);
    Ok(())
}

/// What a payment is worth as stored.
fn standing_of(row: &PaymentRow) -> Standing {
    Standing {
        status: row.status.clone(),
        flags: row.flags.clone(),
        expected_vnd: row.expected_vnd,
        sale_vnd: row.sale_vnd,
        counted_as: row.counted_as.clone(),
    }
}

/// In which sums a payment is.
fn place_of(row: &PaymentRow) -> OutletDay {
    OutletDay {
        zone: ZoneId::from_uuid(row.zone_id),
        day: row.local_day,
        outlet: OutletId::from_uuid(row.outlet_id),
        merchant: MerchantId::from_uuid(row.merchant_id),
    }
}

/// What a payment adds to the sums. A payment without any sale in it is no counted payment.
fn movement(standing: &Standing, received_vnd: i64) -> Movement {
    let counts = i64::from(standing.sale_vnd > 0);
    match standing.counted_as.as_str() {
        "verified" if counts == 1 => Movement {
            payments: 1,
            sale_vnd: standing.sale_vnd,
            received_vnd,
            ..Movement::default()
        },
        "by_account" if counts == 1 => Movement {
            by_account_payments: 1,
            by_account_sale_vnd: standing.sale_vnd,
            ..Movement::default()
        },
        _ => Movement::default(),
    }
}

/// Marks the code; a completed test proves its outlet.
async fn complete(
    books: &mut Books<'_>,
    code: &CodeRow,
    (paid_at, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), StoreError> {
    codes::complete(books.tx, CodeId::from_uuid(code.id), paid_at).await?;
    let amount = code.amount_vnd.and_then(|amount| Vnd::new(amount).ok());
    let (true, Some(amount)) = (code.for_test, amount) else {
        return Ok(());
    };
    let id = OutletId::from_uuid(code.outlet_id);
    let Some(outlet) = outlets::find(books.tx, Reach::Everything, id).await? else {
        return Ok(());
    };
    // An outlet that was proved before, or closed meanwhile, stays as it is.
    let event = OutletEvent::TestPaid { amount, paid_at };
    match outlet.state.transition(event, paid_at) {
        Ok(next) if next != outlet.state => {
            if !outlets::update_state(books.tx, id, outlet.version, next).await? {
                return Err(StoreError::Conflict { table: "outlets" });
            }
            tell_of_test(books, &outlet, next, now);
            Ok(())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Leaves the traces of a proved outlet.
fn tell_of_test(books: &mut Books<'_>, outlet: &Outlet, next: OutletState, now: DateTime<Utc>) {
    const KIND: &str = "outlet.test";
    let (from, to) = (outlet.state.status(), next.status());
    let detail = json!({"from": from.as_str(), "to": to.as_str()});
    books.pending.entries.push(AuditEntry {
        at: now,
        actor: books.actor.to_owned(),
        action: KIND,
        subject: outlet.id.to_string(),
        detail: detail.clone(),
    });
    let news = (KIND, outlet.id.to_string(), detail);
    books.tell(now, news, outlet.merchant, Some(outlet.id));
}

fn expectation(code: &CodeRow) -> Result<Expectation, StoreError> {
    let expected = match code.amount_rule.as_str() {
        "fixed" => Some(vnd(
            "payment_codes",
            "amount_vnd",
            code.id,
            code.amount_vnd.unwrap_or(0),
        )?),
        _ => None,
    };
    Ok(Expectation {
        expected,
        code_use: if code.kind == "dynamic" {
            CodeUse::Once
        } else {
            CodeUse::Always
        },
        expires_at: code.expires_at,
        retired_at: code.retired_at,
        purpose: if code.for_test {
            Purpose::Test
        } else {
            Purpose::Sale
        },
    })
}

/// What a payment is known by among its fellows of the same bank time. The amount comes first:
/// anybody can repeat that order, also where the bank gave no reference. Two may have one
/// reference, told under two numbers, with two amounts, or moved here and away; their own ids
/// tell them apart.
fn known_as(row: &PaymentRow) -> String {
    format!("{:020} {} {}", row.received_vnd, row.identity, row.id)
}

fn credit(row: &PaymentRow) -> Result<Credit, StoreError> {
    Ok(Credit {
        identity: known_as(row),
        occurred_at: row.occurred_at,
        amount: vnd("payments", "received_vnd", row.id, row.received_vnd)?,
        returned: vnd("payments", "returned_vnd", row.id, row.returned_vnd)?,
        standing: match row.standing.as_str() {
            "counts" => CreditStanding::Counts,
            "duplicate_suspected" => CreditStanding::DuplicateSuspected,
            "voided" => CreditStanding::Voided,
            _ => return Err(inconsistent("payments", "standing", row.id)),
        },
        attributed_by: match row.attributed_by.as_str() {
            "reference" => AttributedBy::Reference,
            "account" => AttributedBy::Account,
            "person" => AttributedBy::Person,
            _ => return Err(inconsistent("payments", "attributed_by", row.id)),
        },
    })
}

fn vnd(
    table: &'static str,
    column: &'static str,
    row: Uuid,
    amount: i64,
) -> Result<Vnd, StoreError> {
    Vnd::new(amount).map_err(|_| inconsistent(table, column, row))
}
