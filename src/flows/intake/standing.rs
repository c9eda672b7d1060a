//! What the payments of a code are worth after a new credit, and what the sums move by.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use super::record::Batch;
use crate::domain::day::local_day;
use crate::domain::ids::{CodeId, MerchantId, OutletId, PaymentId, ZoneId};
use crate::domain::money::Vnd;
use crate::domain::outlet::{OutletEvent, OutletState};
use crate::domain::payment::{
    Assessment, AttributedBy, CodeUse, Credit, CreditStanding, Expectation, Flags, Purpose, assess,
};
use crate::store::audit::AuditEntry;
use crate::store::codes::{self, CodeRow};
use crate::store::events::NewEvent;
use crate::store::outlets::{self, Outlet};
use crate::store::payments::{self, NewPayment, PaymentRow, Standing};
use crate::store::reach::Reach;
use crate::store::rollups::{Movement, OutletDay};
use crate::store::{StoreError, inconsistent};

/// What a new payment came to.
pub(super) struct Weighed {
    /// What must be known about it.
    pub(super) flags: Flags,
    /// The part that is a sale, đồng.
    pub(super) sale_vnd: i64,
}

/// Weighs a new payment. One of a code for one sale changes what its fellows are worth, so
/// all of them are weighed again; the credits of a printed code do not touch each other.
pub(super) async fn weigh(
    batch: &mut Batch<'_>,
    payment: &NewPayment,
    code: Option<&CodeRow>,
) -> Result<Weighed, StoreError> {
    let expectation = code.map_or(Ok(Expectation::NOTHING), expectation)?;
    let together = expectation.code_use == CodeUse::Once;
    let rows = if let Some(code) = code.filter(|_| together) {
        let id = CodeId::from_uuid(code.id);
        codes::lock(&mut batch.tx, id).await?;
        payments::of_code(&mut batch.tx, id).await?
    } else {
        let found = payments::find(&mut batch.tx, Reach::Everything, payment.id).await?;
        vec![found.ok_or(StoreError::Conflict { table: "payments" })?]
    };
    let credits = rows.iter().map(credit).collect::<Result<Vec<_>, _>>()?;
    let assessed = assess(&expectation, &credits);
    let told_on = local_day(payment.recorded_at);
    let mut weighed = None;
    for assessment in &assessed.payments {
        let row = rows.iter().find(|row| known_as(row) == assessment.identity);
        let row = row.ok_or(StoreError::Conflict { table: "payments" })?;
        restate(batch, row, assessment, told_on).await?;
        if row.id == payment.id.uuid() {
            weighed = Some(Weighed {
                flags: assessment.flags.clone(),
                sale_vnd: assessment.sale.get(),
            });
        }
    }
    if let (Some(code), Some(at)) = (code, assessed.completed_at) {
        complete(batch, code, (at, payment.recorded_at)).await?;
    }
    weighed.ok_or(StoreError::Conflict { table: "payments" })
}

/// Writes what a payment is worth now and moves the sums by the difference, which was told on
/// a local day.
async fn restate(
    batch: &mut Batch<'_>,
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
    let before = Standing {
        status: row.status.clone(),
        flags: row.flags.clone(),
        expected_vnd: row.expected_vnd,
        sale_vnd: row.sale_vnd,
        counted_as: row.counted_as.clone(),
    };
    if standing == before {
        return Ok(());
    }
    payments::set_standing(&mut batch.tx, PaymentId::from_uuid(row.id), &standing).await?;
    let place = OutletDay {
        zone: ZoneId::from_uuid(row.zone_id),
        day: row.local_day,
        outlet: OutletId::from_uuid(row.outlet_id),
        merchant: MerchantId::from_uuid(row.merchant_id),
    };
    let old = movement(&before, row.received_vnd);
    let new = movement(&standing, row.received_vnd);
    let movements = &mut batch.movements;
    movements.add(place, old.reversed(), before.sale_vnd, told_on);
    movements.add(place, new, standing.sale_vnd, told_on);
    Ok(())
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
    batch: &mut Batch<'_>,
    code: &CodeRow,
    (paid_at, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), StoreError> {
    codes::complete(&mut batch.tx, CodeId::from_uuid(code.id), paid_at).await?;
    let amount = code.amount_vnd.and_then(|amount| Vnd::new(amount).ok());
    let (true, Some(amount)) = (code.for_test, amount) else {
        return Ok(());
    };
    let id = OutletId::from_uuid(code.outlet_id);
    let Some(outlet) = outlets::find(&mut batch.tx, Reach::Everything, id).await? else {
        return Ok(());
    };
    // An outlet that was proved before, or closed meanwhile, stays as it is.
    let event = OutletEvent::TestPaid { amount, paid_at };
    match outlet.state.transition(event, paid_at) {
        Ok(next) if next != outlet.state => {
            if !outlets::update_state(&mut batch.tx, id, outlet.version, next).await? {
                return Err(StoreError::Conflict { table: "outlets" });
            }
            tell_of_test(batch, &outlet, next, now);
            Ok(())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Leaves the traces of a proved outlet.
fn tell_of_test(batch: &mut Batch<'_>, outlet: &Outlet, next: OutletState, now: DateTime<Utc>) {
    const KIND: &str = "outlet.test";
    let (from, to) = (outlet.state.status(), next.status());
    let detail = json!({"from": from.as_str(), "to": to.as_str()});
    batch.entries.push(AuditEntry {
        at: now,
        actor: batch.speaker(),
        action: KIND,
        subject: outlet.id.to_string(),
        detail: detail.clone(),
    });
    let id = batch.event_id(now);
    batch.events.push(NewEvent {
        id,
        at: now,
        kind: KIND,
        subject: outlet.id.to_string(),
        merchant: Some(outlet.merchant),
        outlet: Some(outlet.id),
        payload: detail,
    });
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
/// reference, told under two numbers or with two amounts; their own ids tell them apart.
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
