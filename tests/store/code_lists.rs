//! Which codes are found how: by place and phase, by text, by account; and all of a place.

use chrono::TimeDelta;
use phocho::domain::account::{AccountState, HolderKind};
use phocho::domain::code::{
    AmountLimits, AmountRule, CodeKind, CodeKindName, CodePhase, CodeScheme, CodeState, CodeTerms,
};
use phocho::domain::ids::CodeId;
use phocho::domain::outlet::OutletState;
use phocho::store::codes::{self, CodeFilter, NewCode};
use phocho::store::reach::Reach;
use phocho::store::{accounts, code_revisions, code_states, locks, match_switches, outlets};
use uuid::Uuid;

use crate::codes::{REFERENCE, code, fixed, later, static_code, terms};
use crate::database::{Database, on_both_engines};
use crate::stalls::{self, Stall, opening, user};

on_both_engines!(
    the_outlets_of_an_account_are_those_of_its_codes_as_they_stood,
    codes_are_listed_newest_first_by_place_kind_and_phase,
    a_text_leads_to_the_codes_that_ever_showed_it,
    an_outlets_test_code_waits_until_it_is_paid_late_or_its_account_retired,
    closing_takes_the_codes_in_use_and_no_other,
);

async fn the_outlets_of_an_account_are_those_of_its_codes_as_they_stood(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let neighbour = stalls::stall(&store, 2, OutletState::Planned).await;
    let mut tx = store.begin_write().await.unwrap();
    let hung = match_switches::outlets_of_account(&mut tx, stall.account, later()).await;
    assert_eq!(hung.unwrap(), []);
    for (number, reference) in [(1, REFERENCE), (2, "THSECOND22")] {
        let code = static_code(number, stall, reference);
        assert!(codes::insert(&mut tx, &code).await.unwrap());
    }
    let version = outlets::find(&mut tx, Reach::Everything, stall.outlet).await;
    let version = version.unwrap().unwrap().version;
    let minute = |number| opening() + TimeDelta::minutes(number);
    for (step, is_on) in [(0, false), (1, true)] {
        let at = minute(10 * (step + 1));
        let switched = match_switches::switch(&mut tx, stall.outlet, version + step, at, is_on);
        assert!(switched.await.unwrap());
        let again = match_switches::switch(&mut tx, stall.outlet, version + step, at, is_on);
        assert!(!again.await.unwrap(), "that version is gone");
    }
    for (at, trades, switched_on) in [
        (-1, false, false),
        (0, true, true),
        (9, true, true),
        (10, true, false),
        (19, true, false),
        (20, true, true),
    ] {
        let hung = match_switches::outlets_of_account(&mut tx, stall.account, minute(at)).await;
        let hung = hung.unwrap();
        assert_eq!(hung.len(), 1);
        assert_eq!(hung[0].outlet, stall.outlet);
        let found = (hung[0].trades, hung[0].switched_on);
        assert_eq!(found, (trades, switched_on), "minute {at}");
    }
    let shared = Stall {
        account: stall.account,
        ..neighbour
    };
    let code = static_code(3, shared, "THTHIRD222");
    assert!(codes::insert(&mut tx, &code).await.unwrap());
    let hung = match_switches::outlets_of_account(&mut tx, stall.account, later()).await;
    assert_eq!(hung.unwrap().len(), 2);
    let holder = accounts::holder_kind(&mut tx, stall.account).await.unwrap();
    assert_eq!(holder, HolderKind::Household);
}

async fn codes_are_listed_newest_first_by_place_kind_and_phase(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let neighbour = stalls::stall(&store, 2, stalls::open()).await;
    let mut tx = store.begin_write().await.unwrap();
    let expires_at = later();
    let sale = terms(CodeKind::Dynamic { expires_at }, fixed(5_000));
    for new in [
        static_code(1, stall, "THNUMBER22"),
        code(2, stall, Some("THNUMBER33"), sale),
        code(3, stall, Some("THNUMBER44"), sale),
        static_code(4, neighbour, "THNUMBER55"),
    ] {
        assert!(codes::insert(&mut tx, &new).await.unwrap());
    }
    let third = CodeId::from_uuid(Uuid::from_u128(3));
    codes::complete(&mut tx, third, later()).await.unwrap();
    let all = CodeFilter {
        till: None,
        outlet: None,
        sales: true,
        kind: None,
        phase: None,
        now: opening(),
    };
    let but = |change: &dyn Fn(&mut CodeFilter)| {
        let mut filter = all;
        change(&mut filter);
        filter
    };
    let phase = |phase| but(&|it| it.phase = Some(phase));
    let late = |phase| CodeFilter {
        now: later(),
        phase: Some(phase),
        ..all
    };
    let own = Reach::Merchant(stall.merchant);
    let there = Some(neighbour.outlet);
    for (name, reach, filter, before, wanted) in [
        ("all", Reach::Everything, all, None, &[4, 3, 2, 1][..]),
        ("before", Reach::Everything, all, Some(third), &[2, 1]),
        ("own", own, all, None, &[3, 2, 1]),
        ("nobody's", Reach::ZonesOf(user(1)), all, None, &[]),
        ("outlet", own, but(&|it| it.outlet = there), None, &[]),
        ("till", own, but(&|it| it.till = there), None, &[]),
        (
            "static",
            own,
            but(&|it| it.kind = Some(CodeKindName::Static)),
            None,
            &[1],
        ),
        ("no sales", own, but(&|it| it.sales = false), None, &[1]),
        ("active", own, phase(CodePhase::Active), None, &[2, 1]),
        ("completed", own, phase(CodePhase::Completed), None, &[3]),
        ("later", own, late(CodePhase::Active), None, &[1]),
        ("expired", own, late(CodePhase::Expired), None, &[2]),
    ] {
        let rows = codes::list(&mut tx, reach, &filter, before, 9)
            .await
            .unwrap();
        let numbers: Vec<_> = rows.iter().map(|row| row.code.id.as_u128()).collect();
        assert_eq!(numbers, wanted, "{name}");
        assert!(rows.iter().all(|row| row.payload.starts_with("payload")));
    }
    let page = codes::list(&mut tx, Reach::Everything, &all, None, 2).await;
    assert_eq!(page.unwrap().len(), 2);
}

async fn a_text_leads_to_the_codes_that_ever_showed_it(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let mut tx = store.begin_write().await.unwrap();
    let open = AmountRule::Open(AmountLimits::default());
    let theirs = CodeTerms::new(CodeKind::Static, CodeScheme::MerchantPay, open).unwrap();
    for number in [1, 2] {
        let code = NewCode {
            payload: "the same".to_owned(),
            ..code(number, stall, None, theirs)
        };
        assert!(codes::insert(&mut tx, &code).await.unwrap());
    }
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let found = code_revisions::codes_with(&mut tx, "the same", 9).await;
    let found: Vec<_> = found.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(found, [second, first]);
    let retired_at = later();
    let state = CodeState::Cancelled { retired_at };
    let moved = code_states::update_state(&mut tx, CodeId::from_uuid(second), 1, state).await;
    assert!(moved.unwrap());
    for (text, limit, wanted) in [
        ("the same", 9, &[first, second][..]),
        ("the same", 1, &[first]),
        ("another", 9, &[]),
    ] {
        let found = code_revisions::codes_with(&mut tx, text, limit).await;
        let found: Vec<_> = found.unwrap().iter().map(|row| row.id).collect();
        assert_eq!(found, wanted, "{text}");
    }
}

async fn an_outlets_test_code_waits_until_it_is_paid_late_or_its_account_retired(
    database: Database,
) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, OutletState::Planned).await;
    let mut tx = store.begin_write().await.unwrap();
    let expires_at = later();
    let sale = terms(CodeKind::Dynamic { expires_at }, fixed(1_000));
    for (number, for_test) in [(1, true), (2, false)] {
        let reference = format!("THNUMBER{number}{number}");
        let code = NewCode {
            for_test,
            ..code(number, stall, Some(&reference), sale)
        };
        assert!(codes::insert(&mut tx, &code).await.unwrap());
    }
    locks::merchant(&mut tx, stall.merchant).await.unwrap();
    locks::outlet(&mut tx, stall.outlet).await.unwrap();
    let waiting = code_revisions::waiting_test(&mut tx, stall.outlet, opening()).await;
    assert_eq!(waiting.unwrap().unwrap().id, Uuid::from_u128(1));
    let late = code_revisions::waiting_test(&mut tx, stall.outlet, later()).await;
    assert!(late.unwrap().is_none());
    let retired = AccountState::Retired {
        retired_at: opening(),
    };
    let moved = accounts::update_state(&mut tx, stall.account, 2, retired).await;
    assert!(moved.unwrap());
    let waiting = code_revisions::waiting_test(&mut tx, stall.outlet, opening()).await;
    assert!(waiting.unwrap().is_none());
}

async fn closing_takes_the_codes_in_use_and_no_other(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let neighbour = stalls::stall(&store, 2, stalls::open()).await;
    let retired_at = later();
    let mut tx = store.begin_write().await.unwrap();
    let expires_at = later();
    let sale = terms(CodeKind::Dynamic { expires_at }, fixed(5_000));
    for new in [
        static_code(1, stall, "THNUMBER22"),
        code(2, stall, Some("THNUMBER33"), sale),
        static_code(3, neighbour, "THNUMBER44"),
    ] {
        assert!(codes::insert(&mut tx, &new).await.unwrap());
    }
    let second = CodeId::from_uuid(Uuid::from_u128(2));
    codes::complete(&mut tx, second, later()).await.unwrap();
    let completed = CodeState::Completed {
        completed_at: later(),
    };
    let cancelled = CodeState::Cancelled { retired_at };
    let count = code_states::cancel_of_outlet(&mut tx, stall.outlet, retired_at).await;
    assert_eq!(count.unwrap(), 1);
    let count = code_states::revoke_of_merchant(&mut tx, stall.merchant, retired_at).await;
    assert_eq!(count.unwrap(), 0, "what is cancelled stays so");
    let count = code_states::revoke_of_merchant(&mut tx, neighbour.merchant, retired_at).await;
    assert_eq!(count.unwrap(), 1);
    let revoked = CodeState::Revoked { retired_at };
    for (number, wanted) in [(1, cancelled), (2, completed), (3, revoked)] {
        let id = CodeId::from_uuid(Uuid::from_u128(number));
        let row = codes::find(&mut tx, Reach::Everything, id).await.unwrap();
        assert_eq!(row.unwrap().state().unwrap(), wanted, "{number}");
    }
}
