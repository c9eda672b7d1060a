//! Stalls of the street's merchant, one for each sequence, and what the books say of each.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use phocho::domain::bank::AccountNumber;
use phocho::domain::establishment::Trade;
use phocho::domain::ids::{AccountId, CodeId, MerchantId, OutletId, SourceId, ZoneId};
use phocho::domain::money::Vnd;
use phocho::domain::outlet::OutletState;
use phocho::domain::text::TradeName;
use phocho::store::Tx;
use phocho::store::codes::{self, NewCode, StoredTerms};
use phocho::store::outlets::{self, Outlet};
use phocho::store::sources;
use sqlx::{Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::dice::Dice;
use super::movement::{CODES, EXPECTED, day_of, second_of};
use super::notice::bank_secret;
use super::reference::{Ledger, Payment, Transaction};
use super::sequence::{SOURCES, Source};
use super::worth::Worth;
use crate::database::Database;
use crate::street::{Street, approved_account, insert_active, now, source};

/// What every source shares with its sender.
pub const SECRET: &str = "a-secret-of-32-characters-long!!";

/// An outlet with an account and codes of its own.
#[derive(Clone, Debug)]
pub struct Stall {
    pub number: u64,
    /// The account's number.
    pub account: String,
    /// The references of its codes.
    pub codes: [String; CODES],
}

/// Every stall.
pub struct World {
    pub stalls: Vec<Stall>,
}

impl World {
    /// Adds sources, and stalls for which all of them may speak.
    pub async fn lay_out(street: &Street, dice: &mut Dice, how_many: usize) -> Self {
        let mut tx = street.store.begin_write().await.unwrap();
        for (from, name, adapter) in SOURCES {
            let bank = bank_secret();
            let secret = if adapter == "standard_webhooks" {
                &bank
            } else {
                SECRET
            };
            let new = source(source_id(from), (name, adapter), secret, now());
            insert_active(&mut tx, &new).await;
        }
        tx.commit().await.unwrap();
        let mut world = Self { stalls: Vec::new() };
        world.add_stalls(street, dice, how_many).await;
        world
    }

    /// Adds stalls, and gives their places.
    pub async fn add_stalls(
        &mut self,
        street: &Street,
        dice: &mut Dice,
        how_many: usize,
    ) -> std::ops::Range<usize> {
        let first = self.stalls.len();
        let mut tx = street.store.begin_write().await.unwrap();
        for number in first..first + how_many {
            let stall = Stall {
                number: u64::try_from(number).unwrap(),
                account: format!("2030{number:09}"),
                codes: std::array::from_fn(|_| dice.0.txn_ref().to_string()),
            };
            build(&mut tx, &stall).await;
            self.stalls.push(stall);
        }
        tx.commit().await.unwrap();
        first..self.stalls.len()
    }

    /// What the books say of each stall, by its account's number.
    pub async fn read(&self, database: &Database) -> BTreeMap<String, Ledger> {
        let mut ledgers: BTreeMap<String, Ledger> = BTreeMap::new();
        for (account, way, amount_vnd, reference, at, is_suspected, is_in_suspense) in
            transactions(database).await
        {
            let way = if way == "credit" { "credit" } else { "debit" };
            ledgers
                .entry(account)
                .or_default()
                .transactions
                .push(Transaction {
                    way,
                    amount_vnd,
                    reference,
                    at_second: second_of(at),
                    is_suspected,
                    is_in_suspense,
                });
        }
        let by_reference: BTreeMap<&str, (usize, &str)> = (self.stalls.iter())
            .flat_map(|stall| {
                let codes = stall.codes.iter().enumerate();
                codes.map(|(code, reference)| (reference.as_str(), (code, stall.account.as_str())))
            })
            .collect();
        for (code, mut payment) in payments(database).await {
            let (code, account) = by_reference[code.as_str()];
            payment.code = code;
            ledgers.get_mut(account).unwrap().payments.push(payment);
        }
        for (outlet, day, payments, sale_vnd, received_vnd) in days(database).await {
            if (payments, sale_vnd, received_vnd) == (0, 0, 0) {
                continue;
            }
            let stall = &self.stalls[usize::try_from(outlet.as_u128() - OUTLETS).unwrap()];
            let days = &mut ledgers.get_mut(&stall.account).unwrap().days;
            days.insert(day, (payments, sale_vnd, received_vnd));
        }
        for (account, day) in closed_days(database).await {
            assert_eq!(day, day_of(0), "no other day is over");
            ledgers.entry(account).or_default().is_closed = true;
        }
        for ledger in ledgers.values_mut() {
            ledger.transactions.sort();
            ledger.payments.sort();
        }
        ledgers
    }
}

/// From where the ids of the stalls' outlets and accounts count.
const OUTLETS: u128 = 1_000_000;

/// The id of a source.
pub fn source_id(source: Source) -> SourceId {
    SourceId::from_uuid(Uuid::from_u128(900 + source as u128))
}

/// The id of a stall's outlet, and of its account.
pub fn stall_id(number: u64) -> Uuid {
    Uuid::from_u128(OUTLETS + u128::from(number))
}

/// The id of a code of a stall.
pub fn code_id(number: u64, code: usize) -> Uuid {
    let code = u128::try_from(code).unwrap();
    Uuid::from_u128((OUTLETS + u128::from(number)) * 10 + code)
}

async fn build(tx: &mut Tx, stall: &Stall) {
    let place = stall_id(stall.number);
    let (outlet, account) = (OutletId::from_uuid(place), AccountId::from_uuid(place));
    let merchant = MerchantId::from_uuid(Uuid::from_u128(20));
    let outlet_row = Outlet {
        id: outlet,
        merchant,
        zone: ZoneId::from_uuid(Uuid::from_u128(10)),
        establishment: None,
        stall_label: TradeName::parse(&format!("Sạp {}", stall.number)).unwrap(),
        trade: Trade::parse("rau").unwrap(),
        state: OutletState::Planned,
        match_by_account: false,
        floor: Vnd::new(1_000).unwrap(),
        created_at: now(),
        version: 1,
    };
    assert!(outlets::insert(tx, &outlet_row).await.unwrap());
    let open = OutletState::Open {
        tested_at: now(),
        opened_at: now(),
    };
    assert!(outlets::update_state(tx, outlet, 1, open).await.unwrap());
    approved_account(tx, account, AccountNumber::parse(&stall.account).unwrap()).await;
    for (source, ..) in SOURCES {
        sources::bind_account(tx, source_id(source), account, now())
            .await
            .unwrap();
    }
    for (at, (reference, expected)) in stall.codes.iter().zip(EXPECTED).enumerate() {
        let code = NewCode {
            id: CodeId::from_uuid(code_id(stall.number, at)),
            merchant,
            outlet,
            account: Some(account),
            kind: if expected.is_some() {
                "dynamic"
            } else {
                "static"
            },
            scheme: "transfer",
            reference: Some(reference.clone()),
            terms: StoredTerms {
                amount_rule: if expected.is_some() { "fixed" } else { "open" },
                amount_vnd: expected,
                floor_vnd: None,
                ceiling_vnd: None,
            },
            expires_at: None,
            for_test: false,
            payload: "not read here".to_owned(),
            created_by: "test".to_owned(),
            now: now(),
        };
        assert!(codes::insert(tx, &code).await.unwrap());
    }
}

/// All rows of a query, on either engine.
macro_rules! rows {
    ($database:expr, $sql:expr) => {{
        let url = $database.url();
        if url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(url).await.unwrap();
            sqlx::query_as($sql)
                .fetch_all(&mut connection)
                .await
                .unwrap()
        } else {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::query_as($sql)
                .fetch_all(&mut connection)
                .await
                .unwrap()
        }
    }};
}

/// Account, direction, amount, reference, bank's time, whether it is suspected, and whether it
/// waits in suspense.
type TransactionRow = (String, String, i64, String, DateTime<Utc>, bool, bool);

async fn transactions(database: &Database) -> Vec<TransactionRow> {
    rows!(
        database,
        "SELECT a.account_number, t.direction, t.amount_vnd, COALESCE(t.bank_reference, ''),
            t.occurred_at, t.duplicate_of_id IS NOT NULL, s.id IS NOT NULL
        FROM bank_transactions t JOIN accounts a ON a.id = t.account_id
            LEFT JOIN suspense_items s ON s.transaction_id = t.id AND s.state = 'open'"
    )
}

/// Code, reference, what came and went back, whether it counts, sale, flags, status.
type PaymentRow = (String, String, i64, i64, bool, i64, String, String);

/// The payments that nobody annulled, each with its code.
async fn payments(database: &Database) -> Vec<(String, Payment)> {
    let rows: Vec<PaymentRow> = rows!(
        database,
        "SELECT c.reference, COALESCE(t.bank_reference, ''), p.received_vnd, p.returned_vnd,
            p.standing = 'counts', p.sale_vnd, p.flags, p.status
        FROM payments p JOIN bank_transactions t ON t.id = p.transaction_id
            JOIN payment_codes c ON c.id = p.code_id
        WHERE p.standing <> 'voided'"
    );
    let rows = rows.into_iter();
    rows.map(
        |(code, reference, received_vnd, returned_vnd, counts, sale_vnd, flags, status)| {
            let worth = Worth {
                sale_vnd,
                flags,
                status,
            };
            let payment = Payment {
                code: 0,
                reference,
                received_vnd,
                returned_vnd,
                worth: counts.then_some(worth),
            };
            (code, payment)
        },
    )
    .collect()
}

async fn days(database: &Database) -> Vec<(Uuid, NaiveDate, i64, i64, i64)> {
    rows!(
        database,
        "SELECT outlet_id, day, payments, sale_vnd, received_vnd FROM outlet_days"
    )
}

async fn closed_days(database: &Database) -> Vec<(String, NaiveDate)> {
    rows!(
        database,
        "SELECT a.account_number, d.day
        FROM statement_closed_days d JOIN accounts a ON a.id = d.account_id"
    )
}
