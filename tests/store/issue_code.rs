//! Issuing, registering, changing and withdrawing payment codes.

use chrono::TimeDelta;
use phocho::domain::code::{AmountLimits, AmountRule, CodeAmount, CodeState, CodeTermsError};
use phocho::domain::ids::{AccountId, CodeId, MerchantId};
use phocho::domain::money::Vnd;
use phocho::domain::outlet::OutletState;
use phocho::domain::refusal::Refusal;
use phocho::entropy::Entropy;
use phocho::flows::change::Change;
use phocho::flows::issue_code::{
    AcquirerCode, CodePurpose, IssueError, IssuedCode, Issuer, NewCodeRequest, amend, cancel,
    issue, register,
};
use phocho::flows::open_outlet::{OutletStep, step};
use phocho::store::codes::CodeFilter;
use phocho::store::merchants;
use phocho::store::reach::Reach;
use phocho::store::{Store, audit, codes, events};
use phocho::vietqr::{Fields, Initiation, Payload};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::stalls::{self, Stall, account_number, opening};

on_both_engines!(
    a_static_and_a_dynamic_code_point_at_the_approved_account,
    a_used_reference_is_drawn_again,
    a_planned_outlet_takes_its_test_code_and_no_other,
    only_a_place_within_reach_that_trades_takes_codes,
    a_new_account_serves_new_codes_after_its_wait_and_leaves_old_ones_alone,
    a_dynamic_code_is_not_born_expired,
    an_amended_code_keeps_its_reference_and_its_account,
    a_cancelled_code_is_cancelled_for_good,
    an_acquirers_code_is_kept_as_it_is,
    a_change_leaves_an_audit_entry_and_an_event_and_a_dropped_one_neither,
    no_code_stays_in_use_that_is_issued_while_its_outlet_closes,
);

fn amount(vnd: i64) -> CodeAmount {
    CodeAmount::new(Vnd::new(vnd).unwrap()).unwrap()
}

fn issuer(entropy: &Entropy) -> Issuer<'_> {
    Issuer {
        actor: "usr_1",
        reach: Reach::Everything,
        entropy,
        now: opening(),
    }
}

fn open_amount() -> CodePurpose {
    CodePurpose::Static(AmountRule::Open(AmountLimits::default()))
}

fn sale(vnd: i64) -> CodePurpose {
    CodePurpose::Dynamic {
        amount: amount(vnd),
        expires_at: opening() + TimeDelta::minutes(15),
    }
}

/// Issues and commits, or drops the transaction.
async fn issue_now(
    store: &Store,
    issuer: &Issuer<'_>,
    stall: Stall,
    purpose: CodePurpose,
) -> Result<IssuedCode, IssueError> {
    let request = NewCodeRequest {
        outlet: stall.outlet,
        account: None,
        purpose,
    };
    let mut tx = store.begin_write().await.unwrap();
    let code = issue(&mut tx, issuer, &request).await?;
    tx.commit().await.unwrap();
    Ok(code)
}

fn id(issued: &IssuedCode) -> CodeId {
    CodeId::from_uuid(issued.code.id)
}

async fn stored_payload(store: &Store, code: CodeId, revision: i64) -> Payload {
    let mut tx = store.begin_read().await.unwrap();
    let text = codes::payload(&mut tx, code, revision).await.unwrap();
    Payload::parse(&text.unwrap()).unwrap()
}

async fn a_static_and_a_dynamic_code_point_at_the_approved_account(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let entropy = Entropy::seeded(1);
    let suggestion = CodePurpose::Static(AmountRule::Suggested(amount(20_000)));
    for (purpose, kind, shown, initiation) in [
        (open_amount(), "static", None, Initiation::Reusable),
        (suggestion, "static", Some(20_000), Initiation::Reusable),
        (sale(50_000), "dynamic", Some(50_000), Initiation::Once),
    ] {
        let issued = issue_now(&store, &issuer(&entropy), stall, purpose).await;
        let issued = issued.unwrap();
        let payload = stored_payload(&store, id(&issued), 1).await;
        assert_eq!(payload.as_str(), issued.payload);
        assert_eq!(payload.bank().as_str(), "970436");
        assert_eq!(payload.account().reveal(), account_number(1));
        assert_eq!(payload.amount().unwrap().map(Vnd::get), shown);
        assert_eq!(payload.initiation(), initiation);
        assert_eq!(payload.purpose(), issued.code.reference.as_deref());
        let name = payload.fields().merchant_name.as_deref();
        assert_eq!(name, Some("Bun oc Phu Tay Ho"));
        assert_eq!(issued.code.kind, kind);
        assert_eq!(issued.code.account_id, Some(stall.account.uuid()));
        assert_eq!(issued.code.state().unwrap(), CodeState::Active);
        assert!(!issued.code.for_test);
    }
}

async fn a_used_reference_is_drawn_again(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let neighbour = stalls::stall(&store, 2, stalls::open()).await;
    // Two generators with one seed draw the same ids and references; another millisecond
    // makes the ids differ.
    let (first, second) = (Entropy::seeded(5), Entropy::seeded(5));
    let later = Issuer {
        now: opening() + TimeDelta::seconds(1),
        ..issuer(&second)
    };
    let first = issue_now(&store, &issuer(&first), stall, open_amount()).await;
    let second = issue_now(&store, &later, neighbour, open_amount()).await;
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.code.reference, second.code.reference);
    let payload = stored_payload(&store, id(&second), 1).await;
    assert_eq!(payload.purpose(), second.code.reference.as_deref());
    assert_eq!(payload.account().reveal(), account_number(2));
}

async fn a_planned_outlet_takes_its_test_code_and_no_other(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, OutletState::Planned).await;
    let entropy = Entropy::seeded(1);
    let issuer = issuer(&entropy);
    for purpose in [open_amount(), sale(1_000)] {
        let refused = issue_now(&store, &issuer, stall, purpose)
            .await
            .unwrap_err();
        let IssueError::Refused(refusal) = refused else {
            panic!("{refused}");
        };
        let wanted = Refusal::WrongState {
            thing: "outlet",
            state: "planned",
            event: "issue_code",
        };
        assert_eq!(refusal, wanted);
    }
    let test = issue_now(&store, &issuer, stall, CodePurpose::Test).await;
    let test = test.unwrap();
    assert!(test.code.for_test);
    let payload = stored_payload(&store, id(&test), 1).await;
    assert_eq!(payload.amount().unwrap().map(Vnd::get), Some(1_000));
    let mut tx = store.begin_write().await.unwrap();
    let other = AmountRule::Fixed(amount(2_000));
    let amended = amend(&mut tx, &issuer, id(&test), 1, other).await;
    assert!(matches!(
        amended,
        Err(IssueError::Refused(Refusal::TestAmount { .. }))
    ));
}

async fn only_a_place_within_reach_that_trades_takes_codes(database: Database) {
    let store = database.store().await;
    let closed_at = opening();
    let (tested_at, opened_at) = (opening(), opening());
    let entropy = Entropy::seeded(1);
    for (number, state, test_too) in [
        (1, OutletState::Tested { tested_at }, true),
        (
            2,
            OutletState::Paused {
                tested_at,
                opened_at,
            },
            true,
        ),
        (3, OutletState::Closed { closed_at }, false),
    ] {
        let stall = stalls::stall(&store, number, state).await;
        let issued = issue_now(&store, &issuer(&entropy), stall, open_amount()).await;
        assert!(matches!(
            issued,
            Err(IssueError::Refused(Refusal::WrongState { .. }))
        ));
        let test = issue_now(&store, &issuer(&entropy), stall, CodePurpose::Test).await;
        assert_eq!(test.is_ok(), test_too, "{number}");
    }
    let stall = stalls::stall(&store, 4, stalls::open()).await;
    let foreign = Issuer {
        reach: Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(1))),
        ..issuer(&entropy)
    };
    let unseen = issue_now(&store, &foreign, stall, open_amount()).await;
    assert!(matches!(unseen, Err(IssueError::UnknownOutlet)));
    let own = Issuer {
        reach: Reach::Merchant(stall.merchant),
        ..issuer(&entropy)
    };
    assert!(issue_now(&store, &own, stall, open_amount()).await.is_ok());
    stalls::suspend(&store, stall.merchant).await;
    for purpose in [open_amount(), CodePurpose::Test] {
        let stopped = issue_now(&store, &own, stall, purpose).await;
        assert!(matches!(
            stopped,
            Err(IssueError::Refused(Refusal::MerchantNotActive))
        ));
    }
    let mut tx = store.begin_read().await.unwrap();
    let merchant = merchants::find(&mut tx, own.reach, stall.merchant).await;
    assert!(merchant.unwrap().is_some(), "it is suspended, not gone");
}

async fn a_new_account_serves_new_codes_after_its_wait_and_leaves_old_ones_alone(
    database: Database,
) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let entropy = Entropy::seeded(1);
    let before = issuer(&entropy);
    let old = issue_now(&store, &before, stall, open_amount()).await;
    let old = old.unwrap();
    let second = stalls::second_account(&store, stall, opening()).await;
    let waiting = issue_now(&store, &before, stall, open_amount()).await;
    assert_eq!(waiting.unwrap().code.account_id, Some(stall.account.uuid()));
    let after = Issuer {
        now: opening() + TimeDelta::hours(24),
        ..before
    };
    let new = issue_now(&store, &after, stall, open_amount()).await;
    assert_eq!(new.unwrap().code.account_id, Some(second.uuid()));
    let payload = stored_payload(&store, id(&old), 1).await;
    assert_eq!(payload.account().reveal(), account_number(1));
    let mut tx = store.begin_write().await.unwrap();
    let unknown = AccountId::from_uuid(Uuid::from_u128(99));
    for (issuer, account, wanted) in [
        (after, stall.account, Some(stall.account.uuid())),
        (before, second, None),
        (after, unknown, None),
    ] {
        let request = NewCodeRequest {
            outlet: stall.outlet,
            account: Some(account),
            purpose: open_amount(),
        };
        match issue(&mut tx, &issuer, &request).await {
            Ok(issued) => assert_eq!(issued.code.account_id, wanted),
            Err(error) => assert!(matches!(error, IssueError::NoAccount) && wanted.is_none()),
        }
    }
}

async fn a_dynamic_code_is_not_born_expired(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let entropy = Entropy::seeded(1);
    let purpose = CodePurpose::Dynamic {
        amount: amount(1),
        expires_at: opening(),
    };
    let refused = issue_now(&store, &issuer(&entropy), stall, purpose).await;
    assert!(matches!(
        refused,
        Err(IssueError::Terms(CodeTermsError::Expiry))
    ));
}

async fn an_amended_code_keeps_its_reference_and_its_account(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let entropy = Entropy::seeded(1);
    let issuer = issuer(&entropy);
    let old = issue_now(&store, &issuer, stall, open_amount()).await;
    let old = old.unwrap();
    stalls::second_account(&store, stall, opening()).await;
    let issuer = Issuer {
        now: opening() + TimeDelta::days(2),
        ..issuer
    };
    let rule = AmountRule::Fixed(amount(30_000));
    let mut tx = store.begin_write().await.unwrap();
    let new = amend(&mut tx, &issuer, id(&old), 1, rule).await.unwrap();
    let outdated = amend(&mut tx, &issuer, id(&old), 1, rule).await;
    assert!(matches!(
        outdated,
        Err(IssueError::OtherRevision { newest: 2 })
    ));
    tx.commit().await.unwrap();
    assert_eq!(new.code.revision, 2);
    assert_eq!(new.code.reference, old.code.reference);
    let payload = stored_payload(&store, id(&old), 2).await;
    assert_eq!(payload.account().reveal(), account_number(1));
    assert_eq!(payload.purpose(), old.code.reference.as_deref());
    assert_eq!(payload.amount().unwrap().map(Vnd::get), Some(30_000));
    let first = stored_payload(&store, id(&old), 1).await;
    assert_eq!(first.as_str(), old.payload);
}

async fn a_cancelled_code_is_cancelled_for_good(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let entropy = Entropy::seeded(1);
    let issuer = issuer(&entropy);
    let code = issue_now(&store, &issuer, stall, sale(50_000)).await;
    let code = code.unwrap();
    let foreign = Issuer {
        reach: Reach::Merchant(MerchantId::from_uuid(Uuid::from_u128(8))),
        ..issuer
    };
    let mut tx = store.begin_write().await.unwrap();
    let unseen = cancel(&mut tx, &foreign, id(&code)).await;
    assert!(matches!(unseen, Err(IssueError::UnknownCode)));
    let cancelled = cancel(&mut tx, &issuer, id(&code)).await.unwrap();
    let retired_at = opening();
    assert_eq!(
        cancelled.code.state().unwrap(),
        CodeState::Cancelled { retired_at }
    );
    assert_eq!(cancelled.payload, code.payload);
    let again = cancel(&mut tx, &issuer, id(&code)).await;
    let changed = amend(&mut tx, &issuer, id(&code), 1, AmountRule::Fixed(amount(1))).await;
    for refused in [again, changed] {
        assert!(matches!(
            refused,
            Err(IssueError::Refused(Refusal::WrongState { .. }))
        ));
    }
}

async fn an_acquirers_code_is_kept_as_it_is(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let planned = stalls::stall(&store, 2, OutletState::Planned).await;
    let entropy = Entropy::seeded(1);
    let issuer = issuer(&entropy);
    let fields = |service: &str| Fields {
        initiation: Some("11".to_owned()),
        bin: Some("970436".to_owned()),
        account: Some("MERCHANT01".to_owned()),
        service: Some(service.to_owned()),
        currency: Some("704".to_owned()),
        country: Some("VN".to_owned()),
        ..Fields::default()
    };
    let theirs = Payload::from_fields(fields("QRPUSH")).unwrap();
    let transfer = Payload::from_fields(fields("QRIBFTTA")).unwrap();
    let mut tx = store.begin_write().await.unwrap();
    let at = |stall: Stall, payload| AcquirerCode {
        outlet: stall.outlet,
        payload,
    };
    let kept = register(&mut tx, &issuer, at(stall, theirs.as_str())).await;
    let kept = kept.unwrap();
    assert_eq!(kept.payload, theirs.as_str());
    assert_eq!(kept.code.scheme, "merchant_pay");
    assert_eq!((kept.code.account_id, &kept.code.reference), (None, &None));
    let rule = AmountRule::Fixed(amount(1));
    let ours = amend(&mut tx, &issuer, id(&kept), 1, rule).await;
    assert!(matches!(ours, Err(IssueError::Refused(Refusal::NotOurs))));
    let smuggled = register(&mut tx, &issuer, at(stall, transfer.as_str())).await;
    assert!(matches!(smuggled, Err(IssueError::NotAnAcquirers)));
    let early = register(&mut tx, &issuer, at(planned, theirs.as_str())).await;
    assert!(matches!(early, Err(IssueError::Refused(_))));
}

async fn a_change_leaves_an_audit_entry_and_an_event_and_a_dropped_one_neither(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let entropy = Entropy::seeded(1);
    let issuer = issuer(&entropy);
    let code = issue_now(&store, &issuer, stall, open_amount()).await;
    let code = code.unwrap();
    let rule = AmountRule::Fixed(amount(1));
    let mut tx = store.begin_write().await.unwrap();
    amend(&mut tx, &issuer, id(&code), 1, rule).await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = store.begin_write().await.unwrap();
    cancel(&mut tx, &issuer, id(&code)).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin_read().await.unwrap();
    let entries = audit::list(&mut tx, "main", 0, 10).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.actor.as_str(), entry.action.as_str()))
        .collect();
    assert_eq!(told, [("usr_1", "code.issue"), ("usr_1", "code.cancel")]);
    assert!(
        entries
            .iter()
            .all(|entry| entry.subject == id(&code).to_string())
    );
    assert!(!entries[0].detail.contains(&account_number(1)));
    let own = Reach::Merchant(stall.merchant);
    let events = events::list(&mut tx, own, None, 0, 10).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["code.issue", "code.cancel"]);
    assert!(!events[0].payload.contains(&account_number(1)));
}

async fn no_code_stays_in_use_that_is_issued_while_its_outlet_closes(database: Database) {
    let store = database.store().await;
    let stall = stalls::stall(&store, 1, stalls::open()).await;
    let issuing = (0..8).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let entropy = Entropy::seeded(number);
            let later = Issuer {
                now: opening() + TimeDelta::milliseconds(i64::try_from(number).unwrap()),
                ..issuer(&entropy)
            };
            issue_now(&store, &later, stall, open_amount())
                .await
                .is_ok()
        })
    });
    let issuing: Vec<_> = issuing.collect();
    let closing = {
        let store = store.clone();
        tokio::spawn(async move {
            let entropy = Entropy::seeded(99);
            let change = Change {
                actor: stalls::user(2),
                now: opening(),
                entropy: &entropy,
            };
            let mut tx = store.begin_write().await.unwrap();
            let which = (stall.outlet, None);
            let close = OutletStep::Close;
            let closed = step(&mut tx, &change, Reach::Everything, which, close).await;
            closed.unwrap();
            tx.commit().await.unwrap();
        })
    };
    closing.await.unwrap();
    let mut issued = 0;
    for one in issuing {
        issued += usize::from(one.await.unwrap());
    }
    let filter = CodeFilter {
        till: None,
        outlet: None,
        sales: true,
        kind: None,
        phase: None,
        now: opening(),
    };
    let mut tx = store.begin_read().await.unwrap();
    let rows = codes::list(&mut tx, Reach::Everything, &filter, None, 99).await;
    let rows = rows.unwrap();
    assert_eq!(rows.len(), issued);
    assert!(rows.iter().all(|row| row.code.state == "cancelled"));
}
