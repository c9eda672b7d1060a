//! Zones, places, merchants, outlets and accounts.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::access::UserRole;
use phocho::domain::account::{AccountEvent, AccountState, HolderKind, HolderName, Succession};
use phocho::domain::bank::{AccountNumber, BankBin};
use phocho::domain::establishment::{
    CensusRecord, EstablishmentChange, EstablishmentStatus, OpenDays, OwnerKey, OwnerSex,
    SizeClass, Trade,
};
use phocho::domain::ids::{
    AccountId, CensusId, EstablishmentId, MerchantId, OutletId, UserId, ZoneId,
};
use phocho::domain::merchant::{MerchantEvent, MerchantKind, MerchantState, MerchantStatus};
use phocho::domain::money::Vnd;
use phocho::domain::outlet::{OutletState, OutletStatus};
use phocho::domain::phone::Phone;
use phocho::domain::tax_code::TaxCode;
use phocho::domain::text::{PersonName, Reason, TradeName};
use phocho::domain::zone::{ZoneRole, ZoneSeed};
use phocho::store::access::{self, User};
use phocho::store::accounts::{self, Account, AccountFilter};
use phocho::store::censuses::{self, SeenPlace};
use phocho::store::establishments::{self, Establishment};
use phocho::store::merchants::{self, Merchant, MerchantFilter, MerchantProfile};
use phocho::store::outlets::{self, Outlet, OutletFilter};
use phocho::store::reach::Reach;
use phocho::store::zones::{self, Zone};
use phocho::store::{Store, Tx};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::stalls::zone_of;

on_both_engines!(
    a_zone_reads_back_with_its_wards_and_its_code_is_taken_once,
    a_merchant_reads_back_in_every_state,
    a_merchant_changes_only_from_the_version_that_was_read,
    a_tax_code_is_free_again_when_its_merchant_left,
    merchants_are_found_by_name_state_and_reach,
    an_outlet_reads_back_in_every_state_and_its_stall_is_taken_once,
    an_account_reads_back_in_every_state_and_its_number_is_taken_once,
    a_census_keeps_its_records_and_the_newest_one_is_in_force,
    a_place_is_renamed_from_its_version_and_seen_within_reach,
    what_is_in_use_is_found_by_its_unique_value_within_reach,
);

fn at() -> DateTime<Utc> {
    "2026-03-16T02:30:00.000001Z".parse().unwrap()
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn reason() -> Reason {
    Reason::parse("Nghỉ bán").unwrap()
}

fn zone(number: u128) -> Zone {
    let seed = &ZoneSeed::all()[usize::try_from(number).unwrap() % ZoneSeed::all().len()];
    zone_of(seed, ZoneId::from_uuid(Uuid::from_u128(number)), at())
}

fn merchant(number: u128, tax_code: &str, name: &str) -> Merchant {
    Merchant {
        id: MerchantId::from_uuid(Uuid::from_u128(number)),
        profile: MerchantProfile {
            kind: MerchantKind::Household,
            name: TradeName::parse(name).unwrap(),
            representative: PersonName::parse("Nguyễn Thị Đào").unwrap(),
            tax_code: TaxCode::parse(tax_code).unwrap(),
            phone: Phone::parse("0912345678").unwrap(),
        },
        state: MerchantState::Draft,
        created_by: user(1),
        created_at: at(),
        updated_at: at(),
        version: 1,
    }
}

fn outlet(number: u128, merchant: MerchantId, stall: &str) -> Outlet {
    Outlet {
        id: OutletId::from_uuid(Uuid::from_u128(number)),
        merchant,
        zone: zone(1).id,
        establishment: None,
        stall_label: TradeName::parse(stall).unwrap(),
        trade: Trade::parse("bún ốc").unwrap(),
        state: OutletState::Planned,
        match_by_account: true,
        floor: Vnd::new(5_000).unwrap(),
        created_at: at(),
        version: 1,
    }
}

fn account(number: u128, merchant: MerchantId, digits: &str) -> Account {
    Account {
        id: AccountId::from_uuid(Uuid::from_u128(number)),
        merchant,
        bank: BankBin::parse("970436").unwrap(),
        number: AccountNumber::parse(digits).unwrap(),
        holder: HolderName::parse("NGUYEN THI DAO").unwrap(),
        holder_kind: HolderKind::Household,
        registered_name: TradeName::parse("Hộ kinh doanh Nguyễn Thị Đào").unwrap(),
        checked_at: Some(at()),
        state: AccountState::Pending {
            requested_by: user(1),
        },
        requested_by: user(1),
        replaces: None,
        created_at: at(),
        version: 1,
    }
}

async fn with_zone_and_merchant(store: &Store) -> (Tx, Merchant) {
    let mut tx = store.begin_write().await.unwrap();
    assert!(zones::insert(&mut tx, &zone(1)).await.unwrap());
    let merchant = merchant(1, "001080012345", "Bún ốc Phủ Tây Hồ");
    assert!(merchants::insert(&mut tx, &merchant).await.unwrap());
    (tx, merchant)
}

async fn a_zone_reads_back_with_its_wards_and_its_code_is_taken_once(database: Database) {
    let store = database.store().await;
    let mut tx = store.begin_write().await.unwrap();
    let all: Vec<Zone> = (1..4).map(zone).collect();
    for zone in &all {
        assert!(zones::insert(&mut tx, zone).await.unwrap());
    }
    let mut double = zone(1);
    double.id = ZoneId::from_uuid(Uuid::from_u128(99));
    assert!(!zones::insert(&mut tx, &double).await.unwrap());
    assert_eq!(zones::find(&mut tx, double.id).await.unwrap(), None);
    for zone in &all {
        assert!(!zone.wards.periods().is_empty());
        let found = zones::find(&mut tx, zone.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(zone));
        let id = zones::id_by_code(&mut tx, &zone.code).await.unwrap();
        assert_eq!(id, Some(zone.id));
    }
    let listed = zones::list(&mut tx, None, None, 2).await.unwrap();
    assert_eq!(listed, all[..2]);
    let rest = zones::list(&mut tx, None, Some(all[1].id), 2).await;
    assert_eq!(rest.unwrap(), all[2..]);
    for role in [ZoneRole::Pilot, ZoneRole::Comparison] {
        let listed = zones::list(&mut tx, Some(role), None, 9).await.unwrap();
        let wanted = all.iter().filter(|zone| zone.role == role);
        assert!(listed.iter().eq(wanted));
    }
}

async fn a_merchant_reads_back_in_every_state(database: Database) {
    let store = database.store().await;
    let (mut tx, mut wanted) = with_zone_and_merchant(&store).await;
    let found = merchants::find(&mut tx, Reach::Everything, wanted.id).await;
    assert_eq!(found.unwrap().as_ref(), Some(&wanted));
    for event in [
        MerchantEvent::Submit,
        MerchantEvent::StartReview,
        MerchantEvent::RequestChanges(reason()),
        MerchantEvent::Submit,
        MerchantEvent::StartReview,
        MerchantEvent::Approve,
        MerchantEvent::Suspend(reason()),
        MerchantEvent::Resume,
        MerchantEvent::Close(reason()),
    ] {
        let actor = user(if event == MerchantEvent::Approve {
            2
        } else {
            1
        });
        wanted.updated_at += TimeDelta::seconds(1);
        let state = wanted.state.clone();
        wanted.state = state.transition(event, actor, wanted.updated_at).unwrap();
        let (id, version) = (wanted.id, wanted.version);
        let moved =
            merchants::update_state(&mut tx, id, version, &wanted.state, wanted.updated_at).await;
        assert!(moved.unwrap());
        wanted.version += 1;
        let found = merchants::find(&mut tx, Reach::Everything, id).await;
        assert_eq!(found.unwrap().as_ref(), Some(&wanted));
    }
    let mut rejected = merchant(2, "001080012346", "Xôi Yên Phụ");
    assert!(merchants::insert(&mut tx, &rejected).await.unwrap());
    rejected.state = MerchantState::Rejected { reason: reason() };
    rejected.version = 2;
    let moved = merchants::update_state(&mut tx, rejected.id, 1, &rejected.state, at()).await;
    assert!(moved.unwrap());
    let found = merchants::find(&mut tx, Reach::Everything, rejected.id).await;
    assert_eq!(found.unwrap(), Some(rejected));
}

async fn a_merchant_changes_only_from_the_version_that_was_read(database: Database) {
    let store = database.store().await;
    let (mut tx, before) = with_zone_and_merchant(&store).await;
    let profile = merchant(1, "001080012345", "Bún ốc cô Đào").profile;
    let later = at() + TimeDelta::seconds(5);
    for (version, wanted) in [(2, false), (1, true), (1, false)] {
        let done = merchants::update_profile(&mut tx, before.id, version, &profile, later).await;
        assert_eq!(done.unwrap(), wanted, "{version}");
    }
    let submitted = MerchantState::Submitted {
        submitted_by: user(1),
    };
    let stale = merchants::update_state(&mut tx, before.id, 1, &submitted, later).await;
    assert!(!stale.unwrap());
    let found = merchants::find(&mut tx, Reach::Everything, before.id).await;
    let found = found.unwrap().unwrap();
    assert_eq!((found.version, found.updated_at), (2, later));
    assert_eq!(
        (found.profile, found.state),
        (profile, MerchantState::Draft)
    );
}

async fn a_tax_code_is_free_again_when_its_merchant_left(database: Database) {
    let store = database.store().await;
    let (mut tx, first) = with_zone_and_merchant(&store).await;
    let second = merchant(2, "001080012345", "Cùng mã số thuế");
    assert!(!merchants::insert(&mut tx, &second).await.unwrap());
    let state = MerchantState::Rejected { reason: reason() };
    assert!(
        merchants::update_state(&mut tx, first.id, 1, &state, at())
            .await
            .unwrap()
    );
    assert!(merchants::insert(&mut tx, &second).await.unwrap());
    let third = merchant(3, "001080012346", "Mã khác");
    assert!(merchants::insert(&mut tx, &third).await.unwrap());
    let taken = merchants::update_profile(&mut tx, third.id, 1, &second.profile, at()).await;
    assert!(taken.unwrap_err().is_unique_violation());
}

async fn merchants_are_found_by_name_state_and_reach(database: Database) {
    let store = database.store().await;
    let (mut tx, first) = with_zone_and_merchant(&store).await;
    let second = merchant(2, "001080012346", "Xôi 100% nếp");
    assert!(merchants::insert(&mut tx, &second).await.unwrap());
    let one = Reach::Merchant(second.id);
    let named = |name: &str| MerchantFilter {
        name: Some(name.to_owned()),
        ..MerchantFilter::default()
    };
    let standing = |status| MerchantFilter {
        status: Some(status),
        ..MerchantFilter::default()
    };
    let any = MerchantFilter::default();
    let both = vec![first.id, second.id];
    for (name, reach, filter, after, wanted) in [
        ("all", Reach::Everything, any.clone(), None, both),
        (
            "after",
            Reach::Everything,
            any.clone(),
            Some(first.id),
            vec![second.id],
        ),
        ("reach", one, any, None, vec![second.id]),
        (
            "name",
            Reach::Everything,
            named("TAY HO"),
            None,
            vec![first.id],
        ),
        (
            "a sign",
            Reach::Everything,
            named("0%"),
            None,
            vec![second.id],
        ),
        ("no pattern", Reach::Everything, named("B%N"), None, vec![]),
        (
            "draft",
            one,
            standing(MerchantStatus::Draft),
            None,
            vec![second.id],
        ),
        (
            "active",
            one,
            standing(MerchantStatus::Active),
            None,
            vec![],
        ),
    ] {
        let listed = merchants::list(&mut tx, reach, &filter, after, 9).await;
        let ids: Vec<_> = listed.unwrap().iter().map(|it| it.id).collect();
        assert_eq!(ids, wanted, "{name}");
    }
    let foreign = merchants::find(&mut tx, one, first.id).await;
    assert_eq!(foreign.unwrap(), None);
    // One without an outlet is in nobody's zone yet; one with an outlet is in its zone only.
    let someone = Reach::ZonesOf(user(7));
    assert!(
        outlets::insert(&mut tx, &outlet(1, first.id, "Sạp 1"))
            .await
            .unwrap()
    );
    let listed = merchants::list(&mut tx, someone, &MerchantFilter::default(), None, 9).await;
    assert_eq!(listed.unwrap(), [second]);
    assert_eq!(
        merchants::find(&mut tx, someone, first.id).await.unwrap(),
        None
    );
}

async fn an_outlet_reads_back_in_every_state_and_its_stall_is_taken_once(database: Database) {
    let store = database.store().await;
    let (mut tx, merchant) = with_zone_and_merchant(&store).await;
    let mut wanted = outlet(1, merchant.id, "Sạp 12");
    assert!(outlets::insert(&mut tx, &wanted).await.unwrap());
    let second = outlet(2, merchant.id, "Sạp 12");
    assert!(!outlets::insert(&mut tx, &second).await.unwrap());
    let (tested_at, opened_at) = (at(), at() + TimeDelta::seconds(1));
    let open = OutletState::Open {
        tested_at,
        opened_at,
    };
    let paused = OutletState::Paused {
        tested_at,
        opened_at,
    };
    let closed = OutletState::Closed { closed_at: at() };
    for state in [
        OutletState::Tested { tested_at },
        open,
        paused,
        open,
        closed,
    ] {
        let id = wanted.id;
        let stale = outlets::update_state(&mut tx, id, wanted.version + 1, state).await;
        assert!(!stale.unwrap());
        let moved = outlets::update_state(&mut tx, id, wanted.version, state).await;
        assert!(moved.unwrap());
        (wanted.state, wanted.version) = (state, wanted.version + 1);
        let found = outlets::find(&mut tx, Reach::Merchant(merchant.id), id).await;
        assert_eq!(found.unwrap().as_ref(), Some(&wanted));
    }
    assert!(outlets::insert(&mut tx, &second).await.unwrap());
    let only = |status| OutletFilter {
        merchant: Some(merchant.id),
        zone: Some(zone(1).id),
        status: Some(status),
    };
    for (status, listed) in [
        (OutletStatus::Closed, &wanted),
        (OutletStatus::Planned, &second),
    ] {
        let found = outlets::list(&mut tx, Reach::Everything, only(status), None, 9).await;
        assert_eq!(found.unwrap(), std::slice::from_ref(listed));
    }
    let all = OutletFilter::default();
    let rest = outlets::list(&mut tx, Reach::Everything, all, Some(wanted.id), 9).await;
    assert_eq!(rest.unwrap(), std::slice::from_ref(&second));
    let there = outlets::not_closed(&mut tx, Reach::Merchant(merchant.id)).await;
    assert_eq!(there.unwrap(), [second]);
    let foreign = Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(9)));
    for reach in [foreign, Reach::ZonesOf(user(7))] {
        assert_eq!(
            outlets::find(&mut tx, reach, wanted.id).await.unwrap(),
            None
        );
        let listed = outlets::list(&mut tx, reach, all, None, 9).await;
        assert_eq!(listed.unwrap(), []);
        assert_eq!(outlets::not_closed(&mut tx, reach).await.unwrap(), []);
    }
}

async fn an_account_reads_back_in_every_state_and_its_number_is_taken_once(database: Database) {
    let store = database.store().await;
    let (mut tx, merchant) = with_zone_and_merchant(&store).await;
    let mut wanted = account(1, merchant.id, "0011001234567");
    assert!(accounts::insert(&mut tx, &wanted).await.unwrap());
    let mut second = account(2, merchant.id, "0011001234567");
    second.replaces = Some(wanted.id);
    assert!(!accounts::insert(&mut tx, &second).await.unwrap());
    assert!(!accounts::any_approved(&mut tx, merchant.id).await.unwrap());
    for event in [
        AccountEvent::Approve(Succession::Replaces),
        AccountEvent::Retire,
    ] {
        wanted.state = wanted.state.transition(event, user(2), at()).unwrap();
        let stale = accounts::update_state(&mut tx, wanted.id, 9, wanted.state).await;
        assert!(!stale.unwrap());
        let moved = accounts::update_state(&mut tx, wanted.id, wanted.version, wanted.state).await;
        assert!(moved.unwrap());
        wanted.version += 1;
        let found = accounts::find(&mut tx, Reach::Everything, wanted.id).await;
        assert_eq!(found.unwrap().as_ref(), Some(&wanted));
        assert!(accounts::any_approved(&mut tx, merchant.id).await.unwrap());
    }
    assert!(accounts::insert(&mut tx, &second).await.unwrap());
    let moved = accounts::update_state(&mut tx, second.id, 1, AccountState::Rejected).await;
    assert!(moved.unwrap());
    (second.state, second.version) = (AccountState::Rejected, 2);
    let mine = AccountFilter {
        merchant: Some(merchant.id),
        status: None,
    };
    let listed = accounts::list(&mut tx, Reach::Merchant(merchant.id), mine, None, 9).await;
    assert_eq!(listed.unwrap(), [wanted.clone(), second.clone()]);
    let rejected = AccountFilter {
        merchant: None,
        status: Some(second.state.status()),
    };
    let listed = accounts::list(&mut tx, Reach::Everything, rejected, Some(wanted.id), 9).await;
    assert_eq!(listed.unwrap(), [second.clone()]);
    let foreign = Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(9)));
    let found = accounts::find(&mut tx, foreign, second.id).await;
    assert_eq!(found.unwrap(), None);
}

async fn a_census_keeps_its_records_and_the_newest_one_is_in_force(database: Database) {
    let store = database.store().await;
    let (mut tx, _) = with_zone_and_merchant(&store).await;
    let place = Establishment {
        id: EstablishmentId::from_uuid(Uuid::from_u128(1)),
        zone: zone(1).id,
        position: TradeName::parse("Số 12").unwrap(),
        name: TradeName::parse("Bún ốc").unwrap(),
        created_at: at(),
        version: 1,
    };
    assert!(establishments::insert(&mut tx, &place).await.unwrap());
    assert!(!establishments::insert(&mut tx, &place).await.unwrap());
    let by_position = establishments::find_by_position(&mut tx, place.zone, &place.position);
    assert_eq!(by_position.await.unwrap().as_ref(), Some(&place));
    let by_id = establishments::find(&mut tx, Reach::Everything, place.id)
        .await
        .unwrap();
    assert_eq!(by_id.as_ref(), Some(&place));
    let listed = establishments::list(&mut tx, Reach::Everything, Some(place.zone), None, 9).await;
    assert_eq!(listed.unwrap(), std::slice::from_ref(&place));
    let whole = establishments::all_of_zone(&mut tx, place.zone)
        .await
        .unwrap();
    assert_eq!(whole, std::slice::from_ref(&place));
    let after = establishments::list(&mut tx, Reach::Everything, None, Some(place.id), 9).await;
    assert_eq!(after.unwrap(), []);

    let days = ["2026-01-10", "2026-02-10"].map(|day| day.parse().unwrap());
    for (number, day) in (1..).zip(days) {
        let id = CensusId::from_uuid(Uuid::from_u128(number));
        let census = censuses::insert(&mut tx, id, place.zone, day, at()).await;
        assert_eq!(census.unwrap().version, i64::try_from(number).unwrap());
    }
    for (day, wanted) in [
        ("2026-01-09", None),
        ("2026-01-10", Some(1)),
        ("2026-02-09", Some(1)),
        ("2026-02-10", Some(2)),
    ] {
        let census = censuses::on_day(&mut tx, place.zone, day.parse().unwrap()).await;
        assert_eq!(census.unwrap().map(|it| it.version), wanted, "{day}");
    }

    let census = CensusId::from_uuid(Uuid::from_u128(1));
    let record = CensusRecord {
        status: EstablishmentStatus::Trading,
        trade: Trade::parse("bún ốc").unwrap(),
        size_class: SizeClass::Stall,
        open_days: OpenDays::Lunar(vec![1, 15]),
        operates_at_night: true,
        accepts_cashless: None,
        accepted_means: String::new(),
        owner: OwnerKey::parse("h-1").unwrap(),
        owner_sex: Some(OwnerSex::Female),
        owner_over_60: Some(false),
    };
    for wanted in [true, false] {
        let done = censuses::insert_record(&mut tx, census, place.id, &record).await;
        assert_eq!(done.unwrap(), wanted);
    }
    let kept = censuses::records(&mut tx, census, None, 9).await;
    let seen = SeenPlace {
        establishment: place.id,
        position: place.position.clone(),
        name: place.name.clone(),
        record,
    };
    assert_eq!(kept.unwrap(), std::slice::from_ref(&seen));
    let first = censuses::find(&mut tx, place.zone, 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((first.id, first.surveyed_on), (census, days[0]));
    assert_eq!(censuses::find(&mut tx, place.zone, 3).await.unwrap(), None);
    let newest = censuses::newest_record(&mut tx, place.id).await.unwrap();
    assert_eq!(newest, Some((first, seen.record)));
    let versions = censuses::list(&mut tx, place.zone, None, 9).await.unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|(it, places)| (it.version, *places))
        .collect();
    assert_eq!(versions, [(2, 0), (1, 1)]);
    let before = censuses::list(&mut tx, place.zone, Some(2), 9).await;
    assert_eq!(before.unwrap(), [(first, 1)]);
    let rest = censuses::records(&mut tx, census, Some(place.id), 9).await;
    assert_eq!(rest.unwrap(), []);

    for wanted in [true, false] {
        let change = EstablishmentChange::Closed;
        let done = establishments::insert_change(&mut tx, place.id, days[1], change, at()).await;
        assert_eq!(done.unwrap(), wanted);
    }
    let changes = establishments::changes(&mut tx, place.id).await.unwrap();
    assert_eq!(changes, [(days[1], EstablishmentChange::Closed)]);
}

async fn a_place_is_renamed_from_its_version_and_seen_within_reach(database: Database) {
    let store = database.store().await;
    let (mut tx, merchant) = with_zone_and_merchant(&store).await;
    let mut place = Establishment {
        id: EstablishmentId::from_uuid(Uuid::from_u128(1)),
        zone: zone(1).id,
        position: TradeName::parse("Số 12").unwrap(),
        name: TradeName::parse("Bún ốc").unwrap(),
        created_at: at(),
        version: 1,
    };
    assert!(establishments::insert(&mut tx, &place).await.unwrap());
    assert_eq!(
        censuses::newest_record(&mut tx, place.id).await.unwrap(),
        None
    );
    let name = TradeName::parse("Xôi Yên Phụ").unwrap();
    for (version, wanted) in [(2, false), (1, true), (1, false)] {
        let done = establishments::rename(&mut tx, place.id, version, &name).await;
        assert_eq!(done.unwrap(), wanted, "{version}");
    }
    (place.name, place.version) = (name, 2);
    // A merchant reaches a place through its outlet, a person through the zone.
    let mut stall = outlet(1, merchant.id, "Số 12");
    stall.establishment = Some(place.id);
    assert!(outlets::insert(&mut tx, &stall).await.unwrap());
    let admin = User {
        id: user(7),
        name: "Đào".to_owned(),
        role: UserRole::Staff,
        all_zones: false,
        created_at: at(),
        disabled_at: None,
        version: 1,
    };
    access::insert_user(&mut tx, &admin).await.unwrap();
    access::add_user_zone(&mut tx, user(7), place.zone)
        .await
        .unwrap();
    for (reach, seen) in [
        (Reach::Everything, true),
        (Reach::Merchant(merchant.id), true),
        (
            Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(9))),
            false,
        ),
        (Reach::ZonesOf(user(7)), true),
        (Reach::ZonesOf(user(8)), false),
    ] {
        let wanted = seen.then(|| place.clone());
        let found = establishments::find(&mut tx, reach, place.id)
            .await
            .unwrap();
        assert_eq!(found, wanted, "{reach:?}");
        let listed = establishments::list(&mut tx, reach, None, None, 9)
            .await
            .unwrap();
        assert_eq!(listed.first(), wanted.as_ref(), "{reach:?}");
    }
}

async fn what_is_in_use_is_found_by_its_unique_value_within_reach(database: Database) {
    let store = database.store().await;
    let (mut tx, merchant) = with_zone_and_merchant(&store).await;
    let stall = outlet(1, merchant.id, "Sạp 12");
    assert!(outlets::insert(&mut tx, &stall).await.unwrap());
    let money = account(1, merchant.id, "0011001234567");
    assert!(accounts::insert(&mut tx, &money).await.unwrap());
    let foreign = Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(9)));
    for (reach, seen) in [(Reach::Everything, true), (foreign, false)] {
        let code = &merchant.profile.tax_code;
        let found = merchants::find_by_tax_code(&mut tx, reach, code).await;
        assert_eq!(found.unwrap(), seen.then(|| merchant.clone()));
        let found = outlets::find_by_stall(&mut tx, reach, stall.zone, &stall.stall_label).await;
        assert_eq!(found.unwrap(), seen.then(|| stall.clone()));
        let found = accounts::find_by_number(&mut tx, reach, money.bank, &money.number).await;
        assert_eq!(found.unwrap(), seen.then(|| money.clone()));
    }
    // What has left is in nobody's way.
    let all = Reach::Everything;
    let gone = MerchantState::Rejected { reason: reason() };
    let moved = merchants::update_state(&mut tx, merchant.id, 1, &gone, at()).await;
    assert!(moved.unwrap());
    let closed = OutletState::Closed { closed_at: at() };
    assert!(
        outlets::update_state(&mut tx, stall.id, 1, closed)
            .await
            .unwrap()
    );
    let moved = accounts::update_state(&mut tx, money.id, 1, AccountState::Rejected).await;
    assert!(moved.unwrap());
    let code = &merchant.profile.tax_code;
    let found = merchants::find_by_tax_code(&mut tx, all, code).await;
    assert_eq!(found.unwrap(), None);
    let found = outlets::find_by_stall(&mut tx, all, stall.zone, &stall.stall_label).await;
    assert_eq!(found.unwrap(), None);
    let found = accounts::find_by_number(&mut tx, all, money.bank, &money.number).await;
    assert_eq!(found.unwrap(), None);
}
