//! A street in a database: a zone, an active merchant, its approved account and its outlet.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::account::{AccountEvent, AccountState, HolderKind, HolderName, Succession};
use phocho::domain::bank::{AccountNumber, BankBin};
use phocho::domain::establishment::Trade;
use phocho::domain::ids::{AccountId, MerchantId, OutletId, UserId, ZoneId};
use phocho::domain::merchant::{Approval, MerchantEvent, MerchantKind, MerchantState};
use phocho::domain::money::Vnd;
use phocho::domain::outlet::OutletState;
use phocho::domain::phone::Phone;
use phocho::domain::tax_code::TaxCode;
use phocho::domain::text::{PersonName, Reason, TradeName};
use phocho::domain::zone::ZoneSeed;
use phocho::store::accounts::{self, Account};
use phocho::store::merchants::{self, Merchant, MerchantProfile};
use phocho::store::outlets::{self, Outlet};
use phocho::store::reach::Reach;
use phocho::store::zones::{self, Zone};
use phocho::store::{Store, Tx};
use uuid::Uuid;

/// When the street was set up.
pub fn opening() -> DateTime<Utc> {
    "2026-03-16T02:30:00.000001Z".parse().unwrap()
}

/// A person of the staff.
pub fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// A zone of the pilot's list as it is first registered.
pub fn zone_of(seed: &ZoneSeed, id: ZoneId, created_at: DateTime<Utc>) -> Zone {
    Zone {
        id,
        code: seed.code.clone(),
        kind: seed.kind,
        name: TradeName::parse(&seed.name).unwrap(),
        role: seed.role,
        wards: seed.wards.clone(),
        note: seed.note.clone(),
        facts_verified: seed.facts_verified,
        created_at,
        version: 1,
    }
}

/// A merchant with an approved account and an outlet.
#[derive(Clone, Copy, Debug)]
pub struct Stall {
    /// Its merchant, active.
    pub merchant: MerchantId,
    /// Its outlet, in the state that was asked for.
    pub outlet: OutletId,
    /// Its account, approved and effective.
    pub account: AccountId,
}

/// The bank account number of a stall.
pub fn account_number(number: u128) -> String {
    format!("00110099{number:05}")
}

/// An outlet that trades.
pub fn open() -> OutletState {
    OutletState::Open {
        tested_at: opening(),
        opened_at: opening(),
    }
}

/// Sets up stall `number` (1 to 9) with its outlet in a state.
pub async fn stall(store: &Store, number: u128, state: OutletState) -> Stall {
    let mut tx = store.begin_write().await.unwrap();
    let zone = zone(&mut tx).await;
    let merchant = merchant(&mut tx, number).await;
    let outlet = outlet(&mut tx, number, merchant, zone, state).await;
    let account = account(&mut tx, number, merchant, Succession::First, opening()).await;
    tx.commit().await.unwrap();
    Stall {
        merchant,
        outlet,
        account,
    }
}

/// Adds an approved account that replaces the stall's first one a day after `approved_at`.
pub async fn second_account(store: &Store, stall: Stall, approved_at: DateTime<Utc>) -> AccountId {
    let mut tx = store.begin_write().await.unwrap();
    let number = stall.account.uuid().as_u128() + 50;
    let replaces = Succession::Replaces;
    let account = account(&mut tx, number, stall.merchant, replaces, approved_at).await;
    tx.commit().await.unwrap();
    account
}

/// Stops an active merchant that [`stall`] set up.
pub async fn suspend(store: &Store, id: MerchantId) {
    let mut tx = store.begin_write().await.unwrap();
    let merchant = merchants::find(&mut tx, Reach::Everything, id).await;
    let merchant = merchant.unwrap().unwrap();
    let suspend = MerchantEvent::Suspend(Reason::parse("Nghỉ bán").unwrap());
    let state = merchant.state.transition(suspend, user(2), opening());
    let state = state.unwrap();
    let moved = merchants::update_state(&mut tx, id, merchant.version, &state, opening()).await;
    assert!(moved.unwrap());
    tx.commit().await.unwrap();
}

async fn zone(tx: &mut Tx) -> ZoneId {
    let id = ZoneId::from_uuid(Uuid::from_u128(1));
    let zone = zone_of(&ZoneSeed::all()[0], id, opening());
    if zones::find(tx, zone.id).await.unwrap().is_none() {
        assert!(zones::insert(tx, &zone).await.unwrap());
    }
    zone.id
}

async fn merchant(tx: &mut Tx, number: u128) -> MerchantId {
    let merchant = Merchant {
        id: MerchantId::from_uuid(Uuid::from_u128(number)),
        profile: MerchantProfile {
            kind: MerchantKind::Household,
            name: TradeName::parse("Bún ốc Phủ Tây Hồ").unwrap(),
            representative: PersonName::parse("Nguyễn Thị Đào").unwrap(),
            tax_code: TaxCode::parse(&format!("00108001234{number}")).unwrap(),
            phone: Phone::parse("0912345678").unwrap(),
        },
        state: MerchantState::Draft,
        created_by: user(1),
        created_at: opening(),
        updated_at: opening(),
        version: 1,
    };
    assert!(merchants::insert(tx, &merchant).await.unwrap());
    let approval = Approval {
        submitted_by: user(1),
        approved_by: user(2),
        approved_at: opening(),
    };
    for (version, state) in [
        (
            1,
            MerchantState::Submitted {
                submitted_by: user(1),
            },
        ),
        (2, MerchantState::Active { approval }),
    ] {
        let moved = merchants::update_state(tx, merchant.id, version, &state, opening()).await;
        assert!(moved.unwrap());
    }
    merchant.id
}

async fn outlet(
    tx: &mut Tx,
    number: u128,
    merchant: MerchantId,
    zone: ZoneId,
    state: OutletState,
) -> OutletId {
    let outlet = Outlet {
        id: OutletId::from_uuid(Uuid::from_u128(number)),
        merchant,
        zone,
        establishment: None,
        stall_label: TradeName::parse(&format!("Số {number}")).unwrap(),
        trade: Trade::parse("bún ốc").unwrap(),
        state: OutletState::Planned,
        match_by_account: true,
        floor: Vnd::new(5_000).unwrap(),
        created_at: opening(),
        version: 1,
    };
    assert!(outlets::insert(tx, &outlet).await.unwrap());
    assert!(
        outlets::update_state(tx, outlet.id, 1, state)
            .await
            .unwrap()
    );
    outlet.id
}

async fn account(
    tx: &mut Tx,
    number: u128,
    merchant: MerchantId,
    succession: Succession,
    approved_at: DateTime<Utc>,
) -> AccountId {
    let pending = AccountState::Pending {
        requested_by: user(1),
    };
    let account = Account {
        id: AccountId::from_uuid(Uuid::from_u128(number)),
        merchant,
        bank: BankBin::parse("970436").unwrap(),
        number: AccountNumber::parse(&account_number(number)).unwrap(),
        holder: HolderName::parse("NGUYEN THI DAO").unwrap(),
        holder_kind: HolderKind::Household,
        registered_name: TradeName::parse("Hộ kinh doanh Nguyễn Thị Đào").unwrap(),
        checked_at: None,
        state: pending,
        requested_by: user(1),
        replaces: None,
        created_at: approved_at - TimeDelta::hours(1),
        version: 1,
    };
    assert!(accounts::insert(tx, &account).await.unwrap());
    let approve = AccountEvent::Approve(succession);
    let approved = pending.transition(approve, user(2), approved_at).unwrap();
    let moved = accounts::update_state(tx, account.id, 1, approved).await;
    assert!(moved.unwrap());
    account.id
}
