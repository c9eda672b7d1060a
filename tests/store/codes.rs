//! Payment codes and their revisions.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::code::{
    AmountLimits, AmountRule, CodeAmount, CodeKind, CodeScheme, CodeState, CodeTerms,
};
use phocho::domain::ids::{CodeId, MerchantId};
use phocho::domain::money::Vnd;
use phocho::store::code_states::{self, Amendment};
use phocho::store::codes::{self, NewCode, StoredTerms};
use phocho::store::reach::Reach;
use phocho::store::{StoreError, code_revisions};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::stalls::{self, Stall, opening, user};

on_both_engines!(
    a_reference_is_issued_once,
    acquirers_codes_share_the_absence_of_a_reference,
    a_code_reads_back_with_its_terms_and_in_every_state,
    every_revision_of_a_code_stays_readable,
    a_code_out_of_reach_is_not_there,
    waiting_holders_of_a_code_come_one_after_another,
    only_a_live_dynamic_code_is_completed_and_only_once,
);

pub const REFERENCE: &str = "THABCDEFGH";

pub fn amount(vnd: i64) -> CodeAmount {
    CodeAmount::new(Vnd::new(vnd).unwrap()).unwrap()
}

pub fn fixed(vnd: i64) -> AmountRule {
    AmountRule::Fixed(amount(vnd))
}

pub fn later() -> DateTime<Utc> {
    opening() + TimeDelta::minutes(15)
}

pub fn code(number: u128, stall: Stall, reference: Option<&str>, terms: CodeTerms) -> NewCode {
    NewCode {
        id: CodeId::from_uuid(Uuid::from_u128(number)),
        merchant: stall.merchant,
        outlet: stall.outlet,
        account: reference.map(|_| stall.account),
        kind: terms.kind().name().as_str(),
        scheme: terms.scheme().as_str(),
        reference: reference.map(str::to_owned),
        terms: StoredTerms::from(terms.amount()),
        expires_at: terms.expires_at(),
        for_test: false,
        payload: format!("payload {number}"),
        created_by: "usr_1".to_owned(),
        now: opening(),
    }
}

pub fn terms(kind: CodeKind, rule: AmountRule) -> CodeTerms {
    CodeTerms::new(kind, CodeScheme::Transfer, rule).unwrap()
}

pub fn static_code(number: u128, stall: Stall, reference: &str) -> NewCode {
    let terms = terms(CodeKind::Static, fixed(50_000));
    code(number, stall, Some(reference), terms)
}

async fn a_reference_is_issued_once(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let mut tx = store.begin_write().await.unwrap();
    let first = static_code(1, stall, REFERENCE);
    assert!(codes::insert(&mut tx, &first).await.unwrap());
    let second = static_code(2, stall, REFERENCE);
    assert!(!codes::insert(&mut tx, &second).await.unwrap());
    let other = static_code(3, stall, "THOTHEROTH");
    assert!(codes::insert(&mut tx, &other).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = store.begin_read().await.unwrap();
    let found = codes::find_by_reference(&mut tx, REFERENCE).await.unwrap();
    assert_eq!(found.unwrap().id, first.id.uuid());
    let nothing = codes::find(&mut tx, Reach::Everything, second.id).await;
    assert!(nothing.unwrap().is_none());
    let no_text = codes::payload(&mut tx, second.id, 1).await.unwrap();
    assert_eq!(no_text, None, "a refused code leaves no revision");
    let unknown = codes::find_by_reference(&mut tx, "THNOTHING2").await;
    assert!(unknown.unwrap().is_none());
}

async fn acquirers_codes_share_the_absence_of_a_reference(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let open = AmountRule::Open(AmountLimits::default());
    let theirs = CodeTerms::new(CodeKind::Static, CodeScheme::MerchantPay, open).unwrap();
    let mut tx = store.begin_write().await.unwrap();
    for number in [1, 2] {
        let code = code(number, stall, None, theirs);
        assert!(codes::insert(&mut tx, &code).await.unwrap());
        let row = codes::find(&mut tx, Reach::Everything, code.id).await;
        let row = row.unwrap().unwrap();
        assert_eq!((row.reference.as_deref(), row.account_id), (None, None));
        assert_eq!(row.terms().unwrap(), theirs);
    }
}

async fn a_code_reads_back_with_its_terms_and_in_every_state(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let mut tx = store.begin_write().await.unwrap();
    let limits = AmountLimits::new(Some(amount(1_000)), Some(amount(2_000))).unwrap();
    let dynamic = CodeKind::Dynamic {
        expires_at: later(),
    };
    let retired_at = later();
    for (number, wanted, state) in [
        (1, terms(CodeKind::Static, fixed(50_000)), CodeState::Active),
        (
            2,
            terms(CodeKind::Static, AmountRule::Open(limits)),
            CodeState::Cancelled { retired_at },
        ),
        (
            3,
            terms(CodeKind::Static, AmountRule::Suggested(amount(7))),
            CodeState::Superseded { retired_at },
        ),
        (
            4,
            terms(dynamic, fixed(499_999_999)),
            CodeState::Completed {
                completed_at: later(),
            },
        ),
        (
            5,
            terms(dynamic, fixed(1)),
            CodeState::Revoked { retired_at },
        ),
    ] {
        let reference = format!("THNUMBER{number:02}");
        let code = code(number, stall, Some(&reference), wanted);
        assert!(codes::insert(&mut tx, &code).await.unwrap());
        let moved = code_states::update_state(&mut tx, code.id, 1, state).await;
        assert!(moved.unwrap());
        let again = code_states::update_state(&mut tx, code.id, 1, state).await;
        assert!(!again.unwrap(), "version 1 is gone");
        let row = codes::find(&mut tx, Reach::Everything, code.id).await;
        let row = row.unwrap().unwrap();
        assert_eq!(row.terms().unwrap(), wanted);
        assert_eq!(row.state().unwrap(), state);
        assert_eq!((row.version, row.revision, row.for_test), (2, 1, false));
        assert_eq!(row.account_id, Some(stall.account.uuid()));
        assert_eq!(row.created_at, opening());
    }
}

async fn every_revision_of_a_code_stays_readable(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let mut tx = store.begin_write().await.unwrap();
    let code = static_code(1, stall, REFERENCE);
    assert!(codes::insert(&mut tx, &code).await.unwrap());
    let amendment = Amendment {
        rule: AmountRule::Open(AmountLimits::default()),
        payload: "open",
        by: "usr_2",
        now: later(),
    };
    let second = code_states::amend(&mut tx, code.id, 1, &amendment).await;
    assert_eq!(second.unwrap(), Some(2));
    let outdated = code_states::amend(&mut tx, code.id, 1, &amendment).await;
    assert_eq!(outdated.unwrap(), None);
    for (revision, payload) in [(1, Some("payload 1")), (2, Some("open")), (3, None)] {
        let text = codes::payload(&mut tx, code.id, revision).await.unwrap();
        assert_eq!(text.as_deref(), payload, "{revision}");
    }
    for (before, limit, wanted) in [(None, 9, &[2, 1][..]), (None, 1, &[2]), (Some(2), 9, &[1])] {
        let rows = code_revisions::list(&mut tx, code.id, before, limit).await;
        let numbers: Vec<_> = rows.unwrap().iter().map(|row| row.revision).collect();
        assert_eq!(numbers, wanted, "{before:?}");
    }
    let row = codes::find(&mut tx, Reach::Everything, code.id).await;
    let row = row.unwrap().unwrap();
    assert_eq!((row.revision, row.amount_vnd), (2, None));
    assert_eq!(row.terms().unwrap().amount(), amendment.rule);
    let terms = StoredTerms::from(amendment.rule);
    let twice =
        codes::insert_revision(&mut tx, code.id, 2, "other", &terms, "usr_2", later()).await;
    assert!(twice.unwrap_err().is_unique_violation());
}

async fn a_code_out_of_reach_is_not_there(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let mut tx = store.begin_write().await.unwrap();
    let code = static_code(1, stall, REFERENCE);
    assert!(codes::insert(&mut tx, &code).await.unwrap());
    let foreign = MerchantId::from_uuid(Uuid::from_u128(77));
    for (reach, seen) in [
        (Reach::Everything, true),
        (Reach::Merchant(stall.merchant), true),
        (Reach::Merchant(foreign), false),
        (Reach::ZonesOf(user(1)), false),
    ] {
        let found = codes::find(&mut tx, reach, code.id).await.unwrap();
        assert_eq!(found.is_some(), seen, "{reach:?}");
    }
}

async fn waiting_holders_of_a_code_come_one_after_another(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let code = static_code(1, stall, REFERENCE);
    let mut tx = store.begin_write().await.unwrap();
    assert!(codes::insert(&mut tx, &code).await.unwrap());
    tx.commit().await.unwrap();
    let holders = (0..6).map(|_| {
        let store = store.clone();
        let id = code.id;
        tokio::spawn(async move {
            let mut tx = store.begin_write().await.unwrap();
            codes::lock(&mut tx, id).await.unwrap();
            let row = codes::find(&mut tx, Reach::Everything, id).await;
            let row = row.unwrap().unwrap();
            let amendment = Amendment {
                rule: fixed(row.revision),
                payload: "next",
                by: "usr_1",
                now: later(),
            };
            let written = code_states::amend(&mut tx, id, row.version, &amendment).await;
            assert_eq!(written.unwrap(), Some(row.revision + 1));
            tx.commit().await.unwrap();
        })
    });
    for holder in holders.collect::<Vec<_>>() {
        holder.await.unwrap();
    }
    let mut tx = store.begin_write().await.unwrap();
    let row = codes::find(&mut tx, Reach::Everything, code.id).await;
    let row = row.unwrap().unwrap();
    assert_eq!((row.revision, row.version), (7, 13));
    let unknown = CodeId::from_uuid(Uuid::from_u128(99));
    let nothing = codes::lock(&mut tx, unknown).await.unwrap_err();
    assert!(matches!(nothing, StoreError::Conflict { .. }));
}

async fn only_a_live_dynamic_code_is_completed_and_only_once(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let mut tx = store.begin_write().await.unwrap();
    let dynamic = terms(
        CodeKind::Dynamic {
            expires_at: later(),
        },
        fixed(5_000),
    );
    let dynamic = code(1, stall, Some(REFERENCE), dynamic);
    let printed = static_code(2, stall, "THPRINTED2");
    for code in [&dynamic, &printed] {
        assert!(codes::insert(&mut tx, code).await.unwrap());
        for at in [later(), later() + TimeDelta::minutes(1)] {
            codes::complete(&mut tx, code.id, at).await.unwrap();
        }
    }
    let completed_at = later();
    for (code, wanted) in [
        (dynamic, CodeState::Completed { completed_at }),
        (printed, CodeState::Active),
    ] {
        let row = codes::find(&mut tx, Reach::Everything, code.id).await;
        assert_eq!(row.unwrap().unwrap().state().unwrap(), wanted);
    }
}
